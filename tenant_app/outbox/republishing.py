"""Publishing again what central had before and may have lost: the same versions, so that what it still has stays."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, insert, select

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from tenant_app.hospital.public import HospitalSync
from tenant_app.outbox.models import OutboxEvent
from tenant_app.outbox.service import PATIENT, PATIENT_ERASED, SyncStateMissing

_WAITING: Final = ("pending", "claimed")


class Snapshot(NamedTuple):
    """The state of an aggregate as it was published, or as it is now; `n` is its version."""

    aggregate_type: str
    aggregate_id: UUID
    event_type: str
    n: int
    payload: Mapping[str, Any]


def publish_again(*, uow: UnitOfWork, snapshots: Sequence[Snapshot]) -> int:
    """Add an event for each snapshot, in the hospital's epoch; returns how many.

    One of which an event at least as new still waits is passed over: calling this again while the worker is behind adds
    nothing. The worker is not woken; whoever calls this many times does it once at the end. Raises SyncStateMissing.
    """
    if not snapshots:
        return 0
    epoch = uow.session.scalar(select(HospitalSync.epoch))
    if epoch is None:
        raise SyncStateMissing("hospital_sync has no row")
    waiting = select(OutboxEvent.aggregate_id, OutboxEvent.n).where(
        OutboxEvent.aggregate_id.in_([each.aggregate_id for each in snapshots]),
        OutboxEvent.state.in_(_WAITING),
        OutboxEvent.epoch == epoch,
    )
    newest: dict[UUID, int] = {}
    for aggregate, n in uow.session.execute(waiting):
        newest[aggregate] = max(n, newest.get(aggregate, 0))
    rows = [
        {**each._asdict(), "id": new_row_id(), "epoch": epoch, "payload": dict(each.payload)}
        for each in snapshots
        if newest.get(each.aggregate_id, 0) < each.n
    ]
    if rows:
        uow.session.execute(insert(OutboxEvent), rows)
    return len(rows)


def erasures(*, uow: UnitOfWork, among: Collection[UUID] | None = None) -> list[Snapshot]:
    """The erasures of patients that this hospital published (pruning keeps them): of all, or of those in `among`."""
    erased = (
        select(OutboxEvent.aggregate_id, func.max(OutboxEvent.n).label("n"))
        .where(
            OutboxEvent.aggregate_type == PATIENT,
            OutboxEvent.event_type == PATIENT_ERASED,
            OutboxEvent.state != "discarded",
        )
        .group_by(OutboxEvent.aggregate_id)
    )
    if among is not None:
        erased = erased.where(OutboxEvent.aggregate_id.in_(among))
    return [Snapshot(PATIENT, row.aggregate_id, PATIENT_ERASED, row.n, {}) for row in uow.session.execute(erased)]
