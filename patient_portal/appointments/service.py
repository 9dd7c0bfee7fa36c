"""Booking and cancelling by the patient: the hospital's own services, within what a patient may do."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy import Text, bindparam, text

from kernel.clock import LOCAL_ZONE, local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.text import N_
from kernel.web.actor import Actor
from patient_portal.appointments.rules import RULE, Period, bookable_days, last_day, offered_times, overlap
from patient_portal.errors import AlreadyBegun, OwnAppointmentOverlaps, TooManyUpcoming
from tenant_app.appointments.public import (
    AppointmentRow,
    Booking,
    Filter,
    Slot,
    SlotTaken,
    act,
    appointment,
    book,
    busy_times,
    list_appointments,
)
from tenant_app.schedules.public import WorkingTime, read_working_time
from tenant_app.staff.public import active_doctors

NO_SUCH_DOCTOR: Final = N_("There is no such doctor, or the doctor does not work here now.")
NO_DEPARTMENT: Final = N_("This doctor belongs to no department: please call the hospital.")
OTHER_DEPARTMENT: Final = N_("This doctor works in another department.")
NOT_OFFERED: Final = N_("This time is not offered. Choose one of the free times.")
OTHER_END: Final = N_("Appointments booked by patients have a set length.")
TYPES: Final = ("consultation", "follow_up")
# What staff read where a patient gave no reason; it is data, so it is in the language of the hospital.
NO_REASON_GIVEN: Final = "Người bệnh tự hủy trên cổng bệnh nhân"

_OPEN: Final = frozenset({"scheduled", "confirmed"})
_MOST_ROWS: Final = 100

# Counting one's own appointments and adding one to them must not happen twice at once.
_TAKE_TURN: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('patient-booking:' || :patient, 0))"
).bindparams(bindparam("patient", type_=Text))


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What the patient asks for. The department and the end follow from the doctor and the start where not given."""

    doctor_id: UUID
    appointment_date: date
    start_time: time
    department_id: UUID | None = None
    end_time: time | None = None
    appointment_type: str = "consultation"
    reason: str | None = field(default=None, repr=False)


def times_free(
    *,
    uow: UnitOfWork,
    doctor_id: UUID,
    day: date,
    department_id: UUID | None = None,
    now: datetime | None = None,
    working: WorkingTime | None = None,
) -> list[Slot]:
    """The times of a day at which the patient may book this doctor; with a department, only there.

    `working` is the doctor's where it has been read already.
    """
    busy = busy_times(uow=uow, doctor_id=doctor_id, day=day)
    working = working or read_working_time(uow=uow, doctor_id=doctor_id, since=day, until=day)
    return offered_times(day, busy=busy, now=now or utc_now(), working=working, department_id=department_id)


def hours_ahead(*, uow: UnitOfWork, doctor_id: UUID, now: datetime) -> WorkingTime:
    """When the doctor works on all days that a patient might book."""
    return read_working_time(uow=uow, doctor_id=doctor_id, since=local_today(now), until=last_day(now))


def days_open(*, working: WorkingTime, now: datetime, department_id: UUID | None = None) -> list[date]:
    """The days on which a doctor works at a time that a patient might book."""
    return bookable_days(now=now, working=working, count=RULE.days_ahead + 1, department_id=department_id)


