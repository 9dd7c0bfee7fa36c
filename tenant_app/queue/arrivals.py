"""Giving a number to somebody who has come, and sending somebody on to another department."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.ids import new_row_id
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.appointments.public import Appointment
from tenant_app.patients.models import Patient
from tenant_app.patients.status_rules import refuse_closed
from tenant_app.queue import queries
from tenant_app.queue.errors import AlreadyWaiting
from tenant_app.queue.models import LIVE, PRIORITIES, QueueCounter, QueueEntry
from tenant_app.queue.rules import FORGOTTEN_AFTER, check_step, priority_by_age
from tenant_app.queue.service import flush, follow, hold, note, snapshot
from tenant_app.reach.public import beyond_reach, reaches
from tenant_app.staff.models import Department

UNKNOWN_DEPARTMENT: Final = N_("There is no such department.")
SAME_DEPARTMENT: Final = N_("The patient is in this department already.")
UNKNOWN_PATIENT: Final = N_("There is no such patient.")
UNKNOWN_PRIORITY: Final = N_("This priority is not known.")
UNKNOWN_APPOINTMENT: Final = N_("The patient has no such appointment in this department today.")

# Who comes after all, came.
_OPEN_APPOINTMENT: Final = ("scheduled", "confirmed", "in_progress", "no_show")


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """Somebody who has come. Without `priority` the age decides; without `appointment_id` today's next one is taken."""

    patient_id: UUID
    department_id: UUID
    priority: str | None = None
    appointment_id: UUID | None = None


def take(*, uow: UnitOfWork, actor: Actor, arrival: Arrival, now: datetime | None = None) -> queries.EntryRow:
    """The next number of a department's day. An appointment of today in that department is confirmed by the arrival.

    Numbers have no gaps: whoever takes one holds the department's counter until the commit. Raises InvalidFields,
    PatientInactive, AlreadyWaiting.
    """
    moment = now or utc_now()
    day = local_today(moment)
    born = _check_parties(uow, arrival)
    appointment_id = _appointment(uow, arrival, day=day)
    _end_forgotten(uow, actor, arrival.department_id, moment=moment)
    _refuse_second(uow, patient_id=arrival.patient_id, department_id=arrival.department_id)
    made = _add(
        uow,
        actor,
        moment=moment,
        department_id=arrival.department_id,
        patient_id=arrival.patient_id,
        appointment_id=appointment_id,
        priority=arrival.priority or priority_by_age(born, day=day),
        waits_since=moment,
    )
    if appointment_id is not None:
        for action in ("came", "confirm"):
            follow(uow, actor, appointment_id, action=action, now=moment)
    return note(uow, actor, made, action="take", before=None, moment=moment)


def transfer(
    *,
    uow: UnitOfWork,
    actor: Actor,
    entry_id: UUID,
    department_id: UUID,
    version: int | None = None,
    now: datetime | None = None,
) -> queries.EntryRow:
    """Send somebody on, to any department: this number ends, and they get one there, with the same priority.

    Who has not been seen yet keeps the time waited. Their appointment stays where it is. Returns the new number.
    Raises NotFound, StepNotAllowed, PreconditionFailed, InvalidFields, PatientInactive, AlreadyWaiting.
    """
    moment = now or utc_now()
    held = hold(uow, entry_id, version=version)
    check_step(held.status, "transfer")
    if department_id == held.department_id:
        raise InvalidFields(errors={"department_id": [SAME_DEPARTMENT]})
    if not _is_open(uow, department_id):
        raise InvalidFields(errors={"department_id": [UNKNOWN_DEPARTMENT]})
    patient = _patient(uow, held.patient_id)
    if patient is not None:
        refuse_closed(patient.status)
    waited_since = moment if held.status == "in_room" else held.waits_since
    before = snapshot(held)
    held.status, held.ended_at = "transferred", moment
    note(uow, actor, held, action="transfer", before=before, moment=moment)
    with beyond_reach(uow):
        _end_forgotten(uow, actor, department_id, moment=moment)
        _refuse_second(uow, patient_id=held.patient_id, department_id=department_id)
    made = _add(
        uow,
        actor,
        moment=moment,
        department_id=department_id,
        patient_id=held.patient_id,
        appointment_id=None,
        priority=held.priority,
        waits_since=waited_since,
        came_from_id=held.id,
    )
    return note(uow, actor, made, action="take", before=None, moment=moment)


