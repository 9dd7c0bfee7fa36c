"""Appointments over the API."""

from typing import Any
from uuid import UUID

from kernel.clock import utc_now
from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version, version_if_sent
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.appointments import around, moving, service
from tenant_app.appointments.free_times import Slot
from tenant_app.appointments.queries import AppointmentRow, Filter
from tenant_app.appointments.schemas import (
    AppointmentAnswer,
    AppointmentsAnswer,
    AppointmentsAsked,
    BookingBody,
    CancelBody,
    FreeTimesAnswer,
    FreeTimesAsked,
    MoveBody,
    MovesAnswer,
    ToMoveAnswer,
    ToMoveAsked,
)
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint("appointments", __name__, url_prefix="/api/v1/appointments", description="Appointments")

_Answer = tuple[AppointmentRow, int, dict[str, str]]


@blueprint.route("", methods=["POST"])
@requires("appointment.book")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(BookingBody)
@blueprint.response(201, AppointmentAnswer)
def book(body: dict[str, Any]) -> _Answer:
    """Book an appointment."""
    made = service.book(uow=request_unit_of_work(), actor=current_actor(), booking=service.Booking(**body))
    return made, 201, {"ETag": etag(made.version)}


@blueprint.route("", methods=["GET"])
@requires("appointment.read")
@blueprint.arguments(AppointmentsAsked, location="query", unknown=None)
@blueprint.response(200, AppointmentsAnswer)
def appointments(asked: dict[str, Any]) -> Page[AppointmentRow]:
    """Appointments by day and time."""
    uow = request_unit_of_work()
    limit, cursor, day = asked.pop("limit"), asked.pop("cursor"), asked.pop("date")
    if day is not None:
        asked |= {"since": day, "until": day}
    page = service.read_list(uow=uow, actor=current_actor(), wanted=Filter(**asked), limit=limit, cursor=cursor)
    uow.commit()
    return page


@blueprint.route("/free-times", methods=["GET"])
@requires("appointment.read")
@blueprint.arguments(FreeTimesAsked, location="query", unknown=None)
@blueprint.response(200, FreeTimesAnswer)
def free_times(asked: dict[str, Any]) -> dict[str, list[Slot]]:
    """When a doctor can still be booked on a day."""
    uow = request_unit_of_work()
    day = around.doctor_day(uow=uow, doctor_id=asked["doctor_id"], day=asked["date"])
    uow.commit()
    return {"items": day.free(now=utc_now(), minutes=asked["minutes"], department_id=asked["department_id"])}


@blueprint.route("/to-move", methods=["GET"])
@requires("appointment.read")
@blueprint.arguments(ToMoveAsked, location="query", unknown=None)
@blueprint.response(200, ToMoveAnswer)
def to_move(asked: dict[str, Any]) -> dict[str, list[AppointmentRow]]:
    """A doctor's coming appointments at times at which the doctor does not work any more."""
    uow = request_unit_of_work()
    found = around.to_move(uow=uow, actor=current_actor(), doctor_id=asked["doctor_id"])
    uow.commit()
    return {"items": found}


@blueprint.route("/<uuid:appointment_id>", methods=["GET"])
@requires("appointment.read")
@blueprint.response(200, AppointmentAnswer)
def show(appointment_id: UUID) -> _Answer:
    """One appointment."""
    uow = request_unit_of_work()
    found = service.read(uow=uow, actor=current_actor(), appointment_id=appointment_id)
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}


@blueprint.route("/<uuid:appointment_id>/confirm", methods=["POST"])
@requires("appointment.confirm")
@blueprint.response(200, AppointmentAnswer)
def confirm(appointment_id: UUID) -> _Answer:
    """The patient will come."""
    return _act(appointment_id, "confirm")


@blueprint.route("/<uuid:appointment_id>/start", methods=["POST"])
@requires("appointment.start")
@blueprint.response(200, AppointmentAnswer)
def start(appointment_id: UUID) -> _Answer:
    """The patient is with the doctor."""
    return _act(appointment_id, "start")


@blueprint.route("/<uuid:appointment_id>/complete", methods=["POST"])
@requires("appointment.complete")
@blueprint.response(200, AppointmentAnswer)
def complete(appointment_id: UUID) -> _Answer:
    """The appointment is over."""
    return _act(appointment_id, "complete")


@blueprint.route("/<uuid:appointment_id>/came", methods=["POST"])
@requires("appointment.confirm")
@blueprint.response(200, AppointmentAnswer)
def came(appointment_id: UUID) -> _Answer:
    """Somebody who was noted as not come has come after all."""
    return _act(appointment_id, "came")


@blueprint.route("/<uuid:appointment_id>/cancel", methods=["POST"])
@requires("appointment.cancel")
@blueprint.arguments(CancelBody)
@blueprint.response(200, AppointmentAnswer)
def cancel(body: dict[str, Any], appointment_id: UUID) -> _Answer:
    """Cancel it, with the reason; its time is free again."""
    return _act(appointment_id, "cancel", reason=body["reason"])


@blueprint.route("/<uuid:appointment_id>/move", methods=["POST"])
@requires("appointment.book")
@blueprint.arguments(MoveBody)
@blueprint.response(200, AppointmentAnswer)
def move(body: dict[str, Any], appointment_id: UUID) -> _Answer:
    """Move it to another time or doctor; takes If-Match. Its status stays."""
    version, uow = expected_version(), request_unit_of_work()
    moved = moving.move(
        uow=uow,
        actor=current_actor(),
        appointment_id=appointment_id,
        to=moving.Destination(**body),
        version=version,
    )
    uow.commit()
    return moved.row, 200, {"ETag": etag(moved.row.version)}


@blueprint.route("/<uuid:appointment_id>/moves", methods=["GET"])
@requires("appointment.read")
@blueprint.response(200, MovesAnswer)
def moves(appointment_id: UUID) -> dict[str, list[around.MoveRow]]:
    """Who moved it, from where and where to, the latest first."""
    uow = request_unit_of_work()
    service.read(uow=uow, actor=current_actor(), appointment_id=appointment_id)
    found = around.moves_of(uow=uow, appointment_id=appointment_id)
    uow.commit()
    return {"items": found}


def _act(appointment_id: UUID, action: str, *, reason: str | None = None) -> _Answer:
    """If-Match is honoured where it is sent; the status itself already guards against acting twice."""
    uow = request_unit_of_work()
    found = service.act(
        uow=uow,
        actor=current_actor(),
        appointment_id=appointment_id,
        action=action,
        reason=reason,
        version=version_if_sent(),
    )
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}
