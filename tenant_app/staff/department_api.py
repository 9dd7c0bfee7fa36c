"""Departments over the API."""

from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered
from tenant_app.schemas import Listed
from tenant_app.staff import departments as changes
from tenant_app.staff import queries, service
from tenant_app.staff.models import Department, IdempotencyKey
from tenant_app.staff.schemas import (
    DepartmentAnswer,
    DepartmentBody,
    DepartmentChangeBody,
    DepartmentsAnswer,
    HangingAnswer,
    OrderBody,
)

blueprint = Blueprint("departments", __name__, url_prefix="/api/v1/departments", description="Departments")

_Answer = tuple[queries.DepartmentRow, int, dict[str, str]]


@blueprint.route("", methods=["POST"])
@requires("department.manage")
@remembered(IdempotencyKey)
@blueprint.arguments(DepartmentBody)
@blueprint.response(201, DepartmentAnswer)
def create(body: dict[str, Any]) -> Department:
    """Create a department."""
    return service.create_department(uow=request_unit_of_work(), actor=current_actor(), **body)


@blueprint.route("", methods=["GET"])
@requires("department.read")
@blueprint.arguments(Listed, location="query", unknown=None)
@blueprint.response(200, DepartmentsAnswer)
def departments(asked: dict[str, Any]) -> Page[queries.DepartmentRow]:
    """Departments in the hospital's order."""
    uow = request_unit_of_work()
    page = queries.list_departments(uow=uow, **asked)
    uow.commit()
    return page


@blueprint.route("/order", methods=["PUT"])
@requires("department.manage")
@blueprint.arguments(OrderBody)
@blueprint.response(200, DepartmentsAnswer)
def order(body: dict[str, Any]) -> Page[queries.DepartmentRow]:
    """Put all of them in order."""
    uow = request_unit_of_work()
    changes.order_departments(uow=uow, actor=current_actor(), ids=body["ids"])
    page = queries.list_departments(uow=uow, limit=changes.MOST)
    uow.commit()
    return page


@blueprint.route("/<uuid:department_id>", methods=["GET"])
@requires("department.read")
@blueprint.response(200, DepartmentAnswer)
def show(department_id: UUID) -> _Answer:
    """One department."""
    return _answer(department_id)


@blueprint.route("/<uuid:department_id>", methods=["PATCH"])
@requires("department.manage")
@blueprint.arguments(DepartmentChangeBody)
@blueprint.response(200, DepartmentAnswer)
def change(body: dict[str, Any], department_id: UUID) -> _Answer:
    """Change its name or description; takes If-Match."""
    uow, version = request_unit_of_work(), expected_version()
    now = queries.department(uow=uow, department_id=department_id)
    changes.change_department(
        uow=uow,
        actor=current_actor(),
        department_id=department_id,
        version=version,
        **{"name": now.name, "description": now.description, **body},
    )
    return _answer(department_id)


@blueprint.route("/<uuid:department_id>/hanging", methods=["GET"])
@requires("department.manage")
@blueprint.response(200, HangingAnswer)
def hanging(department_id: UUID) -> changes.Hanging:
    """What keeps it from being closed."""
    uow = request_unit_of_work()
    queries.department(uow=uow, department_id=department_id)
    found = changes.hanging_on(uow=uow, department_id=department_id)
    uow.commit()
    return found


@blueprint.route("/<uuid:department_id>/close", methods=["POST"])
@requires("department.manage")
@blueprint.response(200, DepartmentAnswer)
def close(department_id: UUID) -> _Answer:
    """Close it; 409 with what hangs on it. Takes If-Match, if sent."""
    uow = request_unit_of_work()
    changes.close_department(uow=uow, actor=current_actor(), department_id=department_id, version=version_if_sent())
    return _answer(department_id)


@blueprint.route("/<uuid:department_id>/open", methods=["POST"])
@requires("department.manage")
@blueprint.response(200, DepartmentAnswer)
def reopen(department_id: UUID) -> _Answer:
    """Open it again; takes If-Match, if sent."""
    uow = request_unit_of_work()
    changes.open_department(uow=uow, actor=current_actor(), department_id=department_id, version=version_if_sent())
    return _answer(department_id)


def _answer(department_id: UUID) -> _Answer:
    uow = request_unit_of_work()
    found = queries.department(uow=uow, department_id=department_id)
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}
