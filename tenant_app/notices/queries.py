"""Reading notices. What a notice says is read from the thing itself, where its reader is permitted to see that now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import aliased

from kernel.database.rows import row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.actor import Actor
from tenant_app.appointments.models import Appointment
from tenant_app.notices.box import by_moment, count_unread, newest
from tenant_app.notices.models import EventSubscription, Notice
from tenant_app.notices.rules import offered, readable
from tenant_app.patient_imports.models import PatientImport
from tenant_app.patients.models import Patient
from tenant_app.queue.models import QueueEntry
from tenant_app.staff.models import Department, Role, User
from tenant_app.unusual.models import AccessFinding


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice with what it is about. Of a kind that its reader may not see any more, only that it was there."""

    id: UUID
    kind: str
    thing_id: UUID | None
    made_at: datetime
    read_at: datetime | None
    patient_name: str | None
    day: date | None
    start_time: time | None
    doctor_id: UUID | None
    doctor_name: str | None
    number: int | None
    room: str | None
    department_id: UUID | None
    department_name: str | None
    file_name: str | None
    import_state: str | None
    finding_kind: str | None
    demanded_from: date | None
    readable: bool


def unread(*, uow: UnitOfWork, actor: Actor) -> int:
    """How many of the actor's own are unread; counting ends at MOST_COUNTED."""
    return count_unread(uow=uow, box=Notice, owner=actor.id)


def list_notices(
    *, uow: UnitOfWork, actor: Actor, unread_only: bool = False, limit: int = 25, cursor: str | None = None
) -> Page[NoticeRow]:
    """The actor's own, the newest first. Raises InvalidFields for a foreign cursor."""
    statement = newest(
        _rows(readable(actor)), box=Notice, owner=actor.id, unread_only=unread_only, limit=limit, cursor=cursor
    )
    return page_of(rows_as(NoticeRow, uow.session.execute(statement)), limit=limit, key=by_moment)


def own_notice(*, uow: UnitOfWork, actor: Actor, notice_id: UUID) -> NoticeRow | None:
    """One of the actor's own; None for another's, and for what is no notice."""
    statement = _rows(readable(actor)).where(Notice.id == notice_id, Notice.user_id == actor.id)
    return row_as(NoticeRow, uow.session.execute(statement))


def wanted(*, uow: UnitOfWork, actor: Actor) -> Mapping[str, bool]:
    """Which of the kinds that the actor may be told of are wanted, in order."""
    statement = select(EventSubscription.event_type, EventSubscription.is_active).where(
        EventSubscription.user_id == actor.id
    )
    chosen = {row.event_type: row.is_active for row in uow.session.execute(statement)}
    return {kind: chosen.get(kind, True) for kind in offered(actor)}


def _rows(kinds: Collection[str]) -> Select[*tuple[Any, ...]]:
    doctor = aliased(User)
    may_read = Notice.kind.in_(sorted(kinds))
    return (
        select(
            Notice.id,
            Notice.kind,
            Notice.thing_id,
            Notice.made_at,
            Notice.read_at,
            Patient.full_name.label("patient_name"),
            Appointment.appointment_date.label("day"),
            Appointment.start_time,
            Appointment.doctor_id,
            doctor.full_name.label("doctor_name"),
            QueueEntry.number,
            QueueEntry.room,
            QueueEntry.department_id,
            Department.name.label("department_name"),
            PatientImport.file_name,
            PatientImport.state.label("import_state"),
            AccessFinding.kind.label("finding_kind"),
            Role.mfa_from.label("demanded_from"),
            may_read.label("readable"),
        )
        .outerjoin(Appointment, and_(may_read, Notice.kind.like("appointment.%"), Appointment.id == Notice.thing_id))
        .outerjoin(QueueEntry, and_(may_read, Notice.kind.like("patient.%"), QueueEntry.id == Notice.thing_id))
        .outerjoin(Patient, or_(Patient.id == Appointment.patient_id, Patient.id == QueueEntry.patient_id))
        .outerjoin(doctor, doctor.id == Appointment.doctor_id)
        .outerjoin(Department, Department.id == QueueEntry.department_id)
        .outerjoin(PatientImport, and_(may_read, Notice.kind == "import.finished", PatientImport.id == Notice.thing_id))
        .outerjoin(Role, and_(Notice.kind == "factor.demanded", Role.id == Notice.thing_id))
        .outerjoin(AccessFinding, and_(may_read, Notice.kind == "access.unusual", AccessFinding.id == Notice.thing_id))
    )
