"""A patient's label to print: name, date of birth, code, and the code once more for a scanner; never a CCCD."""

from typing import Final

import segno
from flask import Blueprint, Response, request

from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.hospital.public import hospital_info
from tenant_app.pages.forms import page
from tenant_app.pages.shown import banner
from tenant_app.patients.public import read

blueprint = Blueprint("label", __name__, url_prefix="/patients/<patient_id>/label")

# A sheet of A4 with labels of 50 × 30 mm: four across, nine down.
ON_A_SHEET: Final = 36


@blueprint.route("")
@requires("patient.read")
def show(patient_id: str) -> Response:
    """One label for a label printer, or with `?paper=a4` a sheet of them."""
    uow = request_unit_of_work()
    found = read(uow=uow, actor=current_actor(), patient_id=parse_uuid(patient_id, what="patient"))
    hospital = hospital_info(uow=uow)
    sheet = request.args.get("paper") == "a4"
    answer = page(
        "patients/label.html",
        patient=banner(found),
        hospital=hospital,
        sheet=sheet,
        copies=ON_A_SHEET if sheet else 1,
        # Within the page, so that the picture needs no address of its own; it holds the patient's code alone.
        picture=segno.make(found.patient.patient_code, error="m").svg_data_uri(border=2, light="#fff"),
    )
    uow.commit()
    return answer
