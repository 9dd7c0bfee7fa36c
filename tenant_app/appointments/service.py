"""Booking, and what becomes of an appointment. Staff and patients use the same services."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import Forbidden, InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.listing import Page
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.appointments import queries
from tenant_app.appointments.errors import OutsideSchedule, SlotTaken
from tenant_app.appointments.models import APPOINTMENT_TYPES, Appointment
from tenant_app.appointments.rules import LONGEST_REASON, check_times, next_status, parse_reason
from tenant_app.audit.service import record
from tenant_app.calendar.public import NOT_SET
from tenant_app.live.public import announce, appointment_changed, notices_changed
from tenant_app.patients.status_rules import refuse_closed
from tenant_app.reach.public import reaches
from tenant_app.schedules.public import hold_schedule, read_working_time
from tenant_app.staff.errors import DepartmentClosed
from tenant_app.staff.models import Department, User

UNKNOWN_DOCTOR: Final = N_("There is no such doctor, or the doctor does not work here now.")
UNKNOWN_DEPARTMENT: Final = N_("There is no such department.")
UNKNOWN_PATIENT: Final = N_("There is no such patient.")
UNKNOWN_TYPE: Final = N_("This kind of appointment is not known.")

# Two rows that exclude each other, inserted at once, would wait for each other: a deadlock where a refusal is meant. So
# those who book one doctor's day take turns, for the length of a transaction.
_TAKE_TURN: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('booking:' || :slot, 0))").bindparams(
    bindparam("slot", type_=Text)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """What is to be booked; the date and times are local, the day's own."""

    patient_id: UUID
    doctor_id: UUID
    department_id: UUID
    appointment_date: date
    start_time: time
    end_time: time
    appointment_type: str
    reason: str | None = field(default=None, repr=False)
    outside_reason: str | None = field(default=None, repr=False)


def book(*, uow: UnitOfWork, actor: Actor, booking: Booking, now: datetime | None = None) -> queries.AppointmentRow:
    """A new appointment, `scheduled`. A patient books through the portal, for the patient of their own transaction.

    Outside the doctor's own hours only staff book, and say why. Raises InvalidFields, PatientInactive, OutsideSchedule,
    SlotTaken.
    """
    check_times(day=booking.appointment_date, start=booking.start_time, end=booking.end_time, now=now or utc_now())
    check_parties(uow, booking)
    take_turns(uow, [(booking.doctor_id, booking.appointment_date)])
    staff = actor.id if actor.kind == "staff" else None
    outside_reason = reason_for_outside(
        uow,
        doctor_id=booking.doctor_id,
        day=booking.appointment_date,
        span=(booking.start_time, booking.end_time),
        reason=booking.outside_reason if staff else None,
    )
    made = Appointment(
        id=new_row_id(),
        patient_id=booking.patient_id,
        doctor_id=booking.doctor_id,
        department_id=booking.department_id,
        appointment_date=booking.appointment_date,
        start_time=booking.start_time,
        end_time=booking.end_time,
        appointment_type=booking.appointment_type,
        reason=(booking.reason or "").strip() or None,
        outside_reason=outside_reason,
        source="web_portal" if actor.kind == "patient" else "hospital_staff",
        created_by=staff,
        updated_by=staff,
    )
    uow.session.add(made)
    place(uow)
    record(
        uow=uow,
        actor=actor,
        action="appointment.book",
        resource_type="appointment",
        resource_id=made.id,
        patient_id=made.patient_id,
    )
    tell(uow, made, doctors=[made.doctor_id])
    return queries.appointment(uow=uow, appointment_id=made.id)


def take_turns(uow: UnitOfWork, days: Iterable[tuple[UUID, date]]) -> None:
    """Wait until nobody else books these doctors on these days; in one order, so that no two wait for each other."""
    for slot in sorted({f"{doctor_id}:{day}" for doctor_id, day in days}):
        uow.session.execute(_TAKE_TURN, {"slot": slot})


def reason_for_outside(
    uow: UnitOfWork, *, doctor_id: UUID, day: date, span: tuple[time, time], reason: str | None
) -> str | None:
    """Why it is booked outside the doctor's own hours; None within them. The hours stay as they are until the commit.

    Raises OutsideSchedule without a reason.
    """
    hold_schedule(uow, doctor_id)
    working = read_working_time(uow=uow, doctor_id=doctor_id, since=day, until=day, calendar=NOT_SET)
    if working.allows(day, span):
        return None
    said = (reason or "").strip()[:LONGEST_REASON]
    if not said:
        raise OutsideSchedule
    return said


def place(uow: UnitOfWork) -> None:
    """Write appointments down. Raises SlotTaken, DepartmentClosed, PreconditionFailed."""
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "ex_appointments_doctor_overlap":
            raise SlotTaken from err
        if violated(err) == "ck_departments_open":
            raise DepartmentClosed(data={"field": "department_id"}) from err
        raise
    except StaleDataError as err:
        raise PreconditionFailed from err


