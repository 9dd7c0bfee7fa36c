"""The waiting queue over the API."""

from typing import Any
from uuid import UUID

from kernel.clock import local_today
from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.queue import arrivals, service
from tenant_app.queue.figures import Figures, figures
from tenant_app.queue.queries import EntryRow, Filter, Line
from tenant_app.queue.schemas import (
    ArrivalBody,
    CallBody,
    EntriesAnswer,
    EntriesAsked,
    EntryAnswer,
    FiguresAnswer,
    FiguresAsked,
    LineAnswer,
    TransferBody,
)
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint("queue", __name__, url_prefix="/api/v1/queue", description="Waiting queue")

_Answer = tuple[EntryRow, int, dict[str, str]]


@blueprint.route("", methods=["POST"])
@requires("queue.take")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(ArrivalBody)
@blueprint.response(201, EntryAnswer)
def take(body: dict[str, Any]) -> _Answer:
    """Give a number to somebody who has come."""
    made = arrivals.take(uow=request_unit_of_work(), actor=current_actor(), arrival=arrivals.Arrival(**body))
    return made, 201, {"ETag": etag(made.version)}


@blueprint.route("", methods=["GET"])
@requires("queue.read")
@blueprint.arguments(EntriesAsked, location="query", unknown=None)
@blueprint.response(200, EntriesAnswer)
def entries(asked: dict[str, Any]) -> Page[EntryRow]:
    """A day's numbers by department and number."""
    uow = request_unit_of_work()
    limit, cursor, day = asked.pop("limit"), asked.pop("cursor"), asked.pop("date") or local_today()
    page = service.read_list(
        uow=uow, actor=current_actor(), wanted=Filter(day=day, **asked), limit=limit, cursor=cursor
    )
    uow.commit()
    return page


@blueprint.route("/figures", methods=["GET"])
@requires("queue.read")
@blueprint.arguments(FiguresAsked, location="query", unknown=None)
@blueprint.response(200, FiguresAnswer)
def day_figures(asked: dict[str, Any]) -> Figures:
    """How long people wait, by department and by the hour in which they came."""
    return figures(uow=request_unit_of_work(), day=asked["date"], department_id=asked["department_id"])


@blueprint.route("/departments/<uuid:department_id>", methods=["GET"])
@requires("queue.read")
@blueprint.response(200, LineAnswer)
def line(department_id: UUID) -> Line:
    """A department's line, in the order of calling."""
    uow = request_unit_of_work()
    found = service.read_line(uow=uow, actor=current_actor(), department_id=department_id)
    uow.commit()
    return found


@blueprint.route("/departments/<uuid:department_id>/call-next", methods=["POST"])
@requires("queue.call")
@blueprint.arguments(CallBody)
@blueprint.response(200, EntryAnswer)
def call_next(body: dict[str, Any], department_id: UUID) -> _Answer:
    """Call whoever is first in line. Two who ask at once get two different patients."""
    uow = request_unit_of_work()
    called = service.call_next(uow=uow, actor=current_actor(), department_id=department_id, **body)
    uow.commit()
    return called, 200, {"ETag": etag(called.version)}


@blueprint.route("/<uuid:entry_id>", methods=["GET"])
@requires("queue.read")
@blueprint.response(200, EntryAnswer)
def show(entry_id: UUID) -> _Answer:
    """One number."""
    uow = request_unit_of_work()
    found = service.read(uow=uow, actor=current_actor(), entry_id=entry_id)
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}


@blueprint.route("/<uuid:entry_id>/call", methods=["POST"])
@requires("queue.call")
@blueprint.arguments(CallBody)
@blueprint.response(200, EntryAnswer)
def call(body: dict[str, Any], entry_id: UUID) -> _Answer:
    """Call this one, out of turn."""
    return _step(entry_id, "call", **body)


@blueprint.route("/<uuid:entry_id>/recall", methods=["POST"])
@requires("queue.call")
@blueprint.response(200, EntryAnswer)
def recall(entry_id: UUID) -> _Answer:
    """Call again."""
    return _step(entry_id, "recall")


@blueprint.route("/<uuid:entry_id>/miss", methods=["POST"])
@requires("queue.call")
@blueprint.response(200, EntryAnswer)
def miss(entry_id: UUID) -> _Answer:
    """They did not come: back in line the first time, the end the second."""
    return _step(entry_id, "miss")


@blueprint.route("/<uuid:entry_id>/start", methods=["POST"])
@requires("queue.call")
@blueprint.response(200, EntryAnswer)
def start(entry_id: UUID) -> _Answer:
    """They are in the room; their appointment begins."""
    return _step(entry_id, "start")


@blueprint.route("/<uuid:entry_id>/finish", methods=["POST"])
@requires("queue.call")
@blueprint.response(200, EntryAnswer)
def finish(entry_id: UUID) -> _Answer:
    """The visit is over; their appointment is completed."""
    return _step(entry_id, "finish")


@blueprint.route("/<uuid:entry_id>/leave", methods=["POST"])
@requires("queue.take")
@blueprint.response(200, EntryAnswer)
def leave(entry_id: UUID) -> _Answer:
    """They have gone."""
    return _step(entry_id, "leave")


@blueprint.route("/<uuid:entry_id>/transfer", methods=["POST"])
@requires("queue.take")
@blueprint.arguments(TransferBody)
@blueprint.response(200, EntryAnswer)
def transfer(body: dict[str, Any], entry_id: UUID) -> _Answer:
    """Send on to another department; the answer is the new number."""
    uow = request_unit_of_work()
    made = arrivals.transfer(uow=uow, actor=current_actor(), entry_id=entry_id, version=version_if_sent(), **body)
    uow.commit()
    return made, 200, {"ETag": etag(made.version)}


@blueprint.route("/<uuid:entry_id>/undo", methods=["POST"])
@requires("queue.take")
@blueprint.response(200, EntryAnswer)
def undo(entry_id: UUID) -> _Answer:
    """Undo the last step, within a minute."""
    uow = request_unit_of_work()
    found = service.undo(uow=uow, actor=current_actor(), entry_id=entry_id, version=version_if_sent())
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}


def _step(entry_id: UUID, action: str, **values: Any) -> _Answer:
    uow = request_unit_of_work()
    found = service.step(
        uow=uow, actor=current_actor(), entry_id=entry_id, action=action, version=version_if_sent(), **values
    )
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}
