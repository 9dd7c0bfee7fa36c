"""Whom to call for a patient: several, one of them first, with who may speak for a child."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import update

from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.patients.contact_rows import promote
from tenant_app.patients.errors import EntryEnded
from tenant_app.patients.models import Patient
from tenant_app.patients.noted import end, holding, noted_rows
from tenant_app.patients.record_models import PatientContact
from tenant_app.patients.record_rules import read_name
from tenant_app.patients.rules import Complaints, parse_phone
from tenant_app.patients.service import flush, touched


@dataclass(frozen=True, kw_only=True, slots=True)
class NewContact:
    """Somebody to call, as written down."""

    full_name: str
    phone: str = field(repr=False)
    relation: str | None = None
    is_guardian: bool = False
    call_first: bool = False


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Somebody to call; `ended_at` is None while it holds."""

    id: UUID
    full_name: str
    relation: str | None
    phone: str = field(repr=False)
    is_guardian: bool
    call_first: bool
    created_at: datetime
    created_by_name: str | None
    ended_at: datetime | None
    ended_by_name: str | None
    end_reason: str | None


def contacts_of(*, uow: UnitOfWork, patient_id: UUID) -> list[ContactRow]:
    """All who were written down, the one to call first at the head: for beside an audited reading."""
    table = PatientContact
    columns = (table.full_name, table.relation, table.phone, table.is_guardian, table.call_first)
    rows = rows_as(ContactRow, uow.session.execute(noted_rows(table, patient_id, *columns)))
    return sorted(rows, key=lambda row: not row.call_first)


def add_contact(
    *, uow: UnitOfWork, actor: Actor, patient_id: UUID, new: NewContact, version: int | None = None
) -> ContactRow:
    """Write somebody down; the first one is called first. Raises NotFound, PreconditionFailed, InvalidFields."""
    patient = touched(uow=uow, actor=actor, patient_id=patient_id, expected=version)
    complaints = Complaints()
    name = complaints.read(partial(read_name, new.full_name))
    phone = complaints.read(partial(parse_phone, new.phone))
    complaints.raise_any()
    if new.call_first:
        _nobody_first(uow, patient_id)
    made = PatientContact(
        id=new_row_id(),
        patient_id=patient_id,
        full_name=name,
        relation=(new.relation or "").strip() or None,
        phone=phone,
        is_guardian=new.is_guardian,
        call_first=new.call_first,
        created_by=actor.id if actor.kind == "staff" else None,
    )
    uow.session.add(made)
    return _written(uow, actor, patient, made.id)


def end_contact(
    *, uow: UnitOfWork, actor: Actor, patient_id: UUID, contact_id: UUID, reason: str, version: int | None = None
) -> ContactRow:
    """Not to be called any more. Raises NotFound, PreconditionFailed, EntryEnded."""
    patient = touched(uow=uow, actor=actor, patient_id=patient_id, expected=version)
    contact = _holding(uow, patient_id, contact_id)
    end(contact, actor=actor, reason=reason)
    contact.call_first = False
    return _written(uow, actor, patient, contact_id)


def set_call_first(
    *, uow: UnitOfWork, actor: Actor, patient_id: UUID, contact_id: UUID, version: int | None = None
) -> ContactRow:
    """Call this one before the others. Raises NotFound, PreconditionFailed, EntryEnded."""
    patient = touched(uow=uow, actor=actor, patient_id=patient_id, expected=version)
    contact = _holding(uow, patient_id, contact_id)
    _nobody_first(uow, patient_id)
    uow.session.refresh(contact)
    contact.call_first = True
    return _written(uow, actor, patient, contact_id)


def _holding(uow: UnitOfWork, patient_id: UUID, contact_id: UUID) -> PatientContact:
    return holding(
        uow=uow, table=PatientContact, patient_id=patient_id, piece_id=contact_id, what="contact", ended=EntryEnded
    )


def _nobody_first(uow: UnitOfWork, patient_id: UUID) -> None:
    uow.session.execute(
        update(PatientContact)
        .where(PatientContact.patient_id == patient_id, PatientContact.call_first)
        .values(call_first=False)
        .execution_options(synchronize_session="fetch")
    )


def _written(uow: UnitOfWork, actor: Actor, patient: Patient, contact_id: UUID) -> ContactRow:
    flush(uow)
    promote(uow=uow, patient=patient)
    flush(uow)
    record(
        uow=uow,
        actor=actor,
        action="patient.update",
        resource_type="patient",
        resource_id=patient.id,
        patient_id=patient.id,
        changed=("contacts",),
    )
    return next(row for row in contacts_of(uow=uow, patient_id=patient.id) if row.id == contact_id)
