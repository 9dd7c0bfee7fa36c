"""Moving an appointment to another time or doctor, and moving it back. Each move stays written down."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy import select

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.appointments import queries
from tenant_app.appointments.errors import TransitionNotAllowed
from tenant_app.appointments.models import Appointment, AppointmentMove
from tenant_app.appointments.rules import MOVABLE, check_times, possible_actions
from tenant_app.appointments.service import (
    UNKNOWN_DOCTOR,
    Booking,
    check_parties,
    place,
    reason_for_outside,
    take_turns,
    tell,
)
from tenant_app.audit.service import record
from tenant_app.reach.public import reaches
from tenant_app.schedules.public import read_working_time
from tenant_app.staff.models import User

WORKS_ELSEWHERE: Final = N_("The doctor works in another department on this day.")
_PLACE = ("doctor_id", "department_id", "appointment_date", "start_time", "end_time")


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where an appointment is moved to; without a doctor it stays with the one it has.

    Without a department it follows the new doctor's schedule, or else the new doctor's own department.
    """

    appointment_date: date
    start_time: time
    end_time: time
    doctor_id: UUID | None = None
    department_id: UUID | None = None
    reason: str | None = field(default=None, repr=False)
    outside_reason: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """An appointment in its new place, and the move that brought it there; None where it stayed where it was."""

    row: queries.AppointmentRow
    move_id: UUID | None


def move(
    *,
    uow: UnitOfWork,
    actor: Actor,
    appointment_id: UUID,
    to: Destination,
    version: int,
    now: datetime | None = None,
) -> Moved:
    """Move an appointment that has not begun; its status stays. `version` is the one last seen.

    Raises NotFound, PreconditionFailed, TransitionNotAllowed, InvalidFields, PatientInactive, OutsideSchedule,
    SlotTaken.
    """
    moment = now or utc_now()
    check_times(day=to.appointment_date, start=to.start_time, end=to.end_time, now=moment)
    found = _held(uow, appointment_id, to, version=version)
    doctor_id = to.doctor_id or found.doctor_id
    department_id = to.department_id or _department(uow, found, to, doctor_id)
    if to.department_id is None and not reaches(uow, department_id, of=doctor_id):
        raise InvalidFields(errors={"doctor_id": [WORKS_ELSEWHERE]})
    check_parties(
        uow,
        Booking(
            patient_id=found.patient_id,
            doctor_id=doctor_id,
            department_id=department_id,
            appointment_date=to.appointment_date,
            start_time=to.start_time,
            end_time=to.end_time,
            appointment_type=found.appointment_type,
        ),
    )
    outside_reason = reason_for_outside(
        uow,
        doctor_id=doctor_id,
        day=to.appointment_date,
        span=(to.start_time, to.end_time),
        reason=to.outside_reason,
    )
    return _place(uow, actor, found, to, doctor_id, department_id, outside_reason=outside_reason, moment=moment)


def undo_move(*, uow: UnitOfWork, actor: Actor, move_id: UUID, now: datetime | None = None) -> Moved:
    """Bring an appointment back to where a move found it, whatever the schedule says of that place now.

    Only while nothing else was done with it, and its doctor still works here. Raises NotFound, InvalidFields,
    PreconditionFailed, TransitionNotAllowed, SlotTaken.
    """
    move = uow.session.get(AppointmentMove, move_id)
    if move is None or not reaches(uow, move.from_department_id, of=move.from_doctor_id):
        raise NotFound("move")
    working = select(User.id).where(User.id == move.from_doctor_id, User.role == "doctor", User.status == "active")
    if uow.session.scalar(working) is None:
        raise InvalidFields(errors={"doctor_id": [UNKNOWN_DOCTOR]})
    back = Destination(
        doctor_id=move.from_doctor_id,
        department_id=move.from_department_id,
        appointment_date=move.from_date,
        start_time=move.from_start,
        end_time=move.from_end,
    )
    found = _held(uow, move.appointment_id, back, version=move.made_version)
    return _place(
        uow,
        actor,
        found,
        back,
        move.from_doctor_id,
        move.from_department_id,
        outside_reason=move.from_outside_reason,
        moment=now or utc_now(),
    )


def _held(uow: UnitOfWork, appointment_id: UUID, to: Destination, *, version: int) -> Appointment:
    """The appointment as it was seen, when nobody else books either of the two days."""
    was = uow.session.execute(
        select(Appointment.doctor_id, Appointment.appointment_date).where(Appointment.id == appointment_id)
    ).one_or_none()
    if was is None:
        raise NotFound("appointment")
    take_turns(uow, [(was.doctor_id, was.appointment_date), (to.doctor_id or was.doctor_id, to.appointment_date)])
    found = uow.session.get_one(Appointment, appointment_id, populate_existing=True)
    # Had it been moved while we waited, its version would be another.
    if found.version != version:
        raise PreconditionFailed
    if found.status not in MOVABLE:
        raise TransitionNotAllowed(data={"status": found.status, "possible": list(possible_actions(found.status))})
    return found


def _department(uow: UnitOfWork, found: Appointment, to: Destination, doctor_id: UUID) -> UUID:
    day = to.appointment_date
    working = read_working_time(uow=uow, doctor_id=doctor_id, since=day, until=day)
    by_schedule = working.department_at(day, to.start_time)
    if by_schedule is not None:
        return by_schedule
    if doctor_id == found.doctor_id:
        return found.department_id
    own = uow.session.scalar(select(User.department_id).where(User.id == doctor_id))
    return own or found.department_id


def _place(
    uow: UnitOfWork,
    actor: Actor,
    found: Appointment,
    to: Destination,
    doctor_id: UUID,
    department_id: UUID,
    *,
    outside_reason: str | None,
    moment: datetime,
) -> Moved:
    before = {name: getattr(found, name) for name in _PLACE}
    after = {
        "doctor_id": doctor_id,
        "department_id": department_id,
        "appointment_date": to.appointment_date,
        "start_time": to.start_time,
        "end_time": to.end_time,
    }
    changed = [name for name in _PLACE if before[name] != after[name]]
    if not changed:
        return Moved(row=queries.appointment(uow=uow, appointment_id=found.id), move_id=None)
    earlier_reason = found.outside_reason
    for name in changed:
        setattr(found, name, after[name])
    found.outside_reason = outside_reason
    found.updated_by = actor.id
    place(uow)
    made = AppointmentMove(
        id=new_row_id(),
        appointment_id=found.id,
        moved_at=moment,
        moved_by=actor.id,
        reason=(to.reason or "").strip() or None,
        from_doctor_id=before["doctor_id"],
        from_department_id=before["department_id"],
        from_date=before["appointment_date"],
        from_start=before["start_time"],
        from_end=before["end_time"],
        from_outside_reason=earlier_reason,
        to_doctor_id=doctor_id,
        to_department_id=department_id,
        to_date=to.appointment_date,
        to_start=to.start_time,
        to_end=to.end_time,
        made_version=found.version,
    )
    uow.session.add(made)
    uow.flush()
    record(
        uow=uow,
        actor=actor,
        action="appointment.move",
        resource_type="appointment",
        resource_id=found.id,
        patient_id=found.patient_id,
        changed=changed,
    )
    was_whose = (before["department_id"], before["doctor_id"])
    doctors = {before["doctor_id"], doctor_id}
    tell(uow, found, was_on=before["appointment_date"], was_whose=was_whose, doctors=doctors)
    return Moved(row=queries.appointment(uow=uow, appointment_id=found.id), move_id=made.id)
