"""Dead letters: what failed for good, and what administrators decide about it.

The event itself stays in its hospital's outbox. A decision is a change that the hospital's worker fetches; what it then
did comes back with the next batch.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from central.audit.public import record
from central.registry.public import Tenant
from central.sync.changes import announce
from central.sync.errors import DeadLetterDecided
from central.sync.models import DeadLetter
from central.sync.wire import DeadReport
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.ids import TenantId
from kernel.web.actor import Actor
from kernel.web.api import a_moment, read_cursor, write_cursor

Decision = Literal["replay", "discard"]
_REQUESTED = {"replay": "replay_requested", "discard": "discard_requested"}


class DeadLetterView(NamedTuple):
    """A dead letter as it is shown."""

    id: UUID
    tenant_id: UUID
    tenant_code: str
    event_id: UUID
    event_type: str
    reason: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    state: str
    decided_at: datetime | None


def bury(*, uow: UnitOfWork, tenant: TenantId, reports: Iterable[DeadReport]) -> None:
    """Keep what a hospital gave up. One that was replayed and died again is dead again."""
    rows = [
        {
            "tenant_id": tenant,
            "event_id": report.event_id,
            "event_type": report.event_type,
            "reason": report.reason,
            "attempts": report.attempts,
            "first_failed_at": report.first_failed_at,
            "last_failed_at": report.last_failed_at,
        }
        for report in {report.event_id: report for report in reports}.values()
    ]
    if not rows:
        return
    new = insert(DeadLetter).values(rows)
    uow.session.execute(
        new.on_conflict_do_update(
            index_elements=[DeadLetter.tenant_id, DeadLetter.event_id],
            set_={
                "reason": new.excluded.reason,
                "attempts": DeadLetter.attempts + new.excluded.attempts,
                "last_failed_at": new.excluded.last_failed_at,
                "state": "dead",
            },
            # A decision that is on its way is not undone by a report that was sent before it.
            where=DeadLetter.state.in_(("dead", "replay_requested", "replayed")),
        )
    )


def mark(*, uow: UnitOfWork, tenant: TenantId, events: Collection[UUID], state: str, before: Collection[str]) -> None:
    """Say what became of these events, where they are dead letters in one of the states `before`."""
    if events:
        uow.session.execute(
            update(DeadLetter)
            .where(DeadLetter.tenant_id == tenant, DeadLetter.event_id.in_(events), DeadLetter.state.in_(before))
            .values(state=state)
            .execution_options(synchronize_session=False)
        )


def waiting(*, uow: UnitOfWork, tenant: TenantId) -> bool:
    """Whether the hospital has any dead letter that is not through."""
    found = uow.session.scalar(
        select(1)
        .where(DeadLetter.tenant_id == tenant, DeadLetter.state.in_(("dead", "replay_requested", "discard_requested")))
        .limit(1)
    )
    return found is not None


def listed(
    *, uow: UnitOfWork, limit: int, cursor: str | None, state: str | None = None
) -> tuple[list[DeadLetterView], str | None]:
    """Dead letters, the latest failure first; in one state, or all."""
    query = (
        select(
            DeadLetter.id,
            DeadLetter.tenant_id,
            Tenant.tenant_code,
            DeadLetter.event_id,
            DeadLetter.event_type,
            DeadLetter.reason,
            DeadLetter.attempts,
            DeadLetter.first_failed_at,
            DeadLetter.last_failed_at,
            DeadLetter.state,
            DeadLetter.decided_at,
        )
        .join(Tenant, Tenant.id == DeadLetter.tenant_id)
        .order_by(DeadLetter.last_failed_at.desc(), DeadLetter.id.desc())
        .limit(limit + 1)
    )
    if state is not None:
        query = query.where(DeadLetter.state == state)
    if key := read_cursor(cursor, a_moment, UUID):
        at, last = key
        query = query.where(
            or_(DeadLetter.last_failed_at < at, and_(DeadLetter.last_failed_at == at, DeadLetter.id < last))
        )
    rows = [DeadLetterView._make(row) for row in uow.session.execute(query)]
    if len(rows) <= limit:
        return rows, None
    rows = rows[:limit]
    return rows, write_cursor(rows[-1].last_failed_at.isoformat(), rows[-1].id)


def decide(*, uow: UnitOfWork, actor: Actor | None, dead_letter: UUID, decision: Decision) -> TenantId:
    """Ask the hospital's worker to replay or discard; audited. Raises NotFound, or DeadLetterDecided."""
    row = uow.session.execute(
        update(DeadLetter)
        .where(DeadLetter.id == dead_letter, DeadLetter.state == "dead")
        .values(state=_REQUESTED[decision], decided_by=actor.id if actor else None, decided_at=func.now())
        .returning(DeadLetter.tenant_id, DeadLetter.event_id)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        if uow.session.scalar(select(DeadLetter.id).where(DeadLetter.id == dead_letter)) is None:
            raise NotFound
        raise DeadLetterDecided
    tenant = TenantId.parse(row.tenant_id)
    announce(uow=uow, tenant=tenant, kind=decision, payload={"event_id": str(row.event_id)})
    record(
        uow=uow,
        actor=actor,
        action=f"sync.{decision}",
        resource_type="dead_letter",
        resource_id=dead_letter,
        tenant=tenant,
    )
    return tenant
