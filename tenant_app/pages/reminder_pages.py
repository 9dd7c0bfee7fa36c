"""Reminders at the desk: those of an appointment, those that need somebody, and what a patient wants."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.clock import LOCAL_ZONE
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.i18n import own_path
from kernel.web.problems import sentences
from tenant_app.appointments.public import read as read_appointment
from tenant_app.pages.forms import lead_to, page
from tenant_app.pages.reminder_words import CHANNEL_NAMES, KIND_NAMES, REASONS, SERVER_SAID, STATUS_BADGES
from tenant_app.pages.shown import banner, long_day
from tenant_app.patients.public import patient_record
from tenant_app.reminders.public import (
    ReminderGone,
    ReminderNotPossible,
    again,
    offered,
    phone_for,
    read_list,
    reminders_of,
    send_now,
    set_wishes,
    stop,
    wishes_of,
)

blueprint = Blueprint("reminder_pages", __name__)

_OPEN: Final = ("scheduled", "confirmed")
_WISHES: Final = ("email", "sms", "language")


@blueprint.route("/appointments/<appointment_id>/reminders")
@requires("appointment.read")
def of_appointment(appointment_id: str) -> Response:
    """What was sent, what is planned, and what may be done about it."""
    return _show(parse_uuid(appointment_id, what="appointment"))


@blueprint.route("/appointments/<appointment_id>/reminders", methods=["POST"])
@requires("reminder.send")
def send(appointment_id: str) -> Response:
    """Send one now."""
    uow, wanted = request_unit_of_work(), parse_uuid(appointment_id, what="appointment")
    channel = request.form.get("channel", "")
    try:
        send_now(uow=uow, actor=current_actor(), appointment_id=wanted, channel=channel)
    except ReminderNotPossible as refused:
        uow.session.rollback()
        title, advice = sentences(refused)
        why = reason_text(str(refused.data["reason"]))
        return _show(wanted, refused=(title, f"{why}. {advice}" if why else advice), status=refused.status)
    uow.commit()
    return _back_to(wanted, gettext("The reminder goes out within a minute."))


@blueprint.route("/reminders/<reminder_id>/stop", methods=["POST"])
@requires("reminder.send")
def do_not_send(reminder_id: str) -> Response:
    """Do not send a planned one."""
    uow = request_unit_of_work()
    try:
        found = stop(uow=uow, actor=current_actor(), reminder_id=parse_uuid(reminder_id, what="reminder"))
    except ReminderGone as late:
        uow.session.rollback()
        return lead_to(url_for("reminder_pages.failed"), message=". ".join(sentences(late)), tone="warning")
    uow.commit()
    return _back_to(found.appointment_id, gettext("This reminder is not sent."))


@blueprint.route("/reminders/<reminder_id>/again", methods=["POST"])
@requires("reminder.send")
def send_again(reminder_id: str) -> Response:
    """Send once more."""
    uow = request_unit_of_work()
    try:
        found = again(uow=uow, actor=current_actor(), reminder_id=parse_uuid(reminder_id, what="reminder"))
    except (ReminderGone, ReminderNotPossible) as refused:
        uow.session.rollback()
        why = reason_text(str(refused.data.get("reason") or ""))
        said = ". ".join(part for part in (sentences(refused)[0], why) if part)
        return lead_to(url_for("reminder_pages.failed"), message=said, tone="warning")
    uow.commit()
    return _back_to(found.appointment_id, gettext("The reminder goes out within a minute."))


@blueprint.route("/reminders")
@requires("reminder.send")
def failed() -> Response:
    """Those that were not sent for good, or of which nobody knows."""
    uow = request_unit_of_work()
    listed = read_list(uow=uow, actor=current_actor(), limit=50, cursor=request.args.get("cursor") or None)
    answer = page("reminders/failed.html", rows=listed.items, next_cursor=listed.next_cursor, **words())
    uow.commit()
    return answer


@blueprint.route("/patients/<patient_id>/reminder-wishes", methods=["POST"])
@requires("patient.update")
def wishes(patient_id: str) -> Response:
    """What the patient says at the desk."""
    uow, wanted = request_unit_of_work(), parse_uuid(patient_id, what="patient")
    given = {name: request.form[name] for name in _WISHES if request.form.get(name)}
    set_wishes(uow=uow, actor=current_actor(), patient_id=wanted, given=given)
    uow.commit()
    onward = own_path(request.form.get("next")) or url_for("patient_pages.show", patient_id=wanted)
    return lead_to(onward, message=gettext("What the patient wants is written down."))


def reason_text(code: str) -> str:
    """Why, in the reader's language; a server's answer with its number."""
    if code in REASONS:
        return str(gettext(REASONS[code]))
    return str(gettext(SERVER_SAID, code=code.rpartition("_")[2])) if code else ""


def words() -> dict[str, Any]:
    """What the templates speak with."""
    return {
        "channel_names": CHANNEL_NAMES,
        "kind_names": KIND_NAMES,
        "status_badges": STATUS_BADGES,
        "reason_text": reason_text,
    }


def _back_to(appointment_id: UUID | None, message: str) -> Response:
    return lead_to(url_for("reminder_pages.of_appointment", appointment_id=appointment_id), message=message)


def _show(appointment_id: UUID, *, refused: tuple[str, str] | None = None, status: int = HTTPStatus.OK) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    row = read_appointment(uow=uow, actor=actor, appointment_id=appointment_id)
    record = patient_record(uow=uow, patient_id=row.patient_id)
    starts_at = datetime.combine(row.appointment_date, row.start_time, tzinfo=LOCAL_ZONE)
    whom = phone_for(uow=uow, patient_id=row.patient_id, starts_at=starts_at)
    answer = page(
        "reminders/appointment.html",
        status=status,
        row=row,
        is_open=row.status in _OPEN,
        day_title=long_day(row.appointment_date),
        patient=banner(record),
        contact={"email": record.patient.email, "sms": whom.phone},
        guardian=whom.guardian,
        reminders=reminders_of(uow=uow, appointment_id=appointment_id),
        wishes=wishes_of(uow=uow, patient_id=row.patient_id),
        offered=offered(uow=uow),
        refused=refused,
        **words(),
    )
    uow.commit()
    return answer
