"""All appointments; one of them; cancelling it."""

from io import BytesIO
from uuid import UUID

from flask import Blueprint, flash, g, render_template, request, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from kernel.clock import local_today, utc_now
from kernel.errors import Conflict, InvalidFields, PreconditionFailed
from kernel.web.access import signed_in
from kernel.web.actor import current_actor
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.appointments.overview import overview
from patient_portal.appointments.service import can_cancel, cancel_own
from patient_portal.auth.sessions import signed_in_patient
from patient_portal.hospitals.access import HospitalAccess
from patient_portal.pages.forms import go, sentence
from tenant_app.appointments.public import MIMETYPE, AppointmentRow, calendar_file, file_name, read
from tenant_app.hospital.public import hospital_info
from tenant_app.queue.public import OwnNumber, own_numbers

pages = Blueprint("visits", __name__)


@pages.route("/appointments", methods=["GET"])
@signed_in
def all_visits() -> str:
    """What comes and what was, over all hospitals."""
    patient = signed_in_patient()
    found = overview(access=collaborator(HospitalAccess), uow=request_unit_of_work(), patient=patient, past=True)
    return render_template("patient/appointments.html", overview=found)


@pages.route("/hospitals/<string:tenant_code>/appointments/<uuid:appointment_id>", methods=["GET"])
@signed_in
def one(tenant_code: str, appointment_id: UUID) -> str:
    """Where, when, with whom."""
    del tenant_code  # The gatekeeper has read it.
    row = _read(appointment_id)
    uow = request_unit_of_work()
    info = hospital_info(uow=uow)
    number: OwnNumber | None = None
    if row.appointment_date == local_today():
        mine = own_numbers(uow=uow)
        number = next((each for each in mine if each.appointment_id == row.id and each.stands), None)
    uow.commit()
    return render_template(
        "patient/appointment.html",
        row=row,
        info=info,
        hospital=g.hospital,
        may_cancel=can_cancel(row),
        number=number,
    )


@pages.route("/hospitals/<string:tenant_code>/appointments/<uuid:appointment_id>/calendar.ics", methods=["GET"])
@signed_in
def for_phone(tenant_code: str, appointment_id: UUID) -> Response:
    """A file that puts it into the calendar of one's own phone."""
    del tenant_code
    row, uow = _read(appointment_id), request_unit_of_work()
    content = calendar_file(row, hospital=hospital_info(uow=uow), now=utc_now(), translate=gettext)
    uow.commit()
    return send_file(BytesIO(content), mimetype=MIMETYPE, as_attachment=True, download_name=file_name(row))


@pages.route("/hospitals/<string:tenant_code>/appointments/<uuid:appointment_id>/cancel", methods=["GET"])
@signed_in
def ask(tenant_code: str, appointment_id: UUID) -> str | Response:
    """Ask before it is cancelled, on a page of its own: that works on every device."""
    row = _read(appointment_id)
    request_unit_of_work().commit()
    if not can_cancel(row):
        return go("visits.one", tenant_code=tenant_code, appointment_id=appointment_id)
    return render_template("patient/cancel.html", row=row, hospital=g.hospital)


@pages.route("/hospitals/<string:tenant_code>/appointments/<uuid:appointment_id>/cancel", methods=["POST"])
@signed_in
def cancel(tenant_code: str, appointment_id: UUID) -> Response:
    """Cancel it."""
    uow = request_unit_of_work()
    try:
        cancel_own(
            uow=uow,
            actor=current_actor(),
            appointment_id=appointment_id,
            reason=request.form.get("reason", "")[:500],
        )
        uow.commit()
    except (Conflict, PreconditionFailed, InvalidFields) as error:
        flash(sentence(error), "warning")
    else:
        flash(gettext("The appointment is cancelled. The hospital sees it."), "success")
    return go("visits.one", tenant_code=tenant_code, appointment_id=appointment_id)


def _read(appointment_id: UUID) -> AppointmentRow:
    return read(uow=request_unit_of_work(), actor=current_actor(), appointment_id=appointment_id)