def book_own(
    *, uow: UnitOfWork, actor: Actor, patient_id: UUID, wish: Wish, now: datetime | None = None
) -> AppointmentRow:
    """Book a free time. Raises InvalidFields, SlotTaken, TooManyUpcoming, OwnAppointmentOverlaps, PatientInactive."""
    moment = now or utc_now()
    home = _home_department(uow, wish)
    slot = _slot(uow, wish, moment)
    department_id = _department(wish, slot, home)
    period: Period = (slot.start, slot.end)
    uow.session.execute(_TAKE_TURN, {"patient": str(patient_id)})
    upcoming = upcoming_of(uow=uow, patient_id=patient_id, now=moment)
    if any(
        each.appointment_date == wish.appointment_date and overlap(period, (each.start_time, each.end_time))
        for each in upcoming
    ):
        raise OwnAppointmentOverlaps
    if len(upcoming) >= RULE.at_once:
        raise TooManyUpcoming(data={"at_most": RULE.at_once})
    if slot not in times_free(uow=uow, doctor_id=wish.doctor_id, day=wish.appointment_date, now=moment):
        raise SlotTaken
    return book(
        uow=uow,
        actor=actor,
        booking=Booking(
            patient_id=patient_id,
            doctor_id=wish.doctor_id,
            department_id=department_id,
            appointment_date=wish.appointment_date,
            start_time=period[0],
            end_time=period[1],
            appointment_type=wish.appointment_type,
            reason=wish.reason,
        ),
        now=moment,
    )


def cancel_own(
    *,
    uow: UnitOfWork,
    actor: Actor,
    appointment_id: UUID,
    reason: str | None = None,
    version: int | None = None,
    now: datetime | None = None,
) -> AppointmentRow:
    """Cancel one's own appointment before its time. Raises NotFound (also for somebody else's), AlreadyBegun,
    TransitionNotAllowed, InvalidFields, PreconditionFailed."""
    found = appointment(uow=uow, appointment_id=appointment_id)
    if found.status in _OPEN and begins_at(found) <= (now or utc_now()):
        raise AlreadyBegun
    return act(
        uow=uow,
        actor=actor,
        appointment_id=appointment_id,
        action="cancel",
        reason=(reason or "").strip() or NO_REASON_GIVEN,
        version=version,
        now=now,
    )


def can_cancel(found: AppointmentRow, *, now: datetime | None = None) -> bool:
    """Whether the patient may still cancel it."""
    return found.status in _OPEN and begins_at(found) > (now or utc_now())


def begins_at(found: AppointmentRow) -> datetime:
    """The moment of its start."""
    return datetime.combine(found.appointment_date, found.start_time, tzinfo=LOCAL_ZONE)


def upcoming_of(*, uow: UnitOfWork, patient_id: UUID, now: datetime) -> list[AppointmentRow]:
    """What is still to come, by time, without audit: for decisions, and for lists that write their own."""
    page = list_appointments(
        uow=uow, wanted=Filter(patient_id=patient_id, since=local_today(now)), limit=_MOST_ROWS, cursor=None
    )
    return [each for each in page.items if each.status in _OPEN and begins_at(each) > now]


def _home_department(uow: UnitOfWork, wish: Wish) -> UUID | None:
    """The doctor's own department, if any; raises InvalidFields where nobody here is that doctor."""
    doctor = next((each for each in active_doctors(uow=uow) if each.id == wish.doctor_id), None)
    if doctor is None:
        raise InvalidFields(errors={"doctor_id": [NO_SUCH_DOCTOR]})
    return doctor.department_id


def _department(wish: Wish, slot: Slot, home: UUID | None) -> UUID:
    """Where the visit is: as the schedule says, or else in the doctor's own department; raises InvalidFields."""
    there = slot.department_id or home
    if there is not None and wish.department_id not in {None, there}:
        raise InvalidFields(errors={"department_id": [OTHER_DEPARTMENT]})
    department_id = there or wish.department_id
    if department_id is None:
        raise InvalidFields(errors={"doctor_id": [NO_DEPARTMENT]})
    return department_id


def _slot(uow: UnitOfWork, wish: Wish, now: datetime) -> Slot:
    """The offered time that begins when the patient wishes; raises InvalidFields."""
    day = wish.appointment_date
    working = read_working_time(uow=uow, doctor_id=wish.doctor_id, since=day, until=day)
    offered = {slot.start: slot for slot in offered_times(day, busy=(), now=now, working=working)}
    found = offered.get(wish.start_time)
    if found is None:
        raise InvalidFields(errors={"start_time": [NOT_OFFERED]})
    if wish.end_time not in {None, found.end}:
        raise InvalidFields(errors={"end_time": [OTHER_END]})
    return found