def act(
    *,
    uow: UnitOfWork,
    actor: Actor,
    appointment_id: UUID,
    action: str,
    reason: str | None = None,
    version: int | None = None,
    now: datetime | None = None,
) -> queries.AppointmentRow:
    """Confirm, start, complete, cancel (with a reason), or note who came after all; a patient may only cancel.

    `version` is the one last seen, where the caller says so. Raises NotFound, TransitionNotAllowed, InvalidFields,
    PreconditionFailed (somebody else was quicker).
    """
    if actor.kind == "patient" and action != "cancel":
        raise Forbidden
    found = uow.session.execute(
        select(Appointment).where(Appointment.id == appointment_id).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("appointment")
    if version is not None and found.version != version:
        raise PreconditionFailed
    found.status = next_status(found.status, action)
    moment = now or utc_now()
    staff = actor.id if actor.kind == "staff" else None
    match action:
        case "confirm" | "came":
            found.confirmed_at, found.confirmed_by = moment, staff
        case "start":
            found.started_at, found.started_by = moment, staff
        case "complete":
            found.completed_at, found.completed_by = moment, staff
        case "cancel":
            found.cancellation_reason = parse_reason(reason)
            found.cancelled_at, found.cancelled_by = moment, staff
            found.cancelled_by_kind = "patient" if actor.kind == "patient" else "staff"
    found.updated_by = staff
    place(uow)
    record(
        uow=uow,
        actor=actor,
        action=f"appointment.{action}",
        resource_type="appointment",
        resource_id=appointment_id,
        patient_id=found.patient_id,
        changed=("status",),
    )
    tell(uow, found, doctors=[found.doctor_id] if action == "cancel" else ())
    return queries.appointment(uow=uow, appointment_id=appointment_id)


def read(*, uow: UnitOfWork, actor: Actor, appointment_id: UUID) -> queries.AppointmentRow:
    """One appointment, with the audit row of this reading. Raises NotFound."""
    found = queries.appointment(uow=uow, appointment_id=appointment_id)
    record(
        uow=uow,
        actor=actor,
        action="appointment.read",
        resource_type="appointment",
        resource_id=appointment_id,
        patient_id=found.patient_id,
    )
    return found


def read_list(
    *, uow: UnitOfWork, actor: Actor, wanted: queries.Filter, limit: int = 25, cursor: str | None = None
) -> Page[queries.AppointmentRow]:
    """A list of appointments, with the audit row of this reading; the patient is named where the list is of one."""
    page = queries.list_appointments(uow=uow, wanted=wanted, limit=limit, cursor=cursor)
    record(uow=uow, actor=actor, action="appointment.list", resource_type="appointment", patient_id=wanted.patient_id)
    return page


def tell(
    uow: UnitOfWork,
    changed: Appointment,
    *,
    was_on: date | None = None,
    was_whose: Iterable[UUID] = (),
    doctors: Collection[UUID] = (),
) -> None:
    """Tell whoever looks at its day, or at the day on which it stood before, and sees its department or doctor; and
    `doctors`, who may have a notice of it.
    """
    days = {changed.appointment_date, was_on or changed.appointment_date}
    whose = {changed.department_id, changed.doctor_id, *was_whose}
    announce(uow, appointment_changed(appointment_id=changed.id, days=days, whose=whose, version=changed.version))
    if doctors:
        announce(uow, notices_changed(doctors))


def check_parties(uow: UnitOfWork, booking: Booking) -> None:
    """In one round trip, whether patient, doctor and department are there and active."""
    patient, doctor, department = uow.session.execute(
        select(
            # Held until the commit, so that nobody makes them inactive meanwhile.
            func.booking_patient_status(booking.patient_id),
            select(User.id)
            .where(User.id == booking.doctor_id, User.role == "doctor", User.status == "active")
            .scalar_subquery(),
            select(Department.id)
            .where(Department.id == booking.department_id, Department.status == "active")
            .scalar_subquery(),
        )
    ).one()
    errors: dict[str, list[str]] = {}
    if patient is None:
        errors["patient_id"] = [UNKNOWN_PATIENT]
    if doctor is None:
        errors["doctor_id"] = [UNKNOWN_DOCTOR]
    # Beyond reach it is as if there were none; with oneself one is booked wherever one is sent.
    if department is None or not reaches(uow, booking.department_id, of=booking.doctor_id):
        errors["department_id"] = [UNKNOWN_DEPARTMENT]
    if booking.appointment_type not in APPOINTMENT_TYPES:
        errors["appointment_type"] = [UNKNOWN_TYPE]
    if errors:
        raise InvalidFields(errors=errors)
    refuse_closed(patient)
