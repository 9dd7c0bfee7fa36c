"""An appointment as a file for the calendar of a phone: the patient's at the desk, or the doctor's own."""

from io import BytesIO

from flask import Blueprint, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from kernel.clock import utc_now
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.appointments.public import MIMETYPE, calendar_file, file_name, read
from tenant_app.hospital.public import hospital_info

blueprint = Blueprint("calendar_file", __name__, url_prefix="/appointments")


@blueprint.route("/<appointment_id>/calendar.ics")
@requires("appointment.read")
def show(appointment_id: str) -> Response:
    """It says when and at which hospital, and nothing of the patient."""
    uow = request_unit_of_work()
    row = read(uow=uow, actor=current_actor(), appointment_id=parse_uuid(appointment_id, what="appointment"))
    content = calendar_file(row, hospital=hospital_info(uow=uow), now=utc_now(), translate=gettext)
    uow.commit()
    return send_file(BytesIO(content), mimetype=MIMETYPE, as_attachment=True, download_name=file_name(row))
