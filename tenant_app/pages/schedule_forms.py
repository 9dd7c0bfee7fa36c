"""Reading the forms of schedules: what was typed, or InvalidFields with all that cannot be read."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any, Final
from uuid import UUID

from kernel.errors import InvalidFields
from kernel.text import N_
from tenant_app.calendar.public import WEEKDAYS
from tenant_app.pages.forms import BAD_TIME, CHOOSE, MISSING, chosen_id, parse_day, parse_time
from tenant_app.schedules.public import AWAY, EXTRA, NewException, NewHours, ScheduleRow

BAD_LENGTH: Final = N_("A slot has between 5 and 240 minutes, and fits into the hours.")
BLANK_HOURS: Final[Mapping[str, Any]] = {
    "weekday": [],
    "department_id": "",
    "start_time": "",
    "end_time": "",
    "slot_minutes": "30",
    "valid_from": "",
    "valid_until": "",
}
HOURS_LABELS: Final[Mapping[str, str]] = {
    "start_time": N_("From"),
    "end_time": N_("Until"),
    "department_id": N_("Department"),
    "slot_minutes": N_("Minutes for one patient"),
    "valid_from": N_("Valid from"),
    "valid_until": N_("Valid until"),
}
# An exception's fields by the service's names → those of the two forms, which stand on one page.
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    AWAY: {
        "reason": "reason",
        "first_day": "first_day",
        "last_day": "last_day",
        "start_time": "from_time",
        "end_time": "until_time",
        "note": "note",
    },
    EXTRA: {
        "first_day": "extra_first",
        "last_day": "extra_last",
        "start_time": "extra_from",
        "end_time": "extra_until",
        "department_id": "extra_department",
        "slot_minutes": "extra_minutes",
    },
}

BLANK_AWAY: Final[Mapping[str, str]] = {**dict.fromkeys(FIELDS[AWAY], ""), "reason": "leave"}
BLANK_EXTRA: Final[Mapping[str, str]] = {**dict.fromkeys(FIELDS[EXTRA], ""), "slot_minutes": "30"}


def hours_of(row: ScheduleRow) -> dict[str, Any]:
    """Hours as their form shows them."""
    return {
        "department_id": str(row.department_id),
        "start_time": f"{row.start_time:%H:%M}",
        "end_time": f"{row.end_time:%H:%M}",
        "slot_minutes": str(row.slot_minutes),
        "valid_from": row.valid_from.strftime("%d/%m/%Y"),
        "valid_until": row.valid_until.strftime("%d/%m/%Y") if row.valid_until else "",
    }


def read_new_hours(shown: Mapping[str, Any], *, doctor_id: UUID) -> NewHours:
    """New hours of one or more weekdays."""
    weekdays = tuple(WEEKDAYS.index(each) for each in shown["weekday"] if each in WEEKDAYS)
    return NewHours(doctor_id=doctor_id, weekdays=weekdays, **read_hours_changed(shown))


def read_hours_changed(shown: Mapping[str, Any]) -> dict[str, Any]:
    """The hours of a form by the service's names."""
    errors: dict[str, list[str]] = {}
    read = {
        "department_id": _department(errors, "department_id", shown["department_id"]),
        "start_time": _time(errors, "start_time", shown["start_time"], required=True),
        "end_time": _time(errors, "end_time", shown["end_time"], required=True),
        "slot_minutes": _number(errors, "slot_minutes", shown["slot_minutes"]),
        "valid_from": _day(errors, "valid_from", shown["valid_from"], required=True),
        "valid_until": _day(errors, "valid_until", shown["valid_until"]),
    }
    if errors:
        raise InvalidFields(errors=errors)
    return read


def read_exception(kind: str, shown: Mapping[str, str], *, doctor_id: UUID) -> NewException:
    """An absence, or extra hours, by the service's names of the fields."""
    errors: dict[str, list[str]] = {}
    extra = kind == EXTRA
    first = _day(errors, "first_day", shown["first_day"], required=True)
    last = _day(errors, "last_day", shown["last_day"])
    start = _time(errors, "start_time", shown["start_time"], required=extra)
    end = _time(errors, "end_time", shown["end_time"], required=extra)
    department = _department(errors, "department_id", shown["department_id"]) if extra else None
    minutes = _number(errors, "slot_minutes", shown["slot_minutes"]) if extra else None
    if errors or first is None:
        raise InvalidFields(errors=errors)
    return NewException(
        doctor_id=doctor_id,
        kind=kind,
        first_day=first,
        last_day=last,
        start_time=start,
        end_time=end,
        reason=shown.get("reason"),
        note=shown.get("note"),
        department_id=department,
        slot_minutes=minutes,
    )


def _time(errors: dict[str, list[str]], name: str, text: str, *, required: bool = False) -> time | None:
    if not text:
        if required:
            errors[name] = [MISSING]
        return None
    try:
        return parse_time(text, field=name)
    except InvalidFields:
        errors[name] = [BAD_TIME]
        return None


def _day(errors: dict[str, list[str]], name: str, text: str, *, required: bool = False) -> date | None:
    if not text:
        if required:
            errors[name] = [MISSING]
        return None
    try:
        return parse_day(text, field=name)
    except InvalidFields as wrong:
        errors[name] = list(wrong.errors[name])
        return None


def _number(errors: dict[str, list[str]], name: str, text: str) -> int | None:
    if text.isdecimal() and len(text) < 5:
        return int(text)
    errors[name] = [BAD_LENGTH]
    return None


def _department(errors: dict[str, list[str]], name: str, text: str) -> UUID | None:
    found = chosen_id(text, what="department")
    if found is None:
        errors[name] = [CHOOSE]
    return found
