"""The audit log of one patient over the API."""

from typing import Any
from uuid import UUID

import marshmallow as ma

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import request_unit_of_work
from tenant_app.audit.queries import Access, accesses_of_patient
from tenant_app.audit.service import record
from tenant_app.patients.queries import patient_record
from tenant_app.schemas import Listed, page_answer

blueprint = Blueprint("audit", __name__, url_prefix="/api/v1/patients", description="Who saw a patient's data")


class AccessAnswer(ma.Schema):
    """One access: who, what, when, and the names of what was changed."""

    id = ma.fields.UUID()
    created_at = ma.fields.AwareDateTime()
    actor_kind = ma.fields.String()
    user_id = ma.fields.UUID(allow_none=True)
    actor_name = ma.fields.String(allow_none=True)
    action = ma.fields.String()
    resource_type = ma.fields.String()
    resource_id = ma.fields.String(allow_none=True)
    changed = ma.fields.List(ma.fields.String())
    request_id = ma.fields.String(allow_none=True)


AccessesAnswer = page_answer("Accesses", AccessAnswer)


@blueprint.route("/<uuid:patient_id>/accesses", methods=["GET"])
@requires("audit.read")
@blueprint.arguments(Listed, location="query", unknown=None)
@blueprint.response(200, AccessesAnswer)
def accesses(asked: dict[str, Any], patient_id: UUID) -> Page[Access]:
    """Who saw or changed a patient's data, the newest first. Asking is an access too."""
    uow = request_unit_of_work()
    patient_record(uow=uow, patient_id=patient_id)
    page = accesses_of_patient(uow=uow, patient_id=patient_id, **asked)
    record(
        uow=uow,
        actor=current_actor(),
        action="audit.read",
        resource_type="patient",
        resource_id=patient_id,
        patient_id=patient_id,
    )
    uow.commit()
    return page
