"""Doctors' schedules over the API."""

from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint, etag, expected_version
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.calendar.public import WEEKDAYS
from tenant_app.schedules import queries, service
from tenant_app.schedules.schemas import (
    ScheduleAnswer,
    ScheduleBody,
    ScheduleChange,
    SchedulesAnswer,
    SchedulesAsked,
)
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint("schedules", __name__, url_prefix="/api/v1/schedules", description="Doctors' weekly schedules")

_Answer = tuple[queries.ScheduleRow, int, dict[str, str]]


@blueprint.route("", methods=["GET"])
@requires("appointment.read")
@blueprint.arguments(SchedulesAsked, location="query", unknown=None)
@blueprint.response(200, SchedulesAnswer)
def schedules(asked: dict[str, Any]) -> Page[queries.ScheduleRow]:
    """Doctors' hours by weekday and time."""
    uow = request_unit_of_work()
    page = queries.list_schedules(uow=uow, **asked)
    uow.commit()
    return page


@blueprint.route("", methods=["POST"])
@requires("schedule.manage")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(ScheduleBody)
@blueprint.response(201, ScheduleAnswer)
def add(body: dict[str, Any]) -> _Answer:
    """Add hours of one weekday."""
    weekday = WEEKDAYS.index(body.pop("weekday"))
    new = service.NewHours(weekdays=(weekday,), **body)
    (made,) = service.add_hours(uow=request_unit_of_work(), actor=current_actor(), new=new)
    return made, 201, {"ETag": etag(made.version)}


@blueprint.route("/<uuid:schedule_id>", methods=["GET"])
@requires("appointment.read")
@blueprint.response(200, ScheduleAnswer)
def show(schedule_id: UUID) -> _Answer:
    """Hours of one weekday."""
    uow = request_unit_of_work()
    found = queries.schedule_row(uow=uow, schedule_id=schedule_id)
    uow.commit()
    return found, 200, {"ETag": etag(found.version)}


@blueprint.route("/<uuid:schedule_id>", methods=["PATCH"])
@requires("schedule.manage")
@blueprint.arguments(ScheduleChange)
@blueprint.response(200, ScheduleAnswer)
def change(body: dict[str, Any], schedule_id: UUID) -> _Answer:
    """Change them; takes If-Match. Appointments that are booked stay: see `/api/v1/appointments/to-move`."""
    version, uow = expected_version(), request_unit_of_work()
    changed = service.change_hours(
        uow=uow, actor=current_actor(), schedule_id=schedule_id, version=version, details=body
    )
    uow.commit()
    return changed, 200, {"ETag": etag(changed.version)}


@blueprint.route("/<uuid:schedule_id>", methods=["DELETE"])
@requires("schedule.manage")
@blueprint.response(204)
def remove(schedule_id: UUID) -> None:
    """Take them out, as if they had never been; to end them on a day, change `valid_until`."""
    uow = request_unit_of_work()
    service.remove_hours(uow=uow, actor=current_actor(), schedule_id=schedule_id)
    uow.commit()
