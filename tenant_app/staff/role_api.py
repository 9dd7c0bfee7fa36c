"""Roles over the API."""

from typing import Any
from uuid import UUID

from flask_babel import gettext

from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered
from tenant_app.staff import roles
from tenant_app.staff.models import IdempotencyKey
from tenant_app.staff.permissions import PERMISSIONS
from tenant_app.staff.role_schemas import (
    PermissionsAnswer,
    RoleAnswer,
    RoleBody,
    RoleChangeBody,
    RolesAnswer,
)

blueprint = Blueprint("roles", __name__, url_prefix="/api/v1", description="Roles and what they permit")


@blueprint.route("/permissions", methods=["GET"])
@requires("staff.read")
@blueprint.response(200, PermissionsAnswer)
def permissions() -> dict[str, Any]:
    """All that roles may permit, in words; the whole list at once."""
    items = [{"name": name, "description": gettext(words)} for name, words in PERMISSIONS.items()]
    return {"items": items, "next_cursor": None}


@blueprint.route("/roles", methods=["GET"])
@requires("staff.read")
@blueprint.response(200, RolesAnswer)
def list_roles() -> dict[str, Any]:
    """The hospital's roles; the whole list at once."""
    uow = request_unit_of_work()
    items = roles.list_roles(uow=uow)
    uow.commit()
    return {"items": items, "next_cursor": None}


@blueprint.route("/roles", methods=["POST"])
@requires("role.manage")
@remembered(IdempotencyKey)
@blueprint.arguments(RoleBody)
@blueprint.response(201, RoleAnswer)
def create(body: dict[str, Any]) -> Any:
    """Make a role of the hospital's own."""
    uow = request_unit_of_work()
    made = roles.role(uow=uow, role_id=roles.create_role(uow=uow, actor=current_actor(), **body))
    return made, 201, {"ETag": etag(made.version)}


@blueprint.route("/roles/<uuid:role_id>", methods=["GET"])
@requires("staff.read")
@blueprint.response(200, RoleAnswer)
def show(role_id: UUID) -> Any:
    """One role."""
    return _role(role_id)


@blueprint.route("/roles/<uuid:role_id>", methods=["PATCH"])
@requires("role.manage")
@blueprint.arguments(RoleChangeBody)
@blueprint.response(200, RoleAnswer)
def change(body: dict[str, Any], role_id: UUID) -> Any:
    """Change a role; takes If-Match."""
    version = expected_version()
    roles.change_role(uow=request_unit_of_work(), actor=current_actor(), role_id=role_id, version=version, **body)
    return _role(role_id)


@blueprint.route("/roles/<uuid:role_id>", methods=["DELETE"])
@requires("role.manage")
@blueprint.response(204)
def delete(role_id: UUID) -> None:
    """Delete a role that nobody has; takes If-Match, if sent."""
    uow = request_unit_of_work()
    roles.delete_role(uow=uow, actor=current_actor(), role_id=role_id, version=version_if_sent())
    uow.commit()


def _role(role_id: UUID) -> tuple[roles.RoleRow, int, dict[str, str]]:
    """The end of a request about one role: what it is now, committed."""
    uow = request_unit_of_work()
    found = roles.role(uow=uow, role_id=role_id)
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}
