"""Departments after they were made: their names and order, closing them and opening them again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ScalarSelect, func, or_, select, update

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.text import N_, canonical
from kernel.web.actor import Actor
from tenant_app.appointments.models import Appointment
from tenant_app.audit.service import record, record_rights
from tenant_app.queue.models import LIVE, QueueEntry
from tenant_app.reach.public import beyond_reach
from tenant_app.schedules.models import DoctorSchedule, ScheduleException
from tenant_app.staff.errors import DepartmentInUse
from tenant_app.staff.models import Department, User
from tenant_app.staff.service import EMPTY_NAME

NOT_ALL: Final = N_("Name every department once.")
TOO_LONG: Final = N_("This is too long.")
LONGEST_DESCRIPTION: Final = 2000
# A hospital has some dozens; all of them are put in order at once.
MOST: Final = 500
_TO_COME: Final = ("scheduled", "confirmed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Hanging:
    """What hangs on a department: people, appointments to come, numbers that wait, blocks of working hours to come."""

    staff: int
    appointments: int
    waiting: int
    schedules: int

    @property
    def anything(self) -> bool:
        """Whether it cannot be closed."""
        return any(asdict(self).values())


def hanging_on(*, uow: UnitOfWork, department_id: UUID) -> Hanging:
    """What keeps it open, whoever asks."""
    today = local_today()

    def count(model: Any, *chosen: Any) -> ScalarSelect[int]:
        counted = select(func.count()).select_from(model).where(model.department_id == department_id, *chosen)
        return counted.scalar_subquery()

    to_come = Appointment.status.in_(_TO_COME) & (Appointment.appointment_date >= today)
    hours = count(DoctorSchedule, or_(DoctorSchedule.valid_until.is_(None), DoctorSchedule.valid_until >= today))
    statement = select(
        count(User, User.status != "inactive").label("staff"),
        count(Appointment, to_come | (Appointment.status == "in_progress")).label("appointments"),
        count(QueueEntry, QueueEntry.status.in_(LIVE)).label("waiting"),
        (hours + count(ScheduleException, ScheduleException.last_day >= today)).label("schedules"),
    )
    with beyond_reach(uow):
        row = uow.session.execute(statement).one()
    return Hanging(**row._mapping)


def change_department(
    *, uow: UnitOfWork, actor: Actor, department_id: UUID, version: int, name: str, description: str | None
) -> None:
    """Another name or description. Raises NotFound, PreconditionFailed, InvalidFields."""
    found = _locked(uow, department_id, version)
    errors: dict[str, list[str]] = {}
    new = {"name": canonical(name), "description": (description or "").strip() or None}
    if not 1 <= len(new["name"] or "") <= 255:
        errors["name"] = [EMPTY_NAME]
    if len(new["description"] or "") > LONGEST_DESCRIPTION:
        errors["description"] = [TOO_LONG]
    if errors:
        raise InvalidFields(errors=errors)
    _change(uow, actor, found, "department.change", new)


def close_department(*, uow: UnitOfWork, actor: Actor, department_id: UUID, version: int | None = None) -> None:
    """Nobody is booked, put or sent there any more. Raises NotFound, PreconditionFailed, DepartmentInUse.

    The lock waits for whoever is booking there at this moment, and whoever comes later waits for this transaction and
    is refused by the database (`ck_departments_open`), from the patient portal too.
    """
    found = _locked(uow, department_id, version)
    hanging = hanging_on(uow=uow, department_id=department_id)
    if found.status == "active" and hanging.anything:
        raise DepartmentInUse(data=asdict(hanging))
    _change(uow, actor, found, "department.close", {"status": "inactive"})


def open_department(*, uow: UnitOfWork, actor: Actor, department_id: UUID, version: int | None = None) -> None:
    """Open it again. Raises NotFound, PreconditionFailed."""
    _change(uow, actor, _locked(uow, department_id, version), "department.open", {"status": "active"})


def order_departments(*, uow: UnitOfWork, actor: Actor, ids: Sequence[UUID]) -> None:
    """The order in which lists and choices show them. Raises InvalidFields unless every department is named once."""
    there = [row.id for row in _all_locked(uow)]
    if sorted(ids) != sorted(there):
        raise InvalidFields(errors={"ids": [NOT_ALL]})
    _write_order(uow, actor, before=there, wanted=list(ids))


def move_department(*, uow: UnitOfWork, actor: Actor, department_id: UUID, up: bool) -> None:
    """One place up or down; at the end of the list nothing happens. Raises NotFound."""
    there = [row.id for row in _all_locked(uow)]
    if department_id not in there:
        raise NotFound("department")
    place = there.index(department_id)
    other = place - 1 if up else place + 1
    if 0 <= other < len(there):
        wanted = list(there)
        wanted[place], wanted[other] = wanted[other], wanted[place]
        _write_order(uow, actor, before=there, wanted=wanted)


def _locked(uow: UnitOfWork, department_id: UUID, version: int | None) -> Department:
    """The row, when nobody books there at this moment: its key is locked too, which a booking shares."""
    statement = select(Department).where(Department.id == department_id).with_for_update()
    found = uow.session.scalars(statement, execution_options={"populate_existing": True}).one_or_none()
    if found is None:
        raise NotFound("department")
    if version is not None and found.version != version:
        raise PreconditionFailed
    return found


def _all_locked(uow: UnitOfWork) -> Sequence[Department]:
    statement = select(Department).order_by(Department.id).with_for_update(key_share=True)
    held = uow.session.scalars(statement, execution_options={"populate_existing": True}).all()
    return sorted(held, key=lambda row: (row.position, row.code))


def _change(uow: UnitOfWork, actor: Actor, found: Department, action: str, new: dict[str, str | None]) -> None:
    old = {field: getattr(found, field) for field in new}
    if old == new:
        return
    for field, value in new.items():
        setattr(found, field, value)
    found.version += 1
    found.updated_at = utc_now()
    uow.flush()
    record_rights(
        uow=uow, actor=actor, action=action, resource_type="department", resource_id=found.id, old=old, new=new
    )


def _write_order(uow: UnitOfWork, actor: Actor, *, before: list[UUID], wanted: list[UUID]) -> None:
    if before == wanted:
        return
    for position, department_id in enumerate(wanted, 1):
        uow.session.execute(
            update(Department).where(Department.id == department_id).values(position=position),
            execution_options={"synchronize_session": False},
        )
    record(uow=uow, actor=actor, action="department.order", resource_type="department", changed=("position",))
