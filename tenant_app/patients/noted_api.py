"""What all pieces of a record have in common over the API."""

from uuid import UUID

import marshmallow as ma

from kernel.web.api import etag
from kernel.web.collaborators import request_unit_of_work
from tenant_app.patients.queries import patient_version
from tenant_app.schemas import Body


class EndNotedBody(Body):
    """Why it ends: it holds no longer, or it never did."""

    reason = ma.fields.String(load_default="ended", validate=ma.validate.OneOf(("ended", "mistaken")))


class NotedAnswer(ma.Schema):
    """Who wrote a piece down and who ended it; `ended_at` is null while it holds."""

    id = ma.fields.UUID()
    created_at = ma.fields.AwareDateTime()
    created_by_name = ma.fields.String(allow_none=True)
    ended_at = ma.fields.AwareDateTime(allow_none=True)
    ended_by_name = ma.fields.String(allow_none=True)
    end_reason = ma.fields.String(allow_none=True)


def patient_tag(patient_id: UUID) -> dict[str, str]:
    """The header with the ETag of the patient as they are now in this request."""
    return {"ETag": etag(patient_version(uow=request_unit_of_work(), patient_id=patient_id))}
