"""One's own numbers in the waiting lines of today, over the API."""

from dataclasses import asdict
from typing import Any

from kernel.web.access import signed_in
from kernel.web.api import Blueprint
from kernel.web.collaborators import collaborator, request_unit_of_work
from patient_portal.api.schemas import OwnNumbersAnswer
from patient_portal.auth.sessions import signed_in_patient
from patient_portal.hospitals.access import HospitalAccess, Visit
from tenant_app.queue.public import OwnNumber, read_own_numbers

blueprint = Blueprint("queue", __name__, url_prefix="/api/v1/queue", description="One's own queue number")


@blueprint.route("", methods=["GET"])
@signed_in
@blueprint.response(200, OwnNumbersAnswer)
def numbers() -> dict[str, Any]:
    """One's numbers of today at all hospitals of the session, how many are before one, and about how long it takes."""

    def own(visit: Visit) -> list[OwnNumber]:
        return read_own_numbers(uow=visit.uow, actor=visit.actor, patient_id=visit.patient_id)

    gathered = collaborator(HospitalAccess).gather(uow=request_unit_of_work(), patient=signed_in_patient(), work=own)
    return {
        "items": [
            {**asdict(each), "tenant_code": member.tenant_code, "hospital_name": member.name}
            for member, found in gathered.found
            for each in found
        ],
        "unavailable": [member.tenant_code for member in gathered.unavailable],
    }
