"""Which status a patient's record may take, for which reasons, and what has to be said with it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from kernel.errors import InvalidFields
from kernel.text import N_
from tenant_app.patients.errors import PatientDeceased, PatientInactive, StatusNotAllowed

# Status → why it may be taken. An undoing is the way back to `active`, with a reason as well.
STATUS_REASONS: Final[Mapping[str, tuple[str, ...]]] = {
    "active": ("mistaken", "came_back", "other"),
    "inactive": ("moved_away", "other_hospital", "duplicate", "asked", "other"),
    "deceased": ("died_here", "certificate", "family", "other"),
}
# Out of a death leads only the way back: it was a mistake, or the record would say two things of one person.
_WAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "active": ("inactive", "deceased"),
    "inactive": ("active", "deceased"),
    "deceased": ("active",),
}
UNKNOWN_REASON: Final = N_("Choose a reason.")
NOT_OF_THE_DEAD: Final = N_("Only the record of a living patient becomes active because the patient came back.")
NO_DAY: Final = N_("Enter the day of the death.")
IN_FUTURE: Final = N_("The day of the death lies in the future.")
BEFORE_BIRTH: Final = N_("The day of the death lies before the date of birth.")
NOBODY_SAID_SO: Final = N_("Enter who said so: a name, or the number of the certificate.")
NO_NOTE: Final = N_("Say in a few words why.")


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusChange:
    """What somebody says of a patient's record; the last two belong to a death."""

    status: str
    reason: str
    note: str | None = field(default=None, repr=False)
    deceased_on: date | None = None
    told_by: str | None = field(default=None, repr=False)


def possible_statuses(current: str) -> tuple[str, ...]:
    """Where a record of this status may go."""
    return _WAYS[current]


def refuse_closed(status: str) -> None:
    """Nothing new is begun with a closed record. Raises PatientInactive, or its PatientDeceased."""
    if status == "deceased":
        raise PatientDeceased
    if status != "active":
        raise PatientInactive


def checked(change: StatusChange, *, current: str, born: date, today: date) -> StatusChange:
    """The change in canonical form. Raises StatusNotAllowed, InvalidFields with all that is wrong."""
    if change.status not in _WAYS[current]:
        raise StatusNotAllowed(data={"status": current, "possible": list(_WAYS[current])})
    errors: dict[str, list[str]] = {}
    note = " ".join((change.note or "").split()) or None
    told_by = " ".join((change.told_by or "").split()) or None
    if change.reason not in STATUS_REASONS[change.status]:
        errors["reason"] = [UNKNOWN_REASON]
    elif change.reason == "came_back" and current == "deceased":
        errors["reason"] = [NOT_OF_THE_DEAD]
    if change.reason == "other" and note is None:
        errors["note"] = [NO_NOTE]
    died = change.status == "deceased"
    if died:
        if fault := _wrong_day(change.deceased_on, born=born, today=today):
            errors["deceased_on"] = [fault]
        if told_by is None:
            errors["told_by"] = [NOBODY_SAID_SO]
    if errors:
        raise InvalidFields(errors=errors)
    return StatusChange(
        status=change.status,
        reason=change.reason,
        note=note,
        deceased_on=change.deceased_on if died else None,
        told_by=told_by if died else None,
    )


def _wrong_day(day: date | None, *, born: date, today: date) -> str | None:
    if day is None:
        return NO_DAY
    if day > today:
        return IN_FUTURE
    return BEFORE_BIRTH if day < born else None
