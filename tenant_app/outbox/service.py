"""Publishing: an outbox row in the caller's transaction, so that it exists exactly when what it tells of does."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from central.sync.public import ring_after_commit
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from tenant_app.hospital.public import HospitalSync
from tenant_app.outbox.models import OutboxEvent

PATIENT: Final = "patient"
AUDIT_SEAL: Final = "audit_seal"
ACCESS_COUNTS: Final = "access_counts"
USAGE_DAY: Final = "usage_day"

PATIENT_ERASED: Final = "patient.erased"


class SyncStateMissing(Exception):
    """A broken installation: the hospital's database has no row that says its epoch."""


def publish(
    *,
    uow: UnitOfWork,
    aggregate_type: str,
    aggregate_id: UUID,
    event_type: str,
    n: int,
    payload: Mapping[str, Any],
) -> UUID:
    """Add an event to the transaction and return its id; a worker is woken once the transaction has committed.

    `n` is the aggregate's own version and rises with each change: with the hospital's epoch it says which of two
    snapshots is newer, so their order of arrival does not matter. `payload` is a whole snapshot, never a difference;
    for a patient it is what `patient_payload` makes. Raises SyncStateMissing.
    """
    event = new_row_id()
    row = select(
        literal(event),
        literal(aggregate_type),
        literal(aggregate_id),
        literal(event_type),
        HospitalSync.epoch,
        literal(n),
        literal(dict(payload), JSONB),
    )
    columns = ["id", "aggregate_type", "aggregate_id", "event_type", "epoch", "n", "payload"]
    added = uow.session.execute(
        insert(OutboxEvent).from_select(columns, row, include_defaults=False),
        execution_options={"preserve_rowcount": True},
    )
    if getattr(added, "rowcount", 0) != 1:
        raise SyncStateMissing("hospital_sync has no row")
    ring_after_commit(uow)
    return event