def _add(uow: UnitOfWork, actor: Actor, *, moment: datetime, **values: Any) -> QueueEntry:
    day = local_today(moment)
    made = QueueEntry(
        id=new_row_id(),
        queue_day=day,
        number=_next_number(uow, department_id=values["department_id"], day=day),
        taken_at=moment,
        created_by=actor.id,
        **values,
    )
    uow.session.add(made)
    flush(uow)
    return made


def _next_number(uow: UnitOfWork, *, department_id: UUID, day: date) -> int:
    counted = insert(QueueCounter).values(department_id=department_id, queue_day=day, last_number=1)
    counted = counted.on_conflict_do_update(
        index_elements=["department_id", "queue_day"], set_={"last_number": QueueCounter.last_number + 1}
    )
    return uow.session.execute(counted.returning(QueueCounter.last_number)).scalar_one()


def _check_parties(uow: UnitOfWork, arrival: Arrival) -> date:
    """The patient's date of birth. Raises InvalidFields, PatientInactive."""
    patient = _patient(uow, arrival.patient_id)
    errors: dict[str, list[str]] = {}
    if patient is None:
        errors["patient_id"] = [UNKNOWN_PATIENT]
    if not _is_open(uow, arrival.department_id) or not reaches(uow, arrival.department_id):
        errors["department_id"] = [UNKNOWN_DEPARTMENT]
    if arrival.priority is not None and arrival.priority not in PRIORITIES:
        errors["priority"] = [UNKNOWN_PRIORITY]
    if errors or patient is None:
        raise InvalidFields(errors=errors)
    refuse_closed(patient.status)
    born: date = patient.date_of_birth
    return born


def _patient(uow: UnitOfWork, patient_id: UUID) -> Row[str, date] | None:
    """Status and date of birth, the row held: who closes the record meanwhile waits, and then sees the number."""
    return uow.session.execute(
        select(Patient.status, Patient.date_of_birth).where(Patient.id == patient_id).with_for_update(read=True)
    ).one_or_none()


def _is_open(uow: UnitOfWork, department_id: UUID) -> bool:
    wanted = select(Department.id).where(Department.id == department_id, Department.status == "active")
    return uow.session.scalar(wanted) is not None


def _appointment(uow: UnitOfWork, arrival: Arrival, *, day: date) -> UUID | None:
    """The appointment that they have come for: the one named, else today's next one that nobody came for yet."""
    statement = (
        select(Appointment.id)
        .where(
            Appointment.patient_id == arrival.patient_id,
            Appointment.department_id == arrival.department_id,
            Appointment.appointment_date == day,
            Appointment.status.in_(_OPEN_APPOINTMENT),
        )
        .order_by(Appointment.start_time)
        .limit(1)
    )
    if arrival.appointment_id is None:
        came = select(QueueEntry.id).where(QueueEntry.appointment_id == Appointment.id, QueueEntry.status.in_(_ARRIVED))
        return uow.session.scalar(statement.where(Appointment.status != "in_progress", ~came.exists()))
    found = uow.session.scalar(statement.where(Appointment.id == arrival.appointment_id))
    if found is None:
        raise InvalidFields(errors={"appointment_id": [UNKNOWN_APPOINTMENT]})
    return found


_ARRIVED: Final = (*LIVE, "done")


def _refuse_second(uow: UnitOfWork, *, patient_id: UUID, department_id: UUID) -> None:
    """Say which number the patient has there. Two desks at once are told apart by the database's constraint."""
    live = uow.session.execute(
        select(QueueEntry.id, QueueEntry.number).where(
            QueueEntry.patient_id == patient_id,
            QueueEntry.department_id == department_id,
            QueueEntry.status.in_(LIVE),
        )
    ).one_or_none()
    if live is not None:
        raise AlreadyWaiting(data={"entry_id": str(live.id), "number": live.number})


def _end_forgotten(uow: UnitOfWork, actor: Actor, department_id: UUID, *, moment: datetime) -> None:
    """Numbers of the day before that nobody ended end as `left`, when the next number is taken: no line begins full."""
    forgotten = uow.session.scalars(
        select(QueueEntry)
        .where(
            QueueEntry.department_id == department_id,
            QueueEntry.status.in_(LIVE),
            QueueEntry.taken_at <= moment - FORGOTTEN_AFTER,
        )
        .with_for_update(skip_locked=True)
    ).all()
    for each in forgotten:
        before = snapshot(each)
        each.status, each.ended_at = "left", moment
        note(uow, actor, each, action="forget", before=before, moment=moment)
