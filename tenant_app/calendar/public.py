"""What other folders may use of the calendar."""

from tenant_app.calendar.errors import HolidayExists
from tenant_app.calendar.public_holidays import PublicHoliday, public_holidays
from tenant_app.calendar.queries import HolidayRow, list_holidays, missing_public_holidays, read_calendar
from tenant_app.calendar.rules import (
    NOT_SET,
    USUAL_HOURS,
    WEEKDAY_NAMES,
    WEEKDAYS,
    Calendar,
    Closure,
    Hours,
    Span,
    grouped,
    hours_text,
    overlap_of,
    parse_hours_text,
    read_hours,
    without,
)
from tenant_app.calendar.service import NewHoliday, add_holiday, remove_holiday

__all__ = [
    "NOT_SET",
    "USUAL_HOURS",
    "WEEKDAYS",
    "WEEKDAY_NAMES",
    "Calendar",
    "Closure",
    "HolidayExists",
    "HolidayRow",
    "Hours",
    "NewHoliday",
    "PublicHoliday",
    "Span",
    "add_holiday",
    "grouped",
    "hours_text",
    "list_holidays",
    "missing_public_holidays",
    "overlap_of",
    "parse_hours_text",
    "public_holidays",
    "read_calendar",
    "read_hours",
    "remove_holiday",
    "without",
]
