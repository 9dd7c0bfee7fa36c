"""Looking a person up over the API. The CCCD stands in the body only."""

from typing import Any

import marshmallow as ma

from central.patient_index.public import lookup
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import collaborator, request_unit_of_work
from keys.public import BlindIndex

blueprint = Blueprint(
    "patient_index", __name__, url_prefix="/api/v1/patient-index", description="Where a person has a book."
)


class LookupArguments(ma.Schema):
    """The number, and why it is asked for."""

    cccd = ma.fields.String(required=True, validate=ma.validate.Length(max=64))
    reason = ma.fields.String(required=True, validate=ma.validate.Length(max=2000))


class IndexHitSchema(ma.Schema):
    """One hospital that knows the person."""

    patient_global_id = ma.fields.UUID()
    tenant_code = ma.fields.String()
    patient_local_id = ma.fields.UUID()
    updated_at = ma.fields.AwareDateTime()


class LookupAnswer(ma.Schema):
    """The hospitals; none is an answer too."""

    items = ma.fields.List(ma.fields.Nested(IndexHitSchema))


@blueprint.route("/lookup", methods=["POST"])
@requires("patient_index.lookup")
@blueprint.arguments(LookupArguments)
@blueprint.response(200, LookupAnswer)
def look_up(arguments: dict[str, Any]) -> dict[str, Any]:
    """The hospitals where the person with this CCCD is a patient; audited, with a daily cap."""
    uow = request_unit_of_work()
    items = lookup(
        uow=uow,
        actor=current_actor(),
        blind_index=collaborator(BlindIndex),
        cccd=arguments["cccd"],
        reason=arguments["reason"],
    )
    uow.commit()
    return {"items": items}
