"""The hospital itself: what it says of itself, and its departments."""

from http import HTTPStatus

from flask import Blueprint, Response, url_for
from flask_babel import gettext

from kernel.errors import InvalidFields
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.hospital.public import hospital_info
from tenant_app.pages.forms import lead_to, long_text, page, spoken, typed
from tenant_app.staff.errors import DepartmentCodeTaken
from tenant_app.staff.public import create_department, list_departments

blueprint = Blueprint("hospital_pages", __name__, url_prefix="/hospital")


@blueprint.route("")
@requires("hospital.read")
def show() -> Response:
    """What anyone here may know of it."""
    return _show()


@blueprint.route("/departments", methods=["POST"])
@requires("department.manage")
def create() -> Response:
    """A new department."""
    uow = request_unit_of_work()
    shown = {"code": typed("code"), "name": typed("name"), "description": ""}
    try:
        shown["description"] = long_text("description", longest=1000)
        create_department(
            uow=uow,
            actor=current_actor(),
            code=shown["code"],
            name=shown["name"],
            description=shown["description"] or None,
        )
    except InvalidFields as wrong:
        uow.session.rollback()
        return _show(shown=shown, errors=spoken(wrong.errors), status=wrong.status)
    except DepartmentCodeTaken as taken:
        uow.session.rollback()
        return _show(shown=shown, errors={"code": [gettext(taken.title)]}, status=taken.status)
    uow.commit()
    return lead_to(url_for("hospital_pages.show"), message=gettext("The department is created."))


def _show(
    *,
    shown: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    hospital = hospital_info(uow=uow)
    departments = list_departments(uow=uow).items if actor.may("department.read") else []
    return page(
        "hospital/show.html",
        status=status,
        hospital=hospital,
        departments=departments,
        shown=shown or {"code": "", "name": "", "description": ""},
        errors=errors or {},
    )
