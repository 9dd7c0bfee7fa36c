"""Who is connected now, over the API."""

from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import request_unit_of_work
from tenant_app.live import service
from tenant_app.live.presence import ConnectedPerson, connected_people
from tenant_app.live.schemas import ConnectedAnswers
from tenant_app.schemas import Listed

blueprint = Blueprint("connections", __name__, url_prefix="/api/v1/connections", description="Who is connected now")


@blueprint.route("", methods=["GET"])
@requires("staff.manage")
@blueprint.arguments(Listed, location="query", unknown=None)
@blueprint.response(200, ConnectedAnswers)
def connections(asked: dict[str, Any]) -> Page[ConnectedPerson]:
    """Sessions with a window that shows live updates, by name."""
    return connected_people(uow=request_unit_of_work(), **asked)


@blueprint.route("/<uuid:session_id>/sign-out", methods=["POST"])
@requires("staff.manage")
@blueprint.response(204)
def sign_out(session_id: UUID) -> None:
    """End a colleague's session."""
    uow = request_unit_of_work()
    service.sign_out(uow=uow, actor=current_actor(), session_id=session_id)
    uow.commit()
