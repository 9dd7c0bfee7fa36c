"""What other folders may use of schedules."""

from tenant_app.schedules.checks import LONGEST_NOTE, REASONS
from tenant_app.schedules.errors import ScheduleOverlaps
from tenant_app.schedules.exceptions import NewException, add_exception, may_change, remove_exception
from tenant_app.schedules.queries import (
    ExceptionRow,
    ScheduleRow,
    exception_row,
    list_exceptions,
    list_schedules,
    read_working_time,
    read_working_times,
    schedule_row,
    scheduled_departments,
)
from tenant_app.schedules.rules import AWAY, EXTRA, Block, Change, Window, WorkingTime
from tenant_app.schedules.service import NewHours, add_hours, change_hours, remove_hours
from tenant_app.schedules.turns import hold_schedule

__all__ = [
    "AWAY",
    "EXTRA",
    "LONGEST_NOTE",
    "REASONS",
    "Block",
    "Change",
    "ExceptionRow",
    "NewException",
    "NewHours",
    "ScheduleOverlaps",
    "ScheduleRow",
    "Window",
    "WorkingTime",
    "add_exception",
    "add_hours",
    "change_hours",
    "exception_row",
    "hold_schedule",
    "list_exceptions",
    "list_schedules",
    "may_change",
    "read_working_time",
    "read_working_times",
    "remove_exception",
    "remove_hours",
    "schedule_row",
    "scheduled_departments",
]
