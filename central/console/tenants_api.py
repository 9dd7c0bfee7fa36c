"""Hospitals over the API."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify, request, url_for

from central.auth.models import IdempotencyKey
from central.console import tenants
from central.console.schemas import (
    AdminInviteBody,
    AdminInvited,
    RotationAnswer,
    SuspendBody,
    TenantAnswer,
    TenantBody,
    TenantChange,
    TenantMade,
    TenantsAnswer,
    TenantsAsked,
    UsageAnswer,
)
from central.console.tenants import Console
from central.console.usage import usage_page
from central.provisioning.public import FirstInvite, Provisioned, Rotation
from central.registry.public import Operation, Tenant, tenant_by_id
from central.sync.public import TenantUsageDay
from kernel.ids import TenantId
from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, PageArguments, etag, expected_version
from kernel.web.collaborators import collaborator, request_unit_of_work
from kernel.web.idempotency import remembered

blueprint = Blueprint("tenants", __name__, url_prefix="/api/v1/tenants", description="Hospitals")

Tagged = tuple[Tenant, dict[str, str]]


@blueprint.route("", methods=["POST"])
@requires("tenant.create")
@remembered(IdempotencyKey, shown_once=("admin_invite",), location=lambda body: body.get("operation"))
@blueprint.arguments(TenantBody)
@blueprint.response(201, TenantMade)
@blueprint.alt_response(202, description="With `Prefer: respond-async`: `Location` is the operation that makes it.")
def create(body: dict[str, Any]) -> dict[str, Any] | Response:
    """Make a hospital: its database, roles and credentials, and the invite of its first administrator."""
    actor, runner = current_actor(), collaborator(Console).runner
    if "respond-async" in request.headers.get("Prefer", "").lower():
        uow = request_unit_of_work()
        return _accepted(tenants.create_later(uow=uow, actor=actor, fields=body, runner=runner))
    return _made(tenants.create(actor=actor, fields=body, runner=runner))


@blueprint.route("", methods=["GET"])
@requires("tenant.read")
@blueprint.arguments(TenantsAsked, location="query")
@blueprint.response(200, TenantsAnswer)
def listed(asked: dict[str, Any]) -> Page[Tenant]:
    """Hospitals by code."""
    uow = request_unit_of_work()
    page = tenants.find(uow=uow, **asked)
    uow.commit()
    return page


@blueprint.route("/<uuid:tenant_id>", methods=["GET"])
@requires("tenant.read")
@blueprint.response(200, TenantAnswer)
def show(tenant_id: UUID) -> Tagged:
    """One hospital; its ETag is what a change must name."""
    uow = request_unit_of_work()
    row = tenant_by_id(uow=uow, tenant=TenantId.parse(tenant_id))
    uow.commit()
    return _tagged(row)


@blueprint.route("/<uuid:tenant_id>", methods=["PATCH"])
@requires("tenant.update")
@blueprint.arguments(TenantChange(partial=True))
@blueprint.response(200, TenantAnswer)
def change(body: dict[str, Any], tenant_id: UUID) -> Tagged:
    """Change names, domain, plan or quotas; needs If-Match."""
    uow = request_unit_of_work()
    row = tenants.change(
        uow=uow,
        actor=current_actor(),
        tenant=TenantId.parse(tenant_id),
        changes=body,
        expected_version=expected_version(),
        announcer=collaborator(Console).announcer,
    )
    uow.commit()
    return _tagged(row)


@blueprint.route("/<uuid:tenant_id>/usage", methods=["GET"])
@requires("tenant.read")
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, UsageAnswer)
def usage(asked: dict[str, Any], tenant_id: UUID) -> Page[TenantUsageDay]:
    """How much a hospital is used, by its days, the newest first: numbers that it counts every quarter of an hour."""
    uow = request_unit_of_work()
    tenant = TenantId.parse(tenant_id)
    tenant_by_id(uow=uow, tenant=tenant)
    page = usage_page(uow=uow, tenant=tenant, **asked)
    uow.commit()
    return page


@blueprint.route("/<uuid:tenant_id>/suspend", methods=["POST"])
@requires("tenant.suspend")
@blueprint.arguments(SuspendBody)
@blueprint.response(200, TenantAnswer)
def suspend(body: dict[str, Any], tenant_id: UUID) -> Tagged:
    """Take a hospital out of service, everywhere within ten seconds."""
    uow = request_unit_of_work()
    row = tenants.suspend(
        uow=uow,
        actor=current_actor(),
        tenant=TenantId.parse(tenant_id),
        reason=body["reason"],
        announcer=collaborator(Console).announcer,
    )
    uow.commit()
    return _tagged(row)


@blueprint.route("/<uuid:tenant_id>/resume", methods=["POST"])
@requires("tenant.suspend")
@blueprint.response(200, TenantAnswer)
def resume(tenant_id: UUID) -> Tagged:
    """Put a suspended hospital back into service."""
    uow = request_unit_of_work()
    row = tenants.resume(
        uow=uow,
        actor=current_actor(),
        tenant=TenantId.parse(tenant_id),
        announcer=collaborator(Console).announcer,
    )
    uow.commit()
    return _tagged(row)


@blueprint.route("/<uuid:tenant_id>/rotate-credentials", methods=["POST"])
@requires("tenant.credentials")
@blueprint.response(200, RotationAnswer)
def rotate_credentials(tenant_id: UUID) -> tuple[Rotation, dict[str, str]]:
    """Put new database passwords into use, for every purpose; `Location` is the operation that closes the old ones."""
    rotation = tenants.rotate_credentials(
        actor=current_actor(), tenant=TenantId.parse(tenant_id), runner=collaborator(Console).runner
    )
    request_unit_of_work().commit()
    return rotation, {"Location": url_for("operations.show", operation_id=rotation.operation_id)}


@blueprint.route("/<uuid:tenant_id>/admin-invite", methods=["POST"])
@requires("tenant.create")
@remembered(IdempotencyKey, shown_once=("admin_invite",))
@blueprint.arguments(AdminInviteBody)
@blueprint.response(201, AdminInvited)
@blueprint.alt_response(409, description="`administrator_joined`, or `transition_refused` unless it is active.")
def admin_invite(body: dict[str, Any], tenant_id: UUID) -> dict[str, Any]:
    """A new invite for the first administrator, as long as no administrator there has joined; earlier ones are void."""
    invite = collaborator(Console).runner.provisioner.invite_again(
        uow=request_unit_of_work(), tenant=TenantId.parse(tenant_id), actor=current_actor(), reason=body["reason"]
    )
    return {"id": tenant_id, "admin_invite": _invite(invite)}


def _tagged(row: Tenant) -> Tagged:
    return row, {"ETag": etag(row.version)}


def _made(made: Provisioned) -> dict[str, Any]:
    return {
        "id": made.tenant,
        "tenant_code": made.tenant_code,
        "status": made.status,
        "admin_invite": _invite(made.invite),
    }


def _invite(invite: FirstInvite) -> dict[str, Any]:
    return {"token": invite.token, "expires_at": invite.expires_at}


def _accepted(operation: Operation) -> Response:
    location = url_for("operations.show", operation_id=operation.id)
    response: Response = jsonify(
        {"operation_id": str(operation.id), "id": str(operation.tenant_id), "state": "running", "operation": location}
    )
    response.status_code = 202
    response.headers["Preference-Applied"] = "respond-async"
    return response
