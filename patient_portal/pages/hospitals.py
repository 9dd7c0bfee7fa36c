"""The hospitals of the session: linking another with its own code, and taking one out again."""

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from central.auth.public import InvalidSecret
from central.gateway.public import guess_limited
from kernel.errors import Conflict
from kernel.web.access import signed_in
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.auth.sessions import signed_in_patient
from patient_portal.hospitals.access import HospitalAccess
from patient_portal.hospitals.linking import Linking
from patient_portal.pages.forms import go, sentence
from tenant_app.hospital.public import hospital_info

pages = Blueprint("hospitals", __name__)


@pages.route("/hospitals", methods=["GET"])
@signed_in
def show() -> str:
    """Each with how to reach it."""
    gathered = collaborator(HospitalAccess).gather(
        uow=request_unit_of_work(), patient=signed_in_patient(), work=lambda visit: hospital_info(uow=visit.uow)
    )
    return render_template(
        "patient/hospitals.html", found=gathered.found, unavailable=gathered.unavailable, message=None
    )


@pages.route("/hospitals/link", methods=["POST"])
@signed_in
@guess_limited
def link() -> Response:
    """Add the hospital whose code this is."""
    try:
        added = collaborator(Linking).link(
            uow=request_unit_of_work(),
            patient=signed_in_patient(),
            activation_code=request.form.get("activation_code", ""),
        )
    except (InvalidSecret, Conflict) as error:
        flash(sentence(error), "danger")
    else:
        flash(gettext("%(name)s is linked: its appointments are here now.", name=added.name), "success")
    return go("hospitals.show")


@pages.route("/hospitals/<string:linked_code>/unlink", methods=["POST"])
@signed_in
def unlink(linked_code: str) -> Response:
    """Take a hospital out."""
    collaborator(Linking).unlink(uow=request_unit_of_work(), patient=signed_in_patient(), tenant_code=linked_code)
    flash(gettext("The hospital is no longer linked. Your record there stays as it is."), "success")
    return go("hospitals.show")
