"""Who is signed in, and which hospitals belong to the session."""

from typing import Any

from central.gateway.public import guess_limited
from kernel.web.access import signed_in
from kernel.web.api import Blueprint
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.api.schemas import HospitalAnswer, LinkBody, MeAnswer
from patient_portal.auth.sessions import signed_in_patient
from patient_portal.hospitals.access import HospitalAccess, Member
from patient_portal.hospitals.linking import Linking
from tenant_app.patients.public import read

blueprint = Blueprint("me", __name__, url_prefix="/api/v1", description="The patient and their hospitals")


@blueprint.route("/me", methods=["GET"])
@signed_in
@blueprint.response(200, MeAnswer)
def me() -> dict[str, Any]:
    """The patient as home knows them, with the hospitals of the session."""
    uow, patient = request_unit_of_work(), signed_in_patient()
    found = read(uow=uow, actor=patient.actor(), patient_id=patient.patient_id).patient
    hospitals = collaborator(HospitalAccess).members(uow=uow, patient=patient)
    uow.commit()
    return {
        "patient_global_id": found.patient_global_id,
        "full_name": found.full_name,
        "hospitals": hospitals,
    }


@blueprint.route("/hospitals/link", methods=["POST"])
@signed_in
@guess_limited
@blueprint.arguments(LinkBody)
@blueprint.response(200, HospitalAnswer)
def link(body: dict[str, Any]) -> Member:
    """Add the hospital whose activation code this is to the session."""
    return collaborator(Linking).link(uow=request_unit_of_work(), patient=signed_in_patient(), **body)


@blueprint.route("/hospitals/<string:linked_code>/unlink", methods=["POST"])
@signed_in
@blueprint.response(204)
def unlink(linked_code: str) -> None:
    """Take a linked hospital out of the session, also while it does not answer."""
    collaborator(Linking).unlink(uow=request_unit_of_work(), patient=signed_in_patient(), tenant_code=linked_code)
