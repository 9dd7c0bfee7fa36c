"""Absences and extra hours. A doctor writes down their own; whoever manages schedules, everybody's."""

from dataclasses import dataclass, field
from datetime import date, time
from uuid import UUID

from sqlalchemy import select

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Forbidden, NotFound
from kernel.ids import new_row_id
from kernel.text import canonical
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.schedules import queries
from tenant_app.schedules.checks import check_exception
from tenant_app.schedules.models import ScheduleException
from tenant_app.schedules.service import check_parties, flush
from tenant_app.schedules.turns import take_schedule
from tenant_app.staff.models import User


@dataclass(frozen=True, kw_only=True, slots=True)
class NewException:
    """Days that are otherwise; without a last day it is one day, without times whole days."""

    doctor_id: UUID
    kind: str
    first_day: date
    last_day: date | None = None
    start_time: time | None = None
    end_time: time | None = None
    reason: str | None = None
    note: str | None = field(default=None, repr=False)
    department_id: UUID | None = None
    slot_minutes: int | None = None


def may_change(actor: Actor, doctor_id: UUID, department_id: UUID | None) -> bool:
    """Whether somebody may write down exceptions of a doctor of this department, and read why they are away."""
    manages = actor.may("schedule.manage") and actor.works_in(department_id)
    return manages or (actor.may("schedule.own") and actor.id == doctor_id)


def add_exception(*, uow: UnitOfWork, actor: Actor, new: NewException) -> queries.ExceptionRow:
    """Appointments that it hits stay as they are: see tenant_app.appointments for those that are to be moved.

    Raises Forbidden, InvalidFields.
    """
    own = uow.session.scalar(select(User.department_id).where(User.id == new.doctor_id))
    if not may_change(actor, new.doctor_id, own):
        raise Forbidden(data={"permission": "schedule.manage"})
    last_day, note = new.last_day or new.first_day, canonical(new.note or "") or None
    check_exception(
        kind=new.kind,
        reason=new.reason,
        note=note,
        first_day=new.first_day,
        last_day=last_day,
        start=new.start_time,
        end=new.end_time,
        has_department=new.department_id is not None,
        slot_minutes=new.slot_minutes,
    )
    check_parties(uow, doctor_id=new.doctor_id, department_id=new.department_id)
    take_schedule(uow, new.doctor_id)
    made = ScheduleException(
        id=new_row_id(),
        doctor_id=new.doctor_id,
        kind=new.kind,
        reason=new.reason,
        note=note,
        first_day=new.first_day,
        last_day=last_day,
        start_time=new.start_time,
        end_time=new.end_time,
        department_id=new.department_id,
        slot_minutes=new.slot_minutes,
        created_by=actor.id,
    )
    uow.session.add(made)
    flush(uow)
    record(
        uow=uow,
        actor=actor,
        action="schedule_exception.add",
        resource_type="schedule_exception",
        resource_id=made.id,
    )
    return queries.exception_row(uow=uow, exception_id=made.id)


def remove_exception(*, uow: UnitOfWork, actor: Actor, exception_id: UUID) -> UUID:
    """These days are as the schedule says again; returns whose they were. Raises NotFound, Forbidden."""
    row = queries.exception_row(uow=uow, exception_id=exception_id)
    if not may_change(actor, row.doctor_id, row.doctor_department_id):
        raise Forbidden(data={"permission": "schedule.manage"})
    take_schedule(uow, row.doctor_id)
    found = uow.session.get(ScheduleException, exception_id, populate_existing=True)
    if found is None:
        raise NotFound("schedule_exception")
    uow.session.delete(found)
    uow.flush()
    record(
        uow=uow,
        actor=actor,
        action="schedule_exception.remove",
        resource_type="schedule_exception",
        resource_id=exception_id,
    )
    return row.doctor_id
