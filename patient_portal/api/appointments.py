"""One's own appointments over the API: over all hospitals, and booked or cancelled at the one that the path names."""

from dataclasses import asdict
from datetime import time
from typing import Any
from uuid import UUID

from flask import g

from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, version_if_sent
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from patient_portal.api.schemas import (
    DoctorsAnswer,
    FreeTimesAnswer,
    FreeTimesAsked,
    OwnAppointmentAnswer,
    OwnAppointmentsAnswer,
    OwnAppointmentsAsked,
    OwnBookingBody,
    OwnCancelBody,
)
from patient_portal.appointments.overview import list_items
from patient_portal.appointments.service import Wish, book_own, cancel_own, times_free
from patient_portal.auth.sessions import patient_here, signed_in_patient
from patient_portal.hospitals.access import HospitalAccess
from tenant_app.appointments.public import AppointmentRow, read
from tenant_app.staff.public import IdempotencyKey, active_doctors, list_departments

blueprint = Blueprint("appointments", __name__, url_prefix="/api/v1", description="Appointments")

_Answer = tuple[dict[str, Any], int, dict[str, str]]


@blueprint.route("/appointments", methods=["GET"])
@signed_in
@blueprint.arguments(OwnAppointmentsAsked, location="query", unknown=None)
@blueprint.response(200, OwnAppointmentsAnswer)
def appointments(asked: dict[str, Any]) -> dict[str, Any]:
    """Over all hospitals of the session, by day and time; those that do not answer are named."""
    page = list_items(
        access=collaborator(HospitalAccess), uow=request_unit_of_work(), patient=signed_in_patient(), **asked
    )
    return {
        "items": [_answer(item.row, code=item.hospital.tenant_code, name=item.hospital.name) for item in page.items],
        "next_cursor": page.next_cursor,
        "unavailable": [member.tenant_code for member in page.unavailable],
    }


@blueprint.route("/hospitals/<string:tenant_code>/doctors", methods=["GET"])
@signed_in
@blueprint.response(200, DoctorsAnswer)
def doctors(tenant_code: str) -> dict[str, Any]:
    """Whom one may book at this hospital."""
    del tenant_code  # The gatekeeper has read it.
    uow = request_unit_of_work()
    answer = {
        "departments": list_departments(uow=uow, active_only=True).items,
        "items": active_doctors(uow=uow),
    }
    uow.commit()
    return answer


@blueprint.route("/hospitals/<string:tenant_code>/doctors/<uuid:doctor_id>/free-times", methods=["GET"])
@signed_in
@blueprint.arguments(FreeTimesAsked, location="query", unknown=None)
@blueprint.response(200, FreeTimesAnswer)
def free_times(asked: dict[str, Any], tenant_code: str, doctor_id: UUID) -> dict[str, list[dict[str, time]]]:
    """When a doctor can be booked on a day."""
    del tenant_code
    uow = request_unit_of_work()
    found = times_free(uow=uow, doctor_id=doctor_id, day=asked["date"])
    uow.commit()
    return {"items": [{"start_time": slot.start, "end_time": slot.end} for slot in found]}


@blueprint.route("/hospitals/<string:tenant_code>/appointments", methods=["POST"])
@signed_in
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(OwnBookingBody)
@blueprint.response(201, OwnAppointmentAnswer)
def book(body: dict[str, Any], tenant_code: str) -> _Answer:
    """Book a free time for oneself."""
    del tenant_code
    made = book_own(uow=request_unit_of_work(), actor=current_actor(), patient_id=patient_here(), wish=Wish(**body))
    answer, _, headers = _one(made)
    return answer, 201, headers


@blueprint.route("/hospitals/<string:tenant_code>/appointments/<uuid:appointment_id>", methods=["GET"])
@signed_in
@blueprint.response(200, OwnAppointmentAnswer)
def show(tenant_code: str, appointment_id: UUID) -> _Answer:
    """One of one's own appointments."""
    del tenant_code
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), appointment_id=appointment_id)
    uow.commit()
    return _one(found)


@blueprint.route("/hospitals/<string:tenant_code>/appointments/<uuid:appointment_id>/cancel", methods=["POST"])
@signed_in
@blueprint.arguments(OwnCancelBody)
@blueprint.response(200, OwnAppointmentAnswer)
def cancel(body: dict[str, Any], tenant_code: str, appointment_id: UUID) -> _Answer:
    """Cancel one's own appointment before its time. If-Match is honoured where it is sent."""
    del tenant_code
    uow = request_unit_of_work()
    found = cancel_own(
        uow=uow,
        actor=current_actor(),
        appointment_id=appointment_id,
        reason=body["reason"],
        version=version_if_sent(),
    )
    uow.commit()
    return _one(found)


def _one(row: AppointmentRow) -> _Answer:
    return _answer(row, code=g.hospital.code, name=g.hospital.name), 200, {"ETag": etag(row.version)}


def _answer(row: AppointmentRow, *, code: str, name: str) -> dict[str, Any]:
    return {**asdict(row), "tenant_code": code, "hospital_name": name}
