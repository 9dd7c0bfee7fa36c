"""Security events and the audit log."""

from flask import Blueprint, Response, request

from central.audit.models import RISK_LEVELS
from central.console import logs
from central.console.pages.answers import shown
from central.registry.public import tenant_by_id
from kernel.ids import TenantId, parse_uuid
from kernel.web.access import requires
from kernel.web.collaborators import request_unit_of_work

blueprint = Blueprint("records", __name__)


@blueprint.route("/security-events")
@requires("security.read")
def security() -> Response:
    """What looked like an attack, the newest first."""
    risk = request.args.get("risk", "")
    chosen = risk if risk in RISK_LEVELS else None
    found = logs.security_page(uow=request_unit_of_work(), cursor=request.args.get("cursor"), risk=chosen)
    return shown("records/security.html", found=found, risk=chosen or "", risks=tuple(reversed(RISK_LEVELS)))


@blueprint.route("/audit-log")
@requires("audit.read")
def audit() -> Response:
    """What administrators did, the newest first; of one hospital or one administrator if asked."""
    uow = request_unit_of_work()
    tenant_id, actor_id = request.args.get("tenant"), request.args.get("actor")
    tenant = tenant_by_id(uow=uow, tenant=TenantId.parse(tenant_id)) if tenant_id else None
    actor = parse_uuid(actor_id, what="administrator") if actor_id else None
    found = logs.audit_page(
        uow=uow, cursor=request.args.get("cursor"), tenant=tenant.id if tenant else None, actor=actor
    )
    return shown("records/audit.html", found=found, hospital=tenant, actor=actor)
