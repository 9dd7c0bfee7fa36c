"""Changing what the hospital says of itself. Nothing typed is lost when somebody else was quicker."""

from http import HTTPStatus

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.errors import InvalidFields, PreconditionFailed
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.hospital.public import DETAILS, LONGEST, change_details, hospital_info
from tenant_app.pages.forms import lead_to, page, sent_version, spoken, typed

blueprint = Blueprint("hospital_details", __name__, url_prefix="/hospital/details")


@blueprint.route("")
@requires("hospital.manage")
def edit() -> Response:
    """The form."""
    return _form()


@blueprint.route("", methods=["POST"])
@requires("hospital.manage")
def save() -> Response:
    """Save the details."""
    uow = request_unit_of_work()
    shown = {name: typed(name) for name in DETAILS if name in request.form}
    try:
        change_details(uow=uow, actor=current_actor(), version=sent_version(), details=shown)
    except InvalidFields as wrong:
        uow.session.rollback()
        return _form(shown=shown, errors=spoken(wrong.errors), version=sent_version(), status=wrong.status)
    except PreconditionFailed as late:
        uow.session.rollback()
        return _form(shown=shown, overtaken=True, status=late.status)
    uow.commit()
    return lead_to(url_for("hospital_pages.show"), message=gettext("The hospital's details are saved."))


def _form(
    *,
    shown: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    version: int | None = None,
    overtaken: bool = False,
    status: int = HTTPStatus.OK,
) -> Response:
    uow = request_unit_of_work()
    hospital = hospital_info(uow=uow)
    stored = {name: getattr(hospital, name) or "" for name in DETAILS}
    answer = page(
        "hospital/details.html",
        status=status,
        hospital=hospital,
        shown={**stored, **(shown or {})},
        stored=stored,
        errors=errors or {},
        version=hospital.version if version is None else version,
        overtaken=overtaken,
        longest=LONGEST,
    )
    uow.commit()
    return answer
