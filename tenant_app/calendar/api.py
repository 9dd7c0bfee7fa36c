"""Holidays over the API; business hours are changed with the hospital's details."""

from typing import Any
from uuid import UUID

from kernel.clock import local_today
from kernel.listing import Page
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.api import Blueprint
from kernel.web.collaborators import request_unit_of_work
from kernel.web.idempotency import remembered, under_this_path
from tenant_app.calendar import service
from tenant_app.calendar.models import Holiday
from tenant_app.calendar.public_holidays import PublicHoliday
from tenant_app.calendar.queries import HolidayRow, list_holidays, missing_public_holidays
from tenant_app.calendar.schemas import (
    HolidayAnswer,
    HolidayBody,
    HolidaysAnswer,
    HolidaysAsked,
    PublicHolidaysAnswer,
)
from tenant_app.staff.models import IdempotencyKey

blueprint = Blueprint("holidays", __name__, url_prefix="/api/v1/holidays", description="Holidays")


@blueprint.route("", methods=["GET"])
@requires("hospital.read")
@blueprint.arguments(HolidaysAsked, location="query", unknown=None)
@blueprint.response(200, HolidaysAnswer)
def holidays(asked: dict[str, Any]) -> Page[HolidayRow]:
    """Holidays by day."""
    uow = request_unit_of_work()
    page = list_holidays(uow=uow, **asked)
    uow.commit()
    return page


@blueprint.route("/public", methods=["GET"])
@requires("hospital.read")
@blueprint.response(200, PublicHolidaysAnswer)
def public() -> dict[str, list[PublicHoliday]]:
    """The country's public holidays, from today, that the calendar does not have yet."""
    uow = request_unit_of_work()
    found = missing_public_holidays(uow=uow, since=local_today())
    uow.commit()
    return {"items": found}


@blueprint.route("", methods=["POST"])
@requires("hospital.manage")
@remembered(IdempotencyKey, location=under_this_path)
@blueprint.arguments(HolidayBody)
@blueprint.response(201, HolidayAnswer)
def add(body: dict[str, Any]) -> Holiday:
    """Close the hospital for a day, for days, or for hours of them."""
    return service.add_holiday(uow=request_unit_of_work(), actor=current_actor(), new=service.NewHoliday(**body))


@blueprint.route("/<uuid:holiday_id>", methods=["DELETE"])
@requires("hospital.manage")
@blueprint.response(204)
def remove(holiday_id: UUID) -> None:
    """Work goes on in these days."""
    uow = request_unit_of_work()
    service.remove_holiday(uow=uow, actor=current_actor(), holiday_id=holiday_id)
    uow.commit()
