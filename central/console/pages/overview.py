"""The first page: does anything need somebody?"""

from flask import Blueprint, Response

from central.console import overview
from central.console.pages.answers import shown, wants_part
from kernel.clock import utc_now
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work

blueprint = Blueprint("overview", __name__)


@blueprint.route("/overview")
@requires("tenant.read")
def show() -> Response:
    """Hospitals, sync and security at a glance; htmx asks again every half minute."""
    actor, now = current_actor(), utc_now()
    seen = overview.overview(
        uow=request_unit_of_work(),
        now=now,
        with_security=actor.may("security.read"),
        with_sync=actor.may("sync.read"),
    )
    return shown("overview/figures.html" if wants_part() else "overview/show.html", seen=seen, now=now)
