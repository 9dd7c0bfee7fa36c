"""Unusual access over the API."""

from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version
from kernel.web.collaborators import request_unit_of_work
from tenant_app.audit.service import record
from tenant_app.unusual import service
from tenant_app.unusual.queries import FindingRow, finding, list_findings
from tenant_app.unusual.schemas import DecisionBody, FindingAnswer, FindingsAnswer, FindingsAsked

blueprint = Blueprint(
    "access_findings", __name__, url_prefix="/api/v1/access-findings", description="Access that stands out"
)

_Answer = tuple[FindingRow, int, dict[str, str]]


@blueprint.route("", methods=["GET"])
@requires("audit.read")
@blueprint.arguments(FindingsAsked, location="query", unknown=None)
@blueprint.response(200, FindingsAnswer)
def findings(asked: dict[str, Any]) -> Page[FindingRow]:
    """What stood out, the newest first. Asking is written down."""
    uow = request_unit_of_work()
    page = list_findings(uow=uow, **asked)
    record(uow=uow, actor=current_actor(), action="finding.list", resource_type="finding")
    uow.commit()
    return page


@blueprint.route("/<uuid:finding_id>", methods=["GET"])
@requires("audit.read")
@blueprint.response(200, FindingAnswer)
def show(finding_id: UUID) -> _Answer:
    """One of them, with the ids of the rows behind it."""
    uow = request_unit_of_work()
    found = finding(uow=uow, finding_id=finding_id)
    record(uow=uow, actor=current_actor(), action="finding.read", resource_type="finding", resource_id=finding_id)
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}


@blueprint.route("/<uuid:finding_id>", methods=["PATCH"])
@requires("audit.decide")
@blueprint.arguments(DecisionBody)
@blueprint.response(200, FindingAnswer)
def decide(body: dict[str, Any], finding_id: UUID) -> _Answer:
    """Say that it was looked at or explained; takes If-Match."""
    uow = request_unit_of_work()
    service.decide(uow=uow, actor=current_actor(), finding_id=finding_id, version=expected_version(), **body)
    found = finding(uow=uow, finding_id=finding_id)
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}
