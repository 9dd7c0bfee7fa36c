"""Absences and extra hours over the API."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.schedules import exceptions, queries
from tenant_app.schedules.schemas import ExceptionAnswer, ExceptionBody, ExceptionsAnswer, SchedulesAsked
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint(
    "schedule_exceptions",
    __name__,
    url_prefix="/api/v1/schedule-exceptions",
    description="Days on which doctors are away or work extra hours",
)


@blueprint.route("", methods=["GET"])
@requires("appointment.read")
@blueprint.arguments(SchedulesAsked, location="query", unknown=None)
@blueprint.response(200, ExceptionsAnswer)
def listed(asked: dict[str, Any]) -> Page[queries.ExceptionRow]:
    """Exceptions by day."""
    uow = request_unit_of_work()
    page = queries.list_exceptions(uow=uow, **asked)
    uow.commit()
    return Page(items=[_for_this_reader(row) for row in page.items], next_cursor=page.next_cursor)


@blueprint.route("", methods=["POST"])
@requires("schedule.own")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(ExceptionBody)
@blueprint.response(201, ExceptionAnswer)
def add(body: dict[str, Any]) -> queries.ExceptionRow:
    """Write an absence or extra hours down; of others only with `schedule.manage`. Appointments stay as they are."""
    new = exceptions.NewException(**body)
    return exceptions.add_exception(uow=request_unit_of_work(), actor=current_actor(), new=new)


@blueprint.route("/<uuid:exception_id>", methods=["GET"])
@requires("appointment.read")
@blueprint.response(200, ExceptionAnswer)
def show(exception_id: UUID) -> queries.ExceptionRow:
    """One exception."""
    uow = request_unit_of_work()
    found = queries.exception_row(uow=uow, exception_id=exception_id)
    uow.commit()
    return _for_this_reader(found)


@blueprint.route("/<uuid:exception_id>", methods=["DELETE"])
@requires("schedule.own")
@blueprint.response(204)
def remove(exception_id: UUID) -> None:
    """These days are as the schedule says again."""
    uow = request_unit_of_work()
    exceptions.remove_exception(uow=uow, actor=current_actor(), exception_id=exception_id)
    uow.commit()


def _for_this_reader(row: queries.ExceptionRow) -> queries.ExceptionRow:
    knows = exceptions.may_change(current_actor(), row.doctor_id, row.doctor_department_id)
    return row if knows else replace(row, reason=None, note=None)
