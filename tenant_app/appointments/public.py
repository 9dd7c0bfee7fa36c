"""What other folders may use of appointments."""

from tenant_app.appointments.closing import cancel_coming, coming
from tenant_app.appointments.errors import SlotTaken, TransitionNotAllowed
from tenant_app.appointments.free_times import LENGTHS, WHOLE_DAY, free_times
from tenant_app.appointments.models import APPOINTMENT_STATUSES, APPOINTMENT_TYPES, Appointment
from tenant_app.appointments.queries import (
    AppointmentRow,
    BusyTime,
    Filter,
    appointment,
    busy_times,
    count_by_status,
    latest_before,
    list_appointments,
)
from tenant_app.appointments.rules import TRANSITIONS, possible_actions
from tenant_app.appointments.service import Booking, act, book, read, read_list

__all__ = [
    "APPOINTMENT_STATUSES",
    "APPOINTMENT_TYPES",
    "LENGTHS",
    "TRANSITIONS",
    "WHOLE_DAY",
    "Appointment",
    "AppointmentRow",
    "Booking",
    "BusyTime",
    "Filter",
    "SlotTaken",
    "TransitionNotAllowed",
    "act",
    "appointment",
    "book",
    "busy_times",
    "cancel_coming",
    "coming",
    "count_by_status",
    "free_times",
    "latest_before",
    "list_appointments",
    "possible_actions",
    "read",
    "read_list",
]
