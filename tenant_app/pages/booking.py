"""Booking: patient → department → doctor → day → a free time. Nothing typed is lost when a time is taken meanwhile."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.text import N_, canonical
from kernel.web.access import requires
from kernel.web.actor import Actor, current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.appointments.public import (
    APPOINTMENT_TYPES,
    LENGTHS,
    USUAL_MINUTES,
    Booking,
    DoctorDay,
    OutsideSchedule,
    Slot,
    SlotTaken,
    book,
    doctor_day,
)
from tenant_app.pages.forms import CHOOSE, TOO_LONG, chosen_id, lead_to, page, parse_day, spoken
from tenant_app.pages.recent_patients import recently_opened
from tenant_app.pages.shown import TYPE_NAMES, banner, long_day, options
from tenant_app.pages.working_days import bookable_in, departments_in_reach, limited_to, why_nothing
from tenant_app.patients.public import PatientInactive, PatientRecord, read
from tenant_app.reach.public import reaches
from tenant_app.staff.errors import DepartmentClosed
from tenant_app.staff.public import Doctor

blueprint = Blueprint("booking", __name__, url_prefix="/appointments/new")

CHOOSE_TIME: Final = N_("Choose one of the free times.")
OUTSIDE_REASON: Final = N_("The doctor does not work at that time. Say why it is booked all the same.")
LONGEST_REASON: Final = 1000
LONGEST_OUTSIDE_REASON: Final = 500
# The service's names of fields → those of the form.
_FIELDS: Final = {
    "patient_id": "patient",
    "doctor_id": "doctor",
    "department_id": "department",
    "appointment_date": "day",
    "start_time": "start",
    "end_time": "start",
}


@dataclass(kw_only=True)
class Wish:
    """What has been chosen so far, with what is wrong with it."""

    patient_id: UUID | None
    department_id: UUID | None
    doctor_id: UUID | None
    day: date
    typed_day: str
    minutes: int | None
    all_hours: bool
    start: time | None
    appointment_type: str
    reason: str = field(repr=False)
    outside_reason: str = field(default="", repr=False)
    errors: dict[str, list[str]] = field(default_factory=dict)

    def onward(self) -> dict[str, str]:
        """What a link to this page carries on; never the reason, which is nobody's address."""
        named = {"day": self.day, "doctor": self.doctor_id, "department": self.department_id}
        start = {"start": f"{self.start:%H:%M}"} if self.start else {}
        return {**{name: str(value) for name, value in named.items() if value is not None}, **start}


@blueprint.route("")
@requires("appointment.book")
def new() -> Response:
    """The form, with what the address chooses beforehand."""
    uow, actor = request_unit_of_work(), current_actor()
    wish = _wish(request.args, actor)
    wish.errors = {}
    answer = _form(uow, actor, wish)
    uow.commit()
    return answer


@blueprint.route("", methods=["POST"])
@requires("appointment.book")
def create() -> Response:
    """Show free times for what is chosen by now, or book, by the button that was pressed."""
    uow, actor = request_unit_of_work(), current_actor()
    wish = _wish(request.form, actor)
    step = request.form.get("step")
    if step != "book":
        shift = {"earlier": -1, "later": 1}.get(step or "", 0)
        wish.day = max(local_today(), wish.day + timedelta(days=shift))
        if shift:
            wish.typed_day, wish.start = "", None
        wish.errors = {name: said for name, said in wish.errors.items() if name == "day" and not shift}
        answer = _form(uow, actor, wish)
        uow.commit()
        return answer
    return _book(uow, actor, wish)


