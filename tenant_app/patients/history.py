"""A patient's medical history: illnesses that stay, operations, the family's illnesses, notes."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from kernel.clock import local_today
from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.patients.errors import EntryEnded
from tenant_app.patients.noted import end, holding, noted_rows
from tenant_app.patients.record_models import HISTORY_KINDS, PatientHistory
from tenant_app.patients.record_rules import check_year, read_icd10, read_what
from tenant_app.patients.rules import Complaints
from tenant_app.patients.service import flush, touched


@dataclass(frozen=True, kw_only=True, slots=True)
class NewHistory:
    """A piece of history as written down; `kind` is one of HISTORY_KINDS."""

    kind: str
    what: str = field(repr=False)
    icd10: str | None = field(default=None, repr=False)
    since_year: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A piece of history; `ended_at` is None while it holds."""

    id: UUID
    kind: str
    what: str = field(repr=False)
    icd10: str | None = field(repr=False)
    since_year: int | None
    created_at: datetime
    created_by_name: str | None
    ended_at: datetime | None
    ended_by_name: str | None
    end_reason: str | None


def history_of(*, uow: UnitOfWork, patient_id: UUID) -> list[HistoryRow]:
    """All that was written down, by kind, the oldest first: for beside an audited reading (`read_history`)."""
    table = PatientHistory
    found = uow.session.execute(noted_rows(table, patient_id, table.kind, table.what, table.icd10, table.since_year))
    rows = rows_as(HistoryRow, found)
    return sorted(rows, key=lambda row: (row.ended_at is not None, HISTORY_KINDS.index(row.kind)))


def note_history(
    *, uow: UnitOfWork, actor: Actor, patient_id: UUID, new: NewHistory, version: int | None = None
) -> HistoryRow:
    """Write a piece of history down. Raises NotFound, PreconditionFailed, InvalidFields."""
    patient = touched(uow=uow, actor=actor, patient_id=patient_id, expected=version)
    complaints = Complaints()
    what = complaints.read(partial(read_what, new.what))
    icd10 = complaints.read(partial(read_icd10, new.icd10))
    since = complaints.read(
        partial(check_year, new.since_year, born=patient.date_of_birth, today=local_today(), kind=new.kind)
    )
    complaints.raise_any()
    made = PatientHistory(
        id=new_row_id(),
        patient_id=patient_id,
        kind=new.kind,
        what=what,
        icd10=icd10,
        since_year=since,
        created_by=actor.id if actor.kind == "staff" else None,
    )
    uow.session.add(made)
    return _written(uow, actor, patient_id, made.id, "history.note")


def end_history(
    *, uow: UnitOfWork, actor: Actor, patient_id: UUID, history_id: UUID, reason: str, version: int | None = None
) -> HistoryRow:
    """It holds no longer, or never did. Raises NotFound, PreconditionFailed, EntryEnded."""
    touched(uow=uow, actor=actor, patient_id=patient_id, expected=version)
    piece = holding(
        uow=uow, table=PatientHistory, patient_id=patient_id, piece_id=history_id, what="history", ended=EntryEnded
    )
    end(piece, actor=actor, reason=reason)
    return _written(uow, actor, patient_id, history_id, "history.end")


def read_history(*, uow: UnitOfWork, actor: Actor, patient_id: UUID) -> list[HistoryRow]:
    """The history with the audit row of this reading: it says more than the record's first page."""
    record(
        uow=uow,
        actor=actor,
        action="history.read",
        resource_type="patient",
        resource_id=patient_id,
        patient_id=patient_id,
    )
    return history_of(uow=uow, patient_id=patient_id)


def _written(uow: UnitOfWork, actor: Actor, patient_id: UUID, history_id: UUID, action: str) -> HistoryRow:
    flush(uow)
    record(
        uow=uow,
        actor=actor,
        action=action,
        resource_type="patient",
        resource_id=patient_id,
        patient_id=patient_id,
        changed=("medical_history",),
    )
    return next(row for row in history_of(uow=uow, patient_id=patient_id) if row.id == history_id)
