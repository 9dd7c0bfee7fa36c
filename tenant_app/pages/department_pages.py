"""One department: its name, closing it and opening it again, and its place in the lists."""

from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.errors import InvalidFields, PreconditionFailed, SokhamError
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.pages.forms import lead_to, long_text, page, sent_version, spoken, typed
from tenant_app.staff.errors import DepartmentInUse
from tenant_app.staff.public import (
    change_department,
    close_department,
    department,
    hanging_on,
    move_department,
    open_department,
)

blueprint = Blueprint("department_pages", __name__, url_prefix="/hospital/departments/<department_id>")


@blueprint.route("")
@requires("department.manage")
def edit(department_id: str) -> Response:
    """The department, and what keeps it open."""
    return _form(parse_uuid(department_id, what="department"))


@blueprint.route("", methods=["POST"])
@requires("department.manage")
def save(department_id: str) -> Response:
    """Save the name and what is said of it."""
    uow, wanted = request_unit_of_work(), parse_uuid(department_id, what="department")
    shown = {"name": typed("name"), "description": request.form.get("description", "")}
    try:
        shown["description"] = long_text("description", longest=1000)
        change_department(
            uow=uow,
            actor=current_actor(),
            department_id=wanted,
            version=sent_version(),
            name=shown["name"],
            description=shown["description"],
        )
    except InvalidFields as wrong:
        uow.session.rollback()
        return _form(wanted, shown=shown, errors=spoken(wrong.errors), status=wrong.status)
    except PreconditionFailed as late:
        uow.session.rollback()
        return _form(wanted, shown=shown, refusal=late, status=late.status)
    uow.commit()
    return lead_to(_list(), message=gettext("The department is saved."))


@blueprint.route("/close", methods=["POST"])
@requires("department.manage")
def close(department_id: str) -> Response:
    """Close it, unless something hangs on it: then the page says what."""
    uow, wanted = request_unit_of_work(), parse_uuid(department_id, what="department")
    try:
        close_department(uow=uow, actor=current_actor(), department_id=wanted)
    except DepartmentInUse as why:
        uow.session.rollback()
        return _form(wanted, refusal=why, status=why.status)
    uow.commit()
    return lead_to(_list(), message=gettext("The department is closed."))


@blueprint.route("/open", methods=["POST"])
@requires("department.manage")
def reopen(department_id: str) -> Response:
    """Open it again."""
    uow, wanted = request_unit_of_work(), parse_uuid(department_id, what="department")
    open_department(uow=uow, actor=current_actor(), department_id=wanted)
    uow.commit()
    return lead_to(_list(), message=gettext("The department is open again."))


@blueprint.route("/move", methods=["POST"])
@requires("department.manage")
def move(department_id: str) -> Response:
    """One place up or down in the lists."""
    uow, wanted = request_unit_of_work(), parse_uuid(department_id, what="department")
    move_department(uow=uow, actor=current_actor(), department_id=wanted, up=request.form.get("direction") == "up")
    uow.commit()
    return lead_to(_list())


def _list() -> str:
    return url_for("hospital_pages.show", _anchor="departments")


def _form(
    department_id: UUID,
    *,
    shown: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    refusal: SokhamError | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    uow = request_unit_of_work()
    found = department(uow=uow, department_id=department_id)
    return page(
        "hospital/department.html",
        status=status,
        department=found,
        hanging=hanging_on(uow=uow, department_id=department_id),
        shown=shown or {"name": found.name, "description": found.description or ""},
        errors=errors or {},
        refusal=sentences(refusal) if refusal else None,
    )
