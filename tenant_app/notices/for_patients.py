"""A patient's own notices, read in a transaction that acts for that patient: row security lets nobody else's through.

What a notice says comes from the thing as the patient may see it now: the appointment, today's number, the guardian.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, String, Uuid, and_, column, func, or_, select

from kernel.clock import local_today, utc_now
from kernel.database.rows import known_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.actor import Actor
from tenant_app.appointments.models import Appointment
from tenant_app.audit.service import record
from tenant_app.notices.box import by_moment, count_unread, newest, note_read
from tenant_app.notices.models import PatientNotice
from tenant_app.patients.record_models import PatientContact
from tenant_app.queue.rules import FORGOTTEN_AFTER
from tenant_app.staff.models import Department, User


@dataclass(frozen=True, slots=True)
class PatientNoticeRow:
    """A notice with what it is about. A number is there on its own day only, as on the page of one's number."""

    id: UUID
    kind: str
    thing_id: UUID
    made_at: datetime
    read_at: datetime | None
    day: date | None
    start_time: time | None
    doctor_name: str | None
    department_name: str | None
    number: int | None
    number_status: str | None
    room: str | None
    guardian_name: str | None
    guardian_relation: str | None


def unread_notices(*, uow: UnitOfWork, patient_id: UUID) -> int:
    """How many are unread; counting ends at MOST_COUNTED."""
    return count_unread(uow=uow, box=PatientNotice, owner=patient_id)


def read_own_notices(
    *,
    uow: UnitOfWork,
    actor: Actor,
    patient_id: UUID,
    unread_only: bool = False,
    limit: int = 25,
    cursor: str | None = None,
) -> Page[PatientNoticeRow]:
    """The patient's own, the newest first, with the audit row of this reading where there is anything to read.

    Raises InvalidFields for a foreign cursor.
    """
    statement = newest(
        _rows(), box=PatientNotice, owner=patient_id, unread_only=unread_only, limit=limit, cursor=cursor
    )
    rows = rows_as(PatientNoticeRow, uow.session.execute(statement))
    if rows:
        record(uow=uow, actor=actor, action="notice.list", resource_type="notice", patient_id=patient_id)
    return page_of(rows, limit=limit, key=by_moment)


def note_own_read(*, uow: UnitOfWork, patient_id: UUID, notice_id: UUID) -> PatientNoticeRow:
    """The patient has read it; again is the same. Raises NotFound for another's."""
    note_read(uow=uow, box=PatientNotice, owner=patient_id, notice_id=notice_id)
    statement = _rows().where(PatientNotice.id == notice_id, PatientNotice.patient_id == patient_id)
    return known_row_as(PatientNoticeRow, uow.session.execute(statement), what="notice")


def note_all_own_read(*, uow: UnitOfWork, patient_id: UUID) -> None:
    """The patient has read them all."""
    note_read(uow=uow, box=PatientNotice, owner=patient_id)


def _rows() -> Select[*tuple[Any, ...]]:
    moment = utc_now()
    number = func.portal_own_numbers(local_today(moment), moment - FORGOTTEN_AFTER).table_valued(
        column("id", Uuid),
        column("department_name", String),
        column("number", Integer),
        column("status", String),
        column("room", String),
        name="own_number",
    )
    return (
        select(
            PatientNotice.id,
            PatientNotice.kind,
            PatientNotice.thing_id,
            PatientNotice.made_at,
            PatientNotice.read_at,
            Appointment.appointment_date.label("day"),
            Appointment.start_time,
            User.full_name.label("doctor_name"),
            func.coalesce(Department.name, number.c.department_name).label("department_name"),
            number.c.number,
            number.c.status.label("number_status"),
            number.c.room,
            PatientContact.full_name.label("guardian_name"),
            PatientContact.relation.label("guardian_relation"),
        )
        .outerjoin(
            Appointment,
            and_(
                or_(PatientNotice.kind.like("appointment.%"), PatientNotice.kind == "reminder.sent"),
                Appointment.id == PatientNotice.thing_id,
            ),
        )
        .outerjoin(User, User.id == Appointment.doctor_id)
        .outerjoin(Department, Department.id == Appointment.department_id)
        .outerjoin(number, and_(PatientNotice.kind == "queue.called", number.c.id == PatientNotice.thing_id))
        .outerjoin(
            PatientContact,
            and_(
                PatientNotice.kind == "guardian.named",
                PatientContact.id == PatientNotice.thing_id,
                PatientContact.ended_at.is_(None),
            ),
        )
    )
