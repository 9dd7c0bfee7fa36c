"""Booking, one choice a page: hospital, department, doctor, day, time, and then one large button.

The choices made so far stand in the address; none of them says anything of the patient.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Final
from uuid import UUID

from flask import Blueprint, flash, g, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from kernel.clock import local_today, utc_now
from kernel.errors import InvalidFields, SokhamError
from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.field_messages import field_message
from patient_portal.appointments.service import Wish, book_own, days_open, hours_ahead, times_free
from patient_portal.auth.sessions import patient_here, signed_in_patient
from patient_portal.errors import OwnAppointmentOverlaps, TooManyUpcoming
from patient_portal.hospitals.access import HospitalAccess
from patient_portal.pages.forms import go, sentence
from tenant_app.appointments.public import OutsideSchedule, Slot, SlotTaken
from tenant_app.hospital.public import hospital_info
from tenant_app.patients.public import PatientInactive
from tenant_app.schedules.public import scheduled_departments
from tenant_app.staff.public import DepartmentRow, Doctor, active_doctors, list_departments

pages = Blueprint("booking", __name__)

NOON: Final = time(12)
DAYS_SHOWN: Final = 12
LONGEST_REASON: Final = 500


@dataclass
class Chosen:
    """What has been chosen so far; what does not exist counts as not chosen."""

    department: DepartmentRow | None = None
    doctor: Doctor | None = None
    day: date | None = None
    start: time | None = None


@pages.route("/book", methods=["GET"])
@signed_in
def start() -> str | Response:
    """At which hospital?"""
    gathered = collaborator(HospitalAccess).gather(
        uow=request_unit_of_work(), patient=signed_in_patient(), work=lambda visit: hospital_info(uow=visit.uow)
    )
    if len(gathered.found) == 1 and not gathered.unavailable:
        return go("booking.choose", tenant_code=gathered.found[0][0].tenant_code)
    return render_template("patient/book_hospital.html", found=gathered.found, unavailable=gathered.unavailable)


@pages.route("/hospitals/<string:tenant_code>/book", methods=["GET"])
@signed_in
def choose(tenant_code: str) -> str:
    """The next choice to make at this hospital."""
    del tenant_code  # The gatekeeper has read it.
    return _choices(request.args)


def _choices(given: Mapping[str, str], *, reason: str = "", refusal: str = "") -> str:
    """The next choice. `reason` is what was written before a time turned out to be taken; it is in no address."""
    uow, now = request_unit_of_work(), utc_now()
    doctors = active_doctors(uow=uow)
    places = _places(doctors)
    departments = _departments(places)
    chosen = _chosen(given, departments, doctors, places)
    days: list[date] = []
    times: list[Slot] = []
    if chosen.department is not None and chosen.doctor is not None:
        here = chosen.department.id if len(places[chosen.doctor.id]) > 1 else None
        working = hours_ahead(uow=uow, doctor_id=chosen.doctor.id, now=now)
        days = days_open(working=working, now=now, department_id=here)
        chosen.day = chosen.day if chosen.day in days else None
        if chosen.day is not None:
            times = times_free(
                uow=uow, doctor_id=chosen.doctor.id, day=chosen.day, department_id=here, now=now, working=working
            )
        if chosen.start not in {slot.start for slot in times}:
            chosen.start = None
    uow.commit()
    return render_template(
        "patient/book.html",
        hospital=g.hospital,
        chosen=chosen,
        departments=departments,
        doctors=[doctor for doctor in doctors if chosen.department and chosen.department.id in places[doctor.id]],
        days=days[:DAYS_SHOWN],
        times=times,
        noon=NOON,
        reason=reason,
        refusal=refusal,
    )


@pages.route("/hospitals/<string:tenant_code>/book", methods=["POST"])
@signed_in
def book(tenant_code: str) -> Response | str | tuple[str, int]:
    """Book what was chosen. A time that somebody else has just taken leads back to the times, and no word is lost."""
    form, uow = request.form, request_unit_of_work()
    reason = form.get("reason", "")[:LONGEST_REASON]
    if form.get("step") == "time":
        return _choices(form, reason=reason)
    doctor_id, day, begins = _uuid(form.get("doctor")), _day(form.get("day")), _time(form.get("time"))
    if doctor_id is None or day is None or begins is None:
        return go("booking.choose", tenant_code=tenant_code)
    wish = Wish(doctor_id=doctor_id, appointment_date=day, start_time=begins, reason=reason)
    try:
        made = book_own(uow=uow, actor=current_actor(), patient_id=patient_here(), wish=wish)
        uow.commit()
    except (SlotTaken, OutsideSchedule, OwnAppointmentOverlaps, InvalidFields) as error:
        uow.session.rollback()
        given = {name: value for name, value in form.items() if name != "time"}
        return _choices(given, reason=reason, refusal=_why(error)), error.status
    except (TooManyUpcoming, PatientInactive) as error:
        flash(sentence(error), "warning")
        return go("visits.all_visits")
    flash(gettext("Your appointment is booked."), "success")
    return go("visits.one", tenant_code=tenant_code, appointment_id=made.id)


def _why(error: SokhamError) -> str:
    messages = [field_message(message) for each in error.errors.values() for message in each]
    return " ".join(messages) or sentence(error)


def _places(doctors: list[Doctor]) -> dict[UUID, set[UUID]]:
    """Doctor → the departments in which they can be booked: those of their schedules, or else their own."""
    scheduled: dict[UUID, set[UUID]] = {}
    for doctor_id, department_id in scheduled_departments(uow=request_unit_of_work(), since=local_today()):
        scheduled.setdefault(doctor_id, set()).add(department_id)
    own = {doctor.id: {doctor.department_id} if doctor.department_id else set() for doctor in doctors}
    return {doctor_id: scheduled.get(doctor_id) or home for doctor_id, home in own.items()}


def _departments(places: Mapping[UUID, set[UUID]]) -> list[DepartmentRow]:
    """Those in which somebody can be booked."""
    staffed = {department_id for each in places.values() for department_id in each}
    listed = list_departments(uow=request_unit_of_work(), active_only=True).items
    return [department for department in listed if department.id in staffed]


def _chosen(
    given: Mapping[str, str],
    departments: list[DepartmentRow],
    doctors: list[Doctor],
    places: Mapping[UUID, set[UUID]],
) -> Chosen:
    chosen = Chosen()
    wanted = _uuid(given.get("department"))
    chosen.department = next((each for each in departments if each.id == wanted), None)
    if chosen.department is None:
        return chosen
    wanted = _uuid(given.get("doctor"))
    here = [each for each in doctors if chosen.department.id in places[each.id]]
    chosen.doctor = next((each for each in here if each.id == wanted), None)
    if chosen.doctor is None:
        return chosen
    chosen.day = _day(given.get("day"))
    if chosen.day is not None:
        chosen.start = _time(given.get("time"))
    return chosen


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _time(text: str | None) -> time | None:
    try:
        return time.fromisoformat(text).replace(tzinfo=None) if text else None
    except ValueError:
        return None
