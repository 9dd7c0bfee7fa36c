"""Who is connected now, and signing somebody out from afar."""

from typing import Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from central.auth.public import device_of
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.live.public import connected_people, sign_out
from tenant_app.pages.forms import lead_to, page
from tenant_app.pages.staff_pages import refused
from tenant_app.staff.errors import BeyondOwnRights
from tenant_app.staff.public import ROLE_NAMES

blueprint = Blueprint("connected_pages", __name__, url_prefix="/staff/connected")

PEOPLE: Final = 50


@blueprint.route("")
@requires("staff.manage")
def show() -> Response:
    """Sessions with a window that shows live updates."""
    found = connected_people(uow=request_unit_of_work(), limit=PEOPLE, cursor=request.args.get("cursor") or None)
    return page(
        "staff/connected.html",
        people=[(each, device_of(each.user_agent)) for each in found.items],
        next_cursor=found.next_cursor,
        role_names=ROLE_NAMES,
    )


@blueprint.route("/<session_id>/sign-out", methods=["POST"])
@requires("staff.manage")
def end(session_id: str) -> Response:
    """End that session."""
    uow = request_unit_of_work()
    try:
        sign_out(uow=uow, actor=current_actor(), session_id=parse_uuid(session_id, what="session"))
    except BeyondOwnRights as why:
        uow.session.rollback()
        return refused(why, back=url_for("connected_pages.show"), back_label=gettext("Connected now"))
    uow.commit()
    return lead_to(url_for("connected_pages.show"), message=gettext("Signed out there."))
