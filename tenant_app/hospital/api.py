"""The hospital over the API."""

from typing import Any

from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version
from kernel.web.collaborators import request_unit_of_work
from tenant_app.hospital import service
from tenant_app.hospital.queries import Hospital, hospital_info
from tenant_app.hospital.schemas import HospitalAnswer, HospitalBody

blueprint = Blueprint("hospital", __name__, url_prefix="/api/v1/hospital", description="The hospital itself")

_Answer = tuple[Hospital, int, dict[str, str]]


@blueprint.route("", methods=["GET"])
@requires("hospital.read")
@blueprint.response(200, HospitalAnswer)
def show() -> _Answer:
    """The hospital of this session."""
    uow = request_unit_of_work()
    found = hospital_info(uow=uow)
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}


@blueprint.route("", methods=["PATCH"])
@requires("hospital.manage")
@blueprint.arguments(HospitalBody)
@blueprint.response(200, HospitalAnswer)
def change(body: dict[str, Any]) -> _Answer:
    """Change the hospital's details; takes If-Match."""
    version, uow = expected_version(), request_unit_of_work()
    changed = service.change_details(uow=uow, actor=current_actor(), version=version, details=body)
    uow.commit()
    return changed, 200, {"ETag": etag(changed.version)}
