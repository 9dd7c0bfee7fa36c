"""Whether a patient's record is active: made inactive, closed by a death, and opened again, each with a reason."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from kernel.clock import local_today, utc_now
from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.patients import events
from tenant_app.patients.models import PatientStatusChange
from tenant_app.patients.queries import PatientRecord, patient_record
from tenant_app.patients.service import flush, held_version
from tenant_app.patients.status_rules import StatusChange, checked
from tenant_app.portal.service import end_access
from tenant_app.staff.models import User


@dataclass(frozen=True, slots=True)
class StatusRow:
    """What was said of the record at a time."""

    id: UUID
    status: str
    reason: str
    deceased_on: date | None
    told_by: str | None = field(repr=False)
    note: str | None = field(repr=False)
    changed_at: datetime
    changed_by_name: str | None


def status_history(*, uow: UnitOfWork, patient_id: UUID) -> list[StatusRow]:
    """All that was said, the newest first: for beside an audited reading."""
    found = uow.session.execute(
        select(
            PatientStatusChange.id,
            PatientStatusChange.status,
            PatientStatusChange.reason,
            PatientStatusChange.deceased_on,
            PatientStatusChange.told_by,
            PatientStatusChange.note,
            PatientStatusChange.changed_at,
            User.full_name.label("changed_by_name"),
        )
        .outerjoin(User, User.id == PatientStatusChange.changed_by)
        .where(PatientStatusChange.patient_id == patient_id)
        .order_by(PatientStatusChange.id.desc())
    )
    return rows_as(StatusRow, found)


def set_status(
    *, uow: UnitOfWork, actor: Actor, patient_id: UUID, change: StatusChange, version: int | None = None
) -> PatientRecord:
    """Say that the record is inactive, that the patient died, or that it is active again; central is told.

    The row is held until the end: who books, gives a number or a code meanwhile holds it as well, so that either they
    were first and their appointment is seen here, or they hear that the record is closed. With a record that is closed
    end the patient's portal sessions and the code that is out.

    Raises NotFound, PreconditionFailed, StatusNotAllowed, InvalidFields.
    """
    held_version(uow=uow, patient_id=patient_id, expected=version)
    found = patient_record(uow=uow, patient_id=patient_id)
    patient = found.patient
    said = checked(change, current=patient.status, born=patient.date_of_birth, today=local_today())
    staff = actor.id if actor.kind == "staff" else None
    now = utc_now()
    patient.status, patient.deceased_on = said.status, said.deceased_on
    patient.updated_at, patient.updated_by = now, staff
    uow.session.add(
        PatientStatusChange(
            id=new_row_id(),
            patient_id=patient_id,
            status=said.status,
            reason=said.reason,
            deceased_on=said.deceased_on,
            told_by=said.told_by,
            note=said.note,
            changed_at=now,
            changed_by=staff,
        )
    )
    flush(uow)
    if said.status != "active":
        end_access(uow=uow, patient_id=patient_id, now=now)
    events.tell_central(uow=uow, event_type=events.UPDATED, patient=patient, identifiers=found.identifiers)
    record(
        uow=uow,
        actor=actor,
        action="patient.reopen" if said.status == "active" else "patient.close",
        resource_type="patient",
        resource_id=patient_id,
        patient_id=patient_id,
        changed=("status",),
    )
    return found
