"""Reading a patient's events, with the audit rows of this reading."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, tuple_, union_all

from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Forbidden
from kernel.listing import Page, page_of
from kernel.web.actor import Actor
from kernel.web.api import a_moment, read_cursor
from tenant_app.audit.service import record
from tenant_app.staff.models import User
from tenant_app.timeline.sources import SOURCES

# A list of who looked would drown everything else: it is shown where it is asked for.
ONLY_WHEN_ASKED: Final = "access"
_READINGS: Final = {"history": "history.read", "access": "audit.read"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `what` is `kind.verb`. Without `by_name` and not `by_patient` it is not known who."""

    at: datetime
    what: str
    ref: UUID
    by_name: str | None
    by_patient: bool
    detail: str | None = field(repr=False)

    @property
    def kind(self) -> str:
        """What it is about, as `kinds_for` names it."""
        area = self.what.partition(".")[0]
        return "record" if area == "status" else area


def kinds_for(actor: Actor) -> tuple[str, ...]:
    """The kinds of events that somebody may see."""
    return tuple(kind for kind, (_, needed) in SOURCES.items() if needed is None or actor.may(needed))


def timeline(
    *,
    uow: UnitOfWork,
    actor: Actor,
    patient_id: UUID,
    kind: str | None = None,
    limit: int = 25,
    cursor: str | None = None,
) -> Page[Event]:
    """A patient's events, the newest first, all kinds or one: for beside an audited reading of the record.

    One statement. Raises Forbidden for a kind that needs another permission, InvalidFields for a foreign cursor.
    """
    allowed = kinds_for(actor)
    if kind is not None and kind not in allowed:
        raise Forbidden
    wanted = [each for each in allowed if each == kind or (kind is None and each != ONLY_WHEN_ASKED)]
    events = union_all(*(event for each in wanted for event in SOURCES[each][0](patient_id))).subquery()
    order = (events.c.at, events.c.ref, events.c.what)
    statement = (
        select(
            events.c.at,
            events.c.what,
            events.c.ref,
            User.full_name.label("by_name"),
            events.c.by_patient,
            events.c.detail,
        )
        .outerjoin(User, User.id == events.c.by)
        .order_by(*(column.desc() for column in order))
        .limit(limit + 1)
    )
    if after := read_cursor(cursor, a_moment, UUID, str):
        statement = statement.where(tuple_(*order) < tuple_(*after))
    rows = rows_as(Event, uow.session.execute(statement))
    for each in wanted:
        if action := _READINGS.get(each):
            record(
                uow=uow,
                actor=actor,
                action=action,
                resource_type="patient",
                resource_id=patient_id,
                patient_id=patient_id,
            )
    return page_of(rows, limit=limit, key=lambda row: (row.at.isoformat(), row.ref, row.what))
