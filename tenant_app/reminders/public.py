"""What other folders may use of reminders."""

from tenant_app.reminders.errors import ReminderGone, ReminderNotPossible
from tenant_app.reminders.message import Composer, Facts
from tenant_app.reminders.models import CHANNELS, LANGUAGES, STATUSES
from tenant_app.reminders.queries import (
    Attendance,
    Offered,
    ReminderRow,
    attendance_of,
    day_figures,
    latest_tests,
    offered,
    phone_for,
    reminder_settings,
    reminders_of,
    settings_values,
    wishes_of,
)
from tenant_app.reminders.rules import MAY_BE_EMPTY, RANGES, SETTINGS, SWITCHES, TIMES, Wishes
from tenant_app.reminders.schemas import WishesAnswer, WishesBody
from tenant_app.reminders.service import again, change_settings, read_list, send_now, send_test, set_wishes, stop

__all__ = [
    "CHANNELS",
    "LANGUAGES",
    "MAY_BE_EMPTY",
    "RANGES",
    "SETTINGS",
    "STATUSES",
    "SWITCHES",
    "TIMES",
    "Attendance",
    "Composer",
    "Facts",
    "Offered",
    "ReminderGone",
    "ReminderNotPossible",
    "ReminderRow",
    "Wishes",
    "WishesAnswer",
    "WishesBody",
    "again",
    "attendance_of",
    "change_settings",
    "day_figures",
    "latest_tests",
    "offered",
    "phone_for",
    "read_list",
    "reminder_settings",
    "reminders_of",
    "send_now",
    "send_test",
    "set_wishes",
    "settings_values",
    "stop",
    "wishes_of",
]
