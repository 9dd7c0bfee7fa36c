"""Keeps the row of the contact to call first and the patient's own copy of it in step; the services call it."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from tenant_app.patients.copies import copy_contact
from tenant_app.patients.models import Patient
from tenant_app.patients.noted import end
from tenant_app.patients.queries import KnownContact
from tenant_app.patients.record_models import PatientContact


def follow_contact(*, uow: UnitOfWork, actor: Actor, patient: Patient, wanted: Mapping[str, str] | None) -> None:
    """Make the row follow what a form or body said of the person to call; the one before ends."""
    before = first_contact(uow=uow, patient_id=patient.id)
    if before is not None:
        end(before, actor=actor, reason="replaced" if wanted else "ended")
        before.call_first = False
        uow.flush()
    if wanted:
        same = before is not None and before.full_name == wanted["name"]
        uow.session.add(
            PatientContact(
                id=new_row_id(),
                patient_id=patient.id,
                full_name=wanted["name"],
                relation=wanted.get("relation"),
                phone=wanted["phone"],
                is_guardian=before.is_guardian if same and before else False,
                call_first=True,
                created_by=actor.id if actor.kind == "staff" else None,
            )
        )
    else:
        promote(uow=uow, patient=patient)


def promote(*, uow: UnitOfWork, patient: Patient) -> None:
    """Where nobody is called first, the one who was written down first among those that hold is; the copy follows."""
    first = first_contact(uow=uow, patient_id=patient.id)
    if first is None:
        first = uow.session.scalars(
            select(PatientContact)
            .where(PatientContact.patient_id == patient.id, PatientContact.ended_at.is_(None))
            .order_by(PatientContact.id)
            .limit(1)
        ).one_or_none()
        if first is not None:
            first.call_first = True
    copy_contact(
        patient,
        KnownContact(first.full_name, first.relation, first.phone, first.is_guardian).details() if first else None,
    )


def first_contact(*, uow: UnitOfWork, patient_id: UUID) -> PatientContact | None:
    """Whom to call first."""
    return uow.session.scalars(
        select(PatientContact).where(PatientContact.patient_id == patient_id, PatientContact.call_first)
    ).one_or_none()
