"""The screen in the waiting room: numbers, rooms, names that only their owners recognise, and nothing to press."""

from flask import Blueprint, Response

from kernel.clock import utc_now
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.collaborators import request_unit_of_work
from tenant_app.pages.forms import page, wants_part
from tenant_app.queue.public import last_calls, line, masked_name

blueprint = Blueprint("queue_wall", __name__, url_prefix="/queue")

# As many as stay readable from six metres.
CALLS_SHOWN = 5
WAITING_SHOWN = 12


@blueprint.route("/<department_id>/wall")
@requires("queue.read")
def show(department_id: str) -> Response:
    """The last calls and who is next; it asks again every five seconds, which is no reading of anybody's record."""
    uow = request_unit_of_work()
    wanted = parse_uuid(department_id, what="department")
    now = utc_now()
    found = line(uow=uow, department_id=wanted, now=now)
    calls = [
        {"number": row.number, "room": row.room, "name": masked_name(row.patient_name), "again": row.calls > 1}
        for row in last_calls(uow=uow, department_id=wanted, limit=CALLS_SHOWN, now=now)
    ]
    return page(
        "queue/wall_board.html" if wants_part() else "queue/wall.html",
        department_id=wanted,
        department_name=found.department_name,
        calls=calls,
        waiting=[row.number for row in found.waiting[:WAITING_SHOWN]],
        more=max(0, len(found.waiting) - WAITING_SHOWN),
        now=now,
    )
