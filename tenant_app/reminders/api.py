"""Reminders over the API: of an appointment, those that need somebody, a patient's wishes, the settings."""

from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered
from tenant_app.appointments.public import read as read_appointment
from tenant_app.patients.public import read as read_patient
from tenant_app.reminders import queries, service
from tenant_app.reminders.models import ReminderSettings
from tenant_app.reminders.queries import ReminderRow
from tenant_app.reminders.rules import Wishes
from tenant_app.reminders.schemas import (
    ReminderAnswer,
    ReminderBody,
    RemindersAnswer,
    RemindersAsked,
    RemindersOfAppointmentAnswer,
    SettingsAnswer,
    SettingsBody,
    TestBody,
    WishesAnswer,
    WishesBody,
)
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint("reminders", __name__, url_prefix="/api/v1", description="Reminders of appointments")

_Settings = tuple[dict[str, Any], int, dict[str, str]]


@blueprint.route("/appointments/<uuid:appointment_id>/reminders", methods=["GET"])
@requires("appointment.read")
@blueprint.response(200, RemindersOfAppointmentAnswer)
def of_appointment(appointment_id: UUID) -> dict[str, list[ReminderRow]]:
    """What was sent, what is planned, and what became of each."""
    uow = request_unit_of_work()
    read_appointment(uow=uow, actor=current_actor(), appointment_id=appointment_id)
    found = queries.reminders_of(uow=uow, appointment_id=appointment_id)
    uow.commit()
    return {"items": found}


@blueprint.route("/appointments/<uuid:appointment_id>/reminders", methods=["POST"])
@requires("reminder.send")
@remembered(IdempotencyKey)
@blueprint.arguments(ReminderBody)
@blueprint.response(201, ReminderAnswer)
def send_now(body: dict[str, Any], appointment_id: UUID) -> ReminderRow:
    """Send one at the next round, within seconds; the patient's wish and the daily limit hold."""
    return service.send_now(
        uow=request_unit_of_work(), actor=current_actor(), appointment_id=appointment_id, channel=body["channel"]
    )


@blueprint.route("/reminders", methods=["GET"])
@requires("reminder.send")
@blueprint.arguments(RemindersAsked, location="query", unknown=None)
@blueprint.response(200, RemindersAnswer)
def reminders(asked: dict[str, Any]) -> Page[ReminderRow]:
    """Those that need somebody to look, or of one status; the newest first."""
    uow = request_unit_of_work()
    page = service.read_list(uow=uow, actor=current_actor(), **asked)
    uow.commit()
    return page


@blueprint.route("/reminders/<uuid:reminder_id>/stop", methods=["POST"])
@requires("reminder.send")
@blueprint.response(200, ReminderAnswer)
def stop(reminder_id: UUID) -> ReminderRow:
    """Do not send it."""
    uow = request_unit_of_work()
    found = service.stop(uow=uow, actor=current_actor(), reminder_id=reminder_id)
    uow.commit()
    return found


@blueprint.route("/reminders/<uuid:reminder_id>/again", methods=["POST"])
@requires("reminder.send")
@blueprint.response(200, ReminderAnswer)
def again(reminder_id: UUID) -> ReminderRow:
    """Send once more what failed, was stopped, or perhaps did not arrive; answers the new one."""
    uow = request_unit_of_work()
    found = service.again(uow=uow, actor=current_actor(), reminder_id=reminder_id)
    uow.commit()
    return found


@blueprint.route("/patients/<uuid:patient_id>/reminder-wishes", methods=["GET"])
@requires("patient.read")
@blueprint.response(200, WishesAnswer)
def wishes(patient_id: UUID) -> Wishes:
    """Whether the patient wants reminders, and in which language."""
    uow = request_unit_of_work()
    read_patient(uow=uow, actor=current_actor(), patient_id=patient_id)
    found = queries.wishes_of(uow=uow, patient_id=patient_id)
    uow.commit()
    return found


@blueprint.route("/patients/<uuid:patient_id>/reminder-wishes", methods=["PUT"])
@requires("patient.update")
@blueprint.arguments(WishesBody)
@blueprint.response(200, WishesAnswer)
def set_wishes(body: dict[str, str], patient_id: UUID) -> Wishes:
    """Write down what the patient wants."""
    uow = request_unit_of_work()
    found = service.set_wishes(uow=uow, actor=current_actor(), patient_id=patient_id, given=body)
    uow.commit()
    return found


@blueprint.route("/hospital/reminders", methods=["GET"])
@requires("hospital.read")
@blueprint.response(200, SettingsAnswer)
def settings() -> _Settings:
    """How the hospital reminds."""
    uow = request_unit_of_work()
    found = _answer(queries.reminder_settings(uow=uow))
    uow.commit()
    return found


@blueprint.route("/hospital/reminders", methods=["PATCH"])
@requires("hospital.manage")
@blueprint.arguments(SettingsBody)
@blueprint.response(200, SettingsAnswer)
def change_settings(body: dict[str, Any]) -> _Settings:
    """Change how the hospital reminds; takes If-Match. Open appointments are planned anew."""
    uow, version = request_unit_of_work(), expected_version()
    found = _answer(service.change_settings(uow=uow, actor=current_actor(), version=version, given=body))
    uow.commit()
    return found


@blueprint.route("/hospital/reminders/tests", methods=["POST"])
@requires("hospital.manage")
@remembered(IdempotencyKey)
@blueprint.arguments(TestBody)
@blueprint.response(201, ReminderAnswer)
def send_test(body: dict[str, Any]) -> ReminderRow:
    """Send a message as patients get it to an address of one's own."""
    return service.send_test(uow=request_unit_of_work(), actor=current_actor(), **body)


def _answer(found: ReminderSettings) -> _Settings:
    return {**queries.settings_values(found), "version": found.version}, 200, {"ETag": etag(found.version)}
