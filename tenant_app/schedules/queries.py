"""Reading schedules: when doctors work, and the rows themselves as lists."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from kernel.database.rows import known_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.api import a_day, a_number, a_time, read_cursor
from tenant_app.calendar.public import WEEKDAYS, Calendar, read_calendar
from tenant_app.schedules.models import DoctorSchedule, ScheduleException
from tenant_app.schedules.rules import Block, Change, WorkingTime
from tenant_app.staff.models import Department, User


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """Hours of a weekday as they are shown; `weekday` counts from Monday, 0."""

    id: UUID
    doctor_id: UUID
    doctor_name: str
    department_id: UUID
    department_name: str
    weekday: int
    start_time: time
    end_time: time
    slot_minutes: int
    valid_from: date
    valid_until: date | None
    version: int

    @property
    def weekday_name(self) -> str:
        """As JSON spells it."""
        return WEEKDAYS[self.weekday]


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """Days that are otherwise, as they are shown. Why somebody is away is not for everybody."""

    id: UUID
    doctor_id: UUID
    doctor_name: str
    doctor_department_id: UUID | None
    kind: str
    reason: str | None
    note: str | None
    first_day: date
    last_day: date
    start_time: time | None
    end_time: time | None
    department_id: UUID | None
    department_name: str | None
    slot_minutes: int | None


def read_working_times(
    *, uow: UnitOfWork, doctor_ids: Collection[UUID], since: date, until: date, calendar: Calendar | None = None
) -> Mapping[UUID, WorkingTime]:
    """When these doctors work in these days, both inclusive, in four statements at most; the portal's role may ask too.

    `calendar` is the hospital's where it has been read already.
    """
    known = calendar or read_calendar(uow=uow, since=since, until=until)
    blocks: dict[UUID, list[Block]] = {each: [] for each in doctor_ids}
    changes: dict[UUID, list[Change]] = {each: [] for each in doctor_ids}
    # Those that have ended are needed too: they say that the doctor has a schedule at all.
    found = uow.session.execute(
        select(
            DoctorSchedule.doctor_id,
            DoctorSchedule.weekday,
            DoctorSchedule.start_time,
            DoctorSchedule.end_time,
            DoctorSchedule.slot_minutes,
            DoctorSchedule.department_id,
            DoctorSchedule.valid_from,
            DoctorSchedule.valid_until,
        ).where(DoctorSchedule.doctor_id.in_(doctor_ids), DoctorSchedule.valid_from <= until)
    )
    for row in found:
        values = dict(row._mapping)
        blocks[values.pop("doctor_id")].append(Block(**values))
    found = uow.session.execute(
        select(
            ScheduleException.doctor_id,
            ScheduleException.kind,
            ScheduleException.first_day,
            ScheduleException.last_day,
            ScheduleException.start_time,
            ScheduleException.end_time,
            ScheduleException.department_id,
            ScheduleException.slot_minutes,
        )
        .where(
            ScheduleException.doctor_id.in_(doctor_ids),
            ScheduleException.last_day >= since,
            ScheduleException.first_day <= until,
        )
        .order_by(ScheduleException.first_day, ScheduleException.start_time)
    )
    for row in found:
        values = dict(row._mapping)
        changes[values.pop("doctor_id")].append(Change(**values))
    return {
        each: WorkingTime(calendar=known, blocks=tuple(blocks[each]), changes=tuple(changes[each]))
        for each in doctor_ids
    }


def read_working_time(
    *, uow: UnitOfWork, doctor_id: UUID, since: date, until: date, calendar: Calendar | None = None
) -> WorkingTime:
    """The same of one doctor."""
    found = read_working_times(uow=uow, doctor_ids=[doctor_id], since=since, until=until, calendar=calendar)
    return found[doctor_id]


def scheduled_departments(*, uow: UnitOfWork, since: date) -> set[tuple[UUID, UUID]]:
    """(doctor, department) wherever a schedule that has not ended on `since` puts somebody."""
    rows = uow.session.execute(
        select(DoctorSchedule.doctor_id, DoctorSchedule.department_id)
        .where((DoctorSchedule.valid_until.is_(None)) | (DoctorSchedule.valid_until >= since))
        .distinct()
    )
    return {(row.doctor_id, row.department_id) for row in rows}


def schedule_row(*, uow: UnitOfWork, schedule_id: UUID) -> ScheduleRow:
    """One. Raises NotFound."""
    return known_row_as(
        ScheduleRow, uow.session.execute(_schedules().where(DoctorSchedule.id == schedule_id)), what="schedule"
    )


def list_schedules(
    *,
    uow: UnitOfWork,
    doctor_id: UUID | None = None,
    since: date | None = None,
    limit: int = 25,
    cursor: str | None = None,
) -> Page[ScheduleRow]:
    """By weekday and time; those that ended before `since` are left out. Raises InvalidFields for a foreign cursor."""
    order = (DoctorSchedule.weekday, DoctorSchedule.start_time, DoctorSchedule.id)
    statement = _schedules().order_by(*order).limit(limit + 1)
    if doctor_id:
        statement = statement.where(DoctorSchedule.doctor_id == doctor_id)
    if since:
        statement = statement.where(DoctorSchedule.valid_until.is_(None) | (DoctorSchedule.valid_until >= since))
    if after := read_cursor(cursor, a_number(6), a_time, UUID):
        statement = statement.where(tuple_(*order) > tuple_(*after))
    rows = rows_as(ScheduleRow, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.weekday, row.start_time, row.id))


def exception_row(*, uow: UnitOfWork, exception_id: UUID) -> ExceptionRow:
    """One. Raises NotFound."""
    return known_row_as(
        ExceptionRow,
        uow.session.execute(_exceptions().where(ScheduleException.id == exception_id)),
        what="schedule_exception",
    )


def list_exceptions(
    *,
    uow: UnitOfWork,
    doctor_id: UUID | None = None,
    since: date | None = None,
    limit: int = 25,
    cursor: str | None = None,
) -> Page[ExceptionRow]:
    """By day; those that are over before `since` are left out. Raises InvalidFields for a foreign cursor."""
    order = (ScheduleException.first_day, ScheduleException.id)
    statement = _exceptions().order_by(*order).limit(limit + 1)
    if doctor_id:
        statement = statement.where(ScheduleException.doctor_id == doctor_id)
    if since:
        statement = statement.where(ScheduleException.last_day >= since)
    if after := read_cursor(cursor, a_day, UUID):
        statement = statement.where(tuple_(*order) > tuple_(*after))
    rows = rows_as(ExceptionRow, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.first_day, row.id))


def _schedules() -> Select[*tuple[Any, ...]]:
    return (
        select(
            DoctorSchedule.id,
            DoctorSchedule.doctor_id,
            User.full_name.label("doctor_name"),
            DoctorSchedule.department_id,
            Department.name.label("department_name"),
            DoctorSchedule.weekday,
            DoctorSchedule.start_time,
            DoctorSchedule.end_time,
            DoctorSchedule.slot_minutes,
            DoctorSchedule.valid_from,
            DoctorSchedule.valid_until,
            DoctorSchedule.version,
        )
        .join(User, User.id == DoctorSchedule.doctor_id)
        .join(Department, Department.id == DoctorSchedule.department_id)
    )


def _exceptions() -> Select[*tuple[Any, ...]]:
    return (
        select(
            ScheduleException.id,
            ScheduleException.doctor_id,
            User.full_name.label("doctor_name"),
            User.department_id.label("doctor_department_id"),
            ScheduleException.kind,
            ScheduleException.reason,
            ScheduleException.note,
            ScheduleException.first_day,
            ScheduleException.last_day,
            ScheduleException.start_time,
            ScheduleException.end_time,
            ScheduleException.department_id,
            Department.name.label("department_name"),
            ScheduleException.slot_minutes,
        )
        .join(User, User.id == ScheduleException.doctor_id)
        .outerjoin(Department, Department.id == ScheduleException.department_id)
    )
