"""Writes to the weekly schedules; exceptions have a module of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.reach.public import reaches
from tenant_app.schedules import queries
from tenant_app.schedules.checks import NO_WEEKDAY, check_block
from tenant_app.schedules.errors import ScheduleOverlaps
from tenant_app.schedules.models import DoctorSchedule
from tenant_app.schedules.turns import take_schedule
from tenant_app.staff.errors import DepartmentClosed
from tenant_app.staff.models import Department, User

UNKNOWN_DOCTOR: Final = N_("There is no such doctor, or the doctor does not work here now.")
UNKNOWN_DEPARTMENT: Final = N_("There is no such department.")

_CHANGEABLE: Final = ("department_id", "start_time", "end_time", "slot_minutes", "valid_from", "valid_until")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewHours:
    """The same hours on one or more weekdays (0 is Monday)."""

    doctor_id: UUID
    department_id: UUID
    weekdays: tuple[int, ...]
    start_time: time
    end_time: time
    slot_minutes: int
    valid_from: date
    valid_until: date | None = None


def add_hours(*, uow: UnitOfWork, actor: Actor, new: NewHours) -> list[queries.ScheduleRow]:
    """Add hours to a doctor's week: all of the weekdays, or none. Raises InvalidFields, ScheduleOverlaps."""
    if not new.weekdays or not set(new.weekdays) <= set(range(7)):
        raise InvalidFields(errors={"weekday": [NO_WEEKDAY]})
    check_block(
        start=new.start_time,
        end=new.end_time,
        slot_minutes=new.slot_minutes,
        valid_from=new.valid_from,
        valid_until=new.valid_until,
    )
    check_parties(uow, doctor_id=new.doctor_id, department_id=new.department_id)
    take_schedule(uow, new.doctor_id)
    made = []
    for weekday in sorted(set(new.weekdays)):
        row = DoctorSchedule(
            id=new_row_id(),
            doctor_id=new.doctor_id,
            department_id=new.department_id,
            weekday=weekday,
            start_time=new.start_time,
            end_time=new.end_time,
            slot_minutes=new.slot_minutes,
            valid_from=new.valid_from,
            valid_until=new.valid_until,
            created_by=actor.id,
            updated_by=actor.id,
        )
        uow.session.add(row)
        made.append(row.id)
    flush(uow)
    for schedule_id in made:
        record(uow=uow, actor=actor, action="schedule.add", resource_type="schedule", resource_id=schedule_id)
    return [queries.schedule_row(uow=uow, schedule_id=schedule_id) for schedule_id in made]


def change_hours(
    *, uow: UnitOfWork, actor: Actor, schedule_id: UUID, version: int, details: Mapping[str, Any]
) -> queries.ScheduleRow:
    """Change what is named of one weekday's hours. `version` is the one last seen.

    Raises NotFound, InvalidFields, ScheduleOverlaps, PreconditionFailed.
    """
    found = _held(uow, schedule_id)
    if found.version != version:
        raise PreconditionFailed
    values = {name: details[name] for name in _CHANGEABLE if name in details}
    changed = [name for name, value in values.items() if getattr(found, name) != value]
    if changed:
        check_block(
            start=values.get("start_time", found.start_time),
            end=values.get("end_time", found.end_time),
            slot_minutes=values.get("slot_minutes", found.slot_minutes),
            valid_from=values.get("valid_from", found.valid_from),
            valid_until=values.get("valid_until", found.valid_until),
        )
        if "department_id" in changed:
            check_parties(uow, department_id=values["department_id"])
        for name in changed:
            setattr(found, name, values[name])
        found.updated_by = actor.id
        flush(uow)
        record(
            uow=uow,
            actor=actor,
            action="schedule.change",
            resource_type="schedule",
            resource_id=schedule_id,
            changed=changed,
        )
    return queries.schedule_row(uow=uow, schedule_id=schedule_id)


def remove_hours(*, uow: UnitOfWork, actor: Actor, schedule_id: UUID) -> UUID:
    """Take one weekday's hours out; returns whose they were. Raises NotFound."""
    found = _held(uow, schedule_id)
    uow.session.delete(found)
    flush(uow)
    record(uow=uow, actor=actor, action="schedule.remove", resource_type="schedule", resource_id=schedule_id)
    return found.doctor_id


def check_parties(uow: UnitOfWork, *, doctor_id: UUID | None = None, department_id: UUID | None = None) -> None:
    """Whether those who are named are there, and the department is within reach. Raises InvalidFields."""
    errors: dict[str, list[str]] = {}
    if doctor_id is not None:
        doctor = select(User.id).where(User.id == doctor_id, User.role == "doctor", User.status != "inactive")
        if uow.session.scalar(doctor) is None:
            errors["doctor_id"] = [UNKNOWN_DOCTOR]
    if department_id is not None:
        department = select(Department.id).where(Department.id == department_id, Department.status == "active")
        if uow.session.scalar(department) is None or not reaches(uow, department_id):
            errors["department_id"] = [UNKNOWN_DEPARTMENT]
    if errors:
        raise InvalidFields(errors=errors)


def _held(uow: UnitOfWork, schedule_id: UUID) -> DoctorSchedule:
    """The row, when nobody books by it any more; hours of a department beyond reach are not found."""
    doctor_id = uow.session.scalar(select(DoctorSchedule.doctor_id).where(DoctorSchedule.id == schedule_id))
    if doctor_id is not None:
        take_schedule(uow, doctor_id)
    found = uow.session.get(DoctorSchedule, schedule_id, populate_existing=True)
    if found is None or not reaches(uow, found.department_id):
        raise NotFound("schedule")
    return found


def flush(uow: UnitOfWork) -> None:
    """Write it down. Raises ScheduleOverlaps, DepartmentClosed, PreconditionFailed."""
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "ex_doctor_schedules_overlap":
            raise ScheduleOverlaps from err
        if violated(err) == "ck_departments_open":
            raise DepartmentClosed(data={"field": "department_id"}) from err
        raise
    except StaleDataError as err:
        raise PreconditionFailed from err
