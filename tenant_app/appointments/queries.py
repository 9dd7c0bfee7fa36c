"""Reading appointments: one, a day's list, a patient's list, and when a doctor is taken."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, text, tuple_

from kernel.database.rows import known_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.api import a_day, a_time, read_cursor
from tenant_app.appointments.models import APPOINTMENT_STATUSES, Appointment
from tenant_app.patients.models import Patient
from tenant_app.staff.models import Department, User


# Not frozen: that made each ten times as dear, and hundreds are made for a page.
@dataclass(slots=True)
class AppointmentRow:
    """An appointment with the names that people read. Date and times are local."""

    id: UUID
    appointment_code: str
    patient_id: UUID
    patient_code: str
    patient_name: str
    doctor_id: UUID
    doctor_name: str
    department_id: UUID
    department_name: str
    appointment_date: date
    start_time: time
    end_time: time
    appointment_type: str
    status: str
    source: str
    reason: str | None
    cancellation_reason: str | None
    outside_reason: str | None
    confirmed_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    cancelled_by_kind: str | None
    created_at: datetime
    version: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which appointments; what is None does not matter. `since` and `until` are inclusive days."""

    since: date | None = None
    until: date | None = None
    doctor_id: UUID | None = None
    department_id: UUID | None = None
    patient_id: UUID | None = None
    status: str | None = None

    @classmethod
    def on(cls, day: date, *, doctor_id: UUID | None = None, department_id: UUID | None = None) -> "Filter":
        """One day's appointments."""
        return cls(since=day, until=day, doctor_id=doctor_id, department_id=department_id)


@dataclass(frozen=True, slots=True)
class BusyTime:
    """A time in which a doctor is taken; by whom is nobody's business here."""

    start_time: time
    end_time: time


_ROWS: Final = (
    select(
        Appointment.id,
        Appointment.appointment_code,
        Appointment.patient_id,
        Patient.patient_code,
        Patient.full_name.label("patient_name"),
        Appointment.doctor_id,
        User.full_name.label("doctor_name"),
        Appointment.department_id,
        Department.name.label("department_name"),
        Appointment.appointment_date,
        Appointment.start_time,
        Appointment.end_time,
        Appointment.appointment_type,
        Appointment.status,
        Appointment.source,
        Appointment.reason,
        Appointment.cancellation_reason,
        Appointment.outside_reason,
        Appointment.confirmed_at,
        Appointment.started_at,
        Appointment.completed_at,
        Appointment.cancelled_at,
        Appointment.cancelled_by_kind,
        Appointment.created_at,
        Appointment.version,
    )
    .join(Patient, Patient.id == Appointment.patient_id)
    .join(User, User.id == Appointment.doctor_id)
    .join(Department, Department.id == Appointment.department_id)
)
# Whole, so that it is not put together anew for each record that is opened.
_LATEST_BEFORE: Final = (
    _ROWS.where(Appointment.patient_id == bindparam("patient_id"), Appointment.appointment_date < bindparam("day"))
    .order_by(Appointment.appointment_date.desc(), Appointment.start_time.desc(), Appointment.id)
    .limit(bindparam("limit"))
)


def appointment(*, uow: UnitOfWork, appointment_id: UUID) -> AppointmentRow:
    """One appointment. Raises NotFound."""
    return known_row_as(
        AppointmentRow, uow.session.execute(_ROWS.where(Appointment.id == appointment_id)), what="appointment"
    )


def list_appointments(
    *, uow: UnitOfWork, wanted: Filter, limit: int = 25, cursor: str | None = None
) -> Page[AppointmentRow]:
    """Appointments by day and time. Raises InvalidFields for a foreign cursor."""
    order = (Appointment.appointment_date, Appointment.start_time, Appointment.id)
    statement = _ROWS.order_by(*order).limit(limit + 1)
    if wanted.since:
        statement = statement.where(Appointment.appointment_date >= wanted.since)
    if wanted.until:
        statement = statement.where(Appointment.appointment_date <= wanted.until)
    if wanted.doctor_id:
        statement = statement.where(Appointment.doctor_id == wanted.doctor_id)
    if wanted.department_id:
        statement = statement.where(Appointment.department_id == wanted.department_id)
    if wanted.patient_id:
        statement = statement.where(Appointment.patient_id == wanted.patient_id)
    if wanted.status:
        statement = statement.where(Appointment.status == wanted.status)
    if after := read_cursor(cursor, a_day, a_time, UUID):
        statement = statement.where(tuple_(*order) > tuple_(*after))
    rows = rows_as(AppointmentRow, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.appointment_date, row.start_time, row.id))


def count_by_status(
    *, uow: UnitOfWork, day: date, doctor_id: UUID | None = None, department_id: UUID | None = None
) -> dict[str, int]:
    """How many appointments of a day are in each status, of all or of one doctor or department."""
    statement = (
        select(Appointment.status, func.count()).where(Appointment.appointment_date == day).group_by(Appointment.status)
    )
    if doctor_id:
        statement = statement.where(Appointment.doctor_id == doctor_id)
    if department_id:
        statement = statement.where(Appointment.department_id == department_id)
    return {row[0]: row[1] for row in uow.session.execute(statement)}


def latest_before(*, uow: UnitOfWork, patient_id: UUID, day: date, limit: int = 20) -> list[AppointmentRow]:
    """A patient's appointments before a day, the latest first: for beside a record whose reading is written down."""
    wanted = {"patient_id": patient_id, "day": day, "limit": limit}
    return rows_as(AppointmentRow, uow.session.execute(_LATEST_BEFORE, wanted))


def appointments_of(
    *,
    uow: UnitOfWork,
    since: date,
    until: date | None = None,
    doctor_id: UUID | None = None,
    doctor_ids: Collection[UUID] | None = None,
    statuses: Collection[str] = APPOINTMENT_STATUSES,
    limit: int,
) -> list[AppointmentRow]:
    """Doctors' appointments of some days by day and time, in one statement and without audit: see who calls this."""
    order = (Appointment.appointment_date, Appointment.start_time, Appointment.id)
    wanted = doctor_ids if doctor_id is None else [doctor_id]
    statement = (
        _ROWS.where(Appointment.appointment_date >= since, Appointment.status.in_(statuses)).order_by(*order)
    ).limit(limit)
    if until is not None:
        statement = statement.where(Appointment.appointment_date <= until)
    if wanted is not None:
        statement = statement.where(Appointment.doctor_id.in_(wanted))
    return rows_as(AppointmentRow, uow.session.execute(statement))


def busy_times(*, uow: UnitOfWork, doctor_id: UUID, day: date) -> list[BusyTime]:
    """When a doctor is taken on a day; the portal's role may ask too, and learns no more than this."""
    found = uow.session.execute(
        text("SELECT start_time, end_time FROM doctor_busy_times(:doctor, :day)"), {"doctor": doctor_id, "day": day}
    )
    return [BusyTime(row.start_time, row.end_time) for row in found]
