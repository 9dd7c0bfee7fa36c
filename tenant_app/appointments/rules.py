"""What an appointment may be and become. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from kernel.clock import LOCAL_ZONE
from kernel.errors import InvalidFields
from kernel.text import N_
from tenant_app.appointments.errors import TransitionNotAllowed

END_BEFORE_START: Final = N_("The end must be later than the start, on the same day.")
NOT_WHOLE_MINUTES: Final = N_("Times are whole minutes.")
IN_THE_PAST: Final = N_("This time has passed.")
REASON_MISSING: Final = N_("Say why it is cancelled.")
REASON_TOO_LONG: Final = N_("At most 500 characters.")
LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Transition:
    """An action on an appointment: the statuses that it starts from, the one it leads to, and the right to it."""

    sources: tuple[str, ...]
    target: str
    permission: str


TRANSITIONS: Final[Mapping[str, Transition]] = {
    "confirm": Transition(("scheduled",), "confirmed", "appointment.confirm"),
    "start": Transition(("confirmed",), "in_progress", "appointment.start"),
    "complete": Transition(("in_progress",), "completed", "appointment.complete"),
    "cancel": Transition(("scheduled", "confirmed"), "cancelled", "appointment.cancel"),
    # Who was taken for somebody who did not come, and did.
    "came": Transition(("no_show",), "confirmed", "appointment.confirm"),
}

# What has not begun may be moved.
MOVABLE: Final = ("scheduled", "confirmed")


def possible_actions(status: str) -> tuple[str, ...]:
    """What may be done with an appointment in this status."""
    return tuple(action for action, transition in TRANSITIONS.items() if status in transition.sources)


def next_status(status: str, action: str) -> str:
    """Where `action` leads from `status`; raises TransitionNotAllowed."""
    transition = TRANSITIONS[action]
    if status not in transition.sources:
        raise TransitionNotAllowed(data={"status": status, "possible": list(possible_actions(status))})
    return transition.target


def check_times(*, day: date, start: time, end: time, now: datetime) -> None:
    """Whole minutes, the end after the start, and not in the past; the times are local. Raises InvalidFields."""
    errors: dict[str, list[str]] = {}
    for name, moment in (("start_time", start), ("end_time", end)):
        if moment.second or moment.microsecond or moment.tzinfo is not None:
            errors.setdefault(name, []).append(NOT_WHOLE_MINUTES)
    if not errors and end <= start:
        errors["end_time"] = [END_BEFORE_START]
    if datetime.combine(day, start.replace(tzinfo=None), tzinfo=LOCAL_ZONE) < now:
        errors.setdefault("appointment_date" if day < now.astimezone(LOCAL_ZONE).date() else "start_time", []).append(
            IN_THE_PAST
        )
    if errors:
        raise InvalidFields(errors=errors)


def parse_reason(text: str | None, *, field: str = "reason") -> str:
    """Why an appointment is cancelled; raises InvalidFields for an empty or endless one."""
    reason = (text or "").strip()
    if not reason:
        raise InvalidFields(errors={field: [REASON_MISSING]})
    if len(reason) > LONGEST_REASON:
        raise InvalidFields(errors={field: [REASON_TOO_LONG]})
    return reason