def _book(uow: UnitOfWork, actor: Actor, wish: Wish) -> Response:
    if not wish.errors:
        _require_choices(wish)
    if wish.errors or not (wish.patient_id and wish.doctor_id and wish.department_id and wish.start):
        answer = _form(uow, actor, wish, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        uow.commit()
        return answer
    end = datetime.combine(wish.day, wish.start) + timedelta(minutes=_length(uow, wish, wish.start))
    wanted = Booking(
        patient_id=wish.patient_id,
        doctor_id=wish.doctor_id,
        department_id=wish.department_id,
        appointment_date=wish.day,
        start_time=wish.start,
        end_time=end.time(),
        appointment_type=wish.appointment_type,
        reason=wish.reason,
        outside_reason=wish.outside_reason if wish.all_hours else None,
    )
    taken: time | None = None
    try:
        book(uow=uow, actor=actor, booking=wanted)
    except InvalidFields as wrong:
        uow.session.rollback()
        wish.errors = {_FIELDS.get(name, name): said for name, said in spoken(wrong.errors).items()}
        status, refused = wrong.status, None
    except SlotTaken as err:
        uow.session.rollback()
        taken, wish.start = wish.start, None
        status, refused = err.status, None
    except OutsideSchedule as err:
        uow.session.rollback()
        wish.all_hours = True
        wish.errors = {"outside_reason": [gettext(OUTSIDE_REASON)]}
        status, refused = err.status, None
    except (PatientInactive, DepartmentClosed) as err:
        uow.session.rollback()
        status, refused = err.status, sentences(err)
    else:
        uow.commit()
        return lead_to(
            url_for("patient_pages.show", patient_id=wish.patient_id), message=gettext("The appointment is booked.")
        )
    answer = _form(uow, actor, wish, status=status, taken=taken, refused=refused)
    uow.commit()
    return answer


def _wish(given: MultiDict[str, str], actor: Actor) -> Wish:
    """Read what is chosen; what cannot be read is noted in `errors`, and the usual stands in its place."""
    errors: dict[str, list[str]] = {}
    day, typed_day = local_today(), given.get("day", "")
    if typed_day:
        try:
            day, typed_day = parse_day(typed_day, field="day"), ""
        except InvalidFields as wrong:
            errors.update(spoken(wrong.errors))
    minutes = given.get("minutes", "")
    kind = given.get("appointment_type", "")
    reason = given.get("reason", "").strip()
    if len(reason) > LONGEST_REASON:
        errors["reason"] = [gettext(TOO_LONG)]
    return Wish(
        patient_id=chosen_id(given.get("patient"), what="patient"),
        department_id=chosen_id(given.get("department", str(actor.department_id or "")), what="department"),
        doctor_id=chosen_id(given.get("doctor"), what="doctor"),
        day=day,
        typed_day=typed_day,
        minutes=int(minutes) if minutes.isdecimal() and int(minutes) in LENGTHS else None,
        all_hours=given.get("all_hours") == "1",
        start=_time(given.get("start", "")),
        appointment_type=kind if kind in APPOINTMENT_TYPES else APPOINTMENT_TYPES[0],
        reason=reason,
        outside_reason=canonical(given.get("outside_reason", ""))[:LONGEST_OUTSIDE_REASON],
        errors=errors,
    )


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(canonical(text)).replace(tzinfo=None)
    except ValueError:
        return None


def _require_choices(wish: Wish) -> None:
    if wish.department_id is None:
        wish.errors["department"] = [gettext(CHOOSE)]
    if wish.doctor_id is None:
        wish.errors["doctor"] = [gettext(CHOOSE)]
    elif wish.start is None:
        wish.errors["start"] = [gettext(CHOOSE_TIME)]


def _form(
    uow: UnitOfWork,
    actor: Actor,
    wish: Wish,
    *,
    status: int = HTTPStatus.OK,
    taken: time | None = None,
    refused: tuple[str, str] | None = None,
) -> Response:
    patient: PatientRecord | None = None
    if wish.patient_id is not None:
        patient = read(uow=uow, actor=actor, patient_id=wish.patient_id)
    if patient is None:
        recent = recently_opened(uow=uow, actor=actor)
        return page("booking/choose_patient.html", status=status, carried=wish.onward(), recent=recent)
    departments = departments_in_reach(uow)
    if len(departments) == 1:
        wish.department_id = departments[0].id
    elif not reaches(uow, wish.department_id):
        wish.department_id = None
    doctors = bookable_in(uow, wish.department_id)
    wish.doctor_id = _one_of(doctors, wish.doctor_id)
    if wish.doctor_id is None:
        wish.start = None
    there = doctor_day(uow=uow, doctor_id=wish.doctor_id, day=wish.day) if wish.doctor_id else None
    free = [slot.start for slot in _slots(there, wish)] if there else []
    if wish.start not in free:
        wish.start = None
    noon = time(12)
    return page(
        "booking/form.html",
        status=status,
        wish=wish,
        patient=banner(patient),
        departments=departments,
        limited_to=limited_to(uow, departments),
        department_options=[(each.id, each.name) for each in departments],
        doctors=doctors,
        doctor_options=[(each.id, each.full_name) for each in doctors],
        morning=[each for each in free if each < noon],
        afternoon=[each for each in free if each >= noon],
        free=free,
        nothing=why_nothing(there, department_id=wish.department_id) if there and not free else None,
        taken=taken,
        refused=refused,
        lengths=[("", gettext("As the schedule says")), *_lengths()],
        types=options(TYPE_NAMES),
        day_title=long_day(wish.day),
        today=local_today(),
    )


def _one_of(doctors: list[Doctor], wanted: UUID | None) -> UUID | None:
    """The wanted doctor where they are among these, or the only one there is."""
    if any(doctor.id == wanted for doctor in doctors):
        return wanted
    return doctors[0].id if len(doctors) == 1 else None


def _slots(there: DoctorDay, wish: Wish) -> list[Slot]:
    if wish.all_hours:
        return there.untaken(now=utc_now(), minutes=wish.minutes or USUAL_MINUTES)
    return there.free(now=utc_now(), minutes=wish.minutes, department_id=wish.department_id)


def _length(uow: UnitOfWork, wish: Wish, start: time) -> int:
    """The minutes of the time that was chosen: as was wished, or as long as a slot of the schedule is."""
    if wish.minutes is not None or wish.doctor_id is None:
        return wish.minutes or USUAL_MINUTES
    there = doctor_day(uow=uow, doctor_id=wish.doctor_id, day=wish.day)
    slot = next((each for each in _slots(there, wish) if each.start == start), None)
    if slot is None:
        return USUAL_MINUTES
    return (slot.end.hour - slot.start.hour) * 60 + slot.end.minute - slot.start.minute


def _lengths() -> list[tuple[int, str]]:
    return [(length, gettext("%(minutes)s minutes", minutes=length)) for length in LENGTHS]
