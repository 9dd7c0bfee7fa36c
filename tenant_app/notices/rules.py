"""Kinds of notices, what one must be permitted for each, and whom they concern. Pure.

The migrations hold the same permissions: the database decides who is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kernel.web.actor import Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """`own` kinds are about a doctor's own patients: nobody else is ever told. Without a `permission` it is about the
    member's own account: told to whomever it concerns, and nothing that one can choose not to hear.
    """

    permission: str | None
    own: bool = False


KINDS: Final[Mapping[str, Kind]] = {
    "appointment.booked": Kind(permission="appointment.read", own=True),
    "appointment.moved": Kind(permission="appointment.read", own=True),
    "appointment.cancelled": Kind(permission="appointment.read", own=True),
    "patient.arrived": Kind(permission="queue.read", own=True),
    "patient.called": Kind(permission="queue.read", own=True),
    "import.finished": Kind(permission="patient.import"),
    "reminder.failed": Kind(permission="reminder.send"),
    "access.unusual": Kind(permission="audit.decide"),
    "factor.demanded": Kind(permission=None),
}
# Which of them one may choose not to hear of.
WANTED_KINDS: Final = tuple(name for name, kind in KINDS.items() if kind.permission is not None)
# What patients are told of, each of its own patient only.
PATIENT_KINDS: Final = (
    "appointment.booked",
    "appointment.confirmed",
    "appointment.moved",
    "appointment.cancelled",
    "reminder.sent",
    "queue.called",
    "guardian.named",
)
# One notice of all that failed: the page behind it lists them.
WITHOUT_THING: Final = "reminder.failed"


def readable(actor: Actor) -> frozenset[str]:
    """The kinds whose notices say something to the actor now, whenever they were made."""
    return frozenset(name for name, kind in KINDS.items() if _open_to(actor, kind))


def offered(actor: Actor) -> tuple[str, ...]:
    """The kinds that the actor may choose to be told of, in order."""
    doctor = actor.role == "doctor"
    kinds = ((name, KINDS[name]) for name in WANTED_KINDS)
    return tuple(name for name, kind in kinds if _open_to(actor, kind) and (doctor or not kind.own))


def _open_to(actor: Actor, kind: Kind) -> bool:
    return kind.permission is None or actor.may(kind.permission)
