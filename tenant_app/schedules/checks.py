"""What a schedule and an exception may be. Pure; raises InvalidFields with all that is wrong."""

from datetime import date, time, timedelta
from typing import Final

from kernel.errors import InvalidFields
from kernel.text import N_
from tenant_app.schedules.rules import AWAY, EXTRA

REASONS: Final = ("leave", "conference", "sick", "other")
SHORTEST, LONGEST = 5, 240
LONGEST_NOTE: Final = 200
MOST_DAYS: Final = timedelta(days=366)

END_BEFORE_START: Final = N_("The end must be later than the start, on the same day.")
NOT_WHOLE_MINUTES: Final = N_("Times are whole minutes.")
BAD_LENGTH: Final = N_("A slot has between 5 and 240 minutes, and fits into the hours.")
UNTIL_BEFORE_FROM: Final = N_("The last day comes before the first.")
TOO_MANY_DAYS: Final = N_("At most one year.")
BOTH_TIMES: Final = N_("Give both times, or none for whole days.")
TIMES_MISSING: Final = N_("Say from when until when.")
UNKNOWN_KIND: Final = N_("Choose one.")
NOTE_TOO_LONG: Final = N_("At most 200 characters.")
NO_WEEKDAY: Final = N_("Choose at least one day.")
DEPARTMENT_MISSING: Final = N_("Choose a department.")
ONLY_EXTRA: Final = N_("This belongs to extra hours only.")

Errors = dict[str, list[str]]


def check_block(*, start: time, end: time, slot_minutes: int, valid_from: date, valid_until: date | None) -> None:
    """Hours of one weekday; they never cross midnight."""
    errors: Errors = {}
    _check_hours(errors, start, end, slot_minutes)
    if valid_until is not None and valid_until < valid_from:
        errors["valid_until"] = [UNTIL_BEFORE_FROM]
    if errors:
        raise InvalidFields(errors=errors)


def check_exception(
    *,
    kind: str,
    reason: str | None,
    note: str | None,
    first_day: date,
    last_day: date,
    start: time | None,
    end: time | None,
    has_department: bool,
    slot_minutes: int | None,
) -> None:
    """An absence says why; extra hours say when, where, and how long a slot is."""
    errors: Errors = {}
    if last_day < first_day:
        errors["last_day"] = [UNTIL_BEFORE_FROM]
    elif last_day - first_day > MOST_DAYS:
        errors["last_day"] = [TOO_MANY_DAYS]
    if note is not None and len(note) > LONGEST_NOTE:
        errors["note"] = [NOTE_TOO_LONG]
    if (start is None) != (end is None):
        errors["start_time" if start is None else "end_time"] = [BOTH_TIMES]
    if kind == AWAY:
        _check_away(errors, reason, start, end, has_department=has_department, slot_minutes=slot_minutes)
    elif kind == EXTRA:
        if reason is not None:
            errors["reason"] = [UNKNOWN_KIND]
        if start is None and end is None:
            errors["start_time"] = [TIMES_MISSING]
        elif start is not None and end is not None:
            _check_hours(errors, start, end, slot_minutes or 0)
        if not has_department:
            errors["department_id"] = [DEPARTMENT_MISSING]
    else:
        errors["kind"] = [UNKNOWN_KIND]
    if errors:
        raise InvalidFields(errors=errors)


def _check_away(
    errors: Errors,
    reason: str | None,
    start: time | None,
    end: time | None,
    *,
    has_department: bool,
    slot_minutes: int | None,
) -> None:
    if reason not in REASONS:
        errors["reason"] = [UNKNOWN_KIND]
    if has_department:
        errors["department_id"] = [ONLY_EXTRA]
    if slot_minutes is not None:
        errors["slot_minutes"] = [ONLY_EXTRA]
    if start is not None and end is not None:
        _check_times(errors, start, end)


def _check_hours(errors: Errors, start: time, end: time, slot_minutes: int) -> None:
    _check_times(errors, start, end)
    fits = _minutes(end) - _minutes(start) >= slot_minutes
    if not SHORTEST <= slot_minutes <= LONGEST or not (fits or "end_time" in errors):
        errors["slot_minutes"] = [BAD_LENGTH]


def _check_times(errors: Errors, start: time, end: time) -> None:
    for name, moment in (("start_time", start), ("end_time", end)):
        if moment.second or moment.microsecond or moment.tzinfo is not None:
            errors[name] = [NOT_WHOLE_MINUTES]
    if not {"start_time", "end_time"} & errors.keys() and end <= start:
        errors["end_time"] = [END_BEFORE_START]


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute
