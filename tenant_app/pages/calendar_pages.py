"""When the hospital works: business hours by weekday, and the days on which it is closed."""

from datetime import date, time
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext, ngettext

from kernel.clock import local_today
from kernel.errors import InvalidFields, PreconditionFailed
from kernel.ids import parse_uuid
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.calendar.public import (
    USUAL_HOURS,
    WEEKDAY_NAMES,
    WEEKDAYS,
    HolidayExists,
    NewHoliday,
    add_holiday,
    hours_text,
    list_holidays,
    missing_public_holidays,
    parse_hours_text,
    read_hours,
    remove_holiday,
)
from tenant_app.hospital.public import change_details, hospital_info
from tenant_app.pages.forms import lead_to, page, parse_day, parse_time, sent_version, spoken, typed
from tenant_app.pages.shown import options

blueprint = Blueprint("calendar_pages", __name__, url_prefix="/hospital/calendar")

MOST_SHOWN: Final = 100
_HOLIDAY_FIELDS: Final = ("name", "first_day", "last_day", "start_time", "end_time")


@blueprint.route("")
@requires("hospital.read")
def show() -> Response:
    """The hours of a week, and the holidays to come."""
    return _show()


@blueprint.route("/hours", methods=["POST"])
@requires("hospital.manage")
def save_hours() -> Response:
    """Save the hours of all days."""
    uow = request_unit_of_work()
    shown = {day: typed(f"business_hours_{day}") for day in WEEKDAYS}
    details = {"business_hours": {day: parse_hours_text(text) for day, text in shown.items()}}
    try:
        change_details(uow=uow, actor=current_actor(), version=sent_version(), details=details)
    except InvalidFields as wrong:
        uow.session.rollback()
        return _show(hours=shown, errors=spoken(wrong.errors), version=sent_version(), status=wrong.status)
    except PreconditionFailed as late:
        uow.session.rollback()
        return _show(hours=shown, overtaken=True, status=late.status)
    uow.commit()
    return lead_to(url_for("calendar_pages.show"), message=gettext("The business hours are saved."))


@blueprint.route("/holidays", methods=["POST"])
@requires("hospital.manage")
def add() -> Response:
    """Add a holiday."""
    uow = request_unit_of_work()
    shown = {name: typed(name) for name in _HOLIDAY_FIELDS}
    try:
        add_holiday(uow=uow, actor=current_actor(), new=_read_holiday(shown))
    except InvalidFields as wrong:
        uow.session.rollback()
        return _show(holiday=shown, errors=spoken(wrong.errors), status=wrong.status)
    except HolidayExists as there:
        uow.session.rollback()
        return _show(holiday=shown, errors={"name": [gettext(there.title)]}, status=there.status)
    uow.commit()
    return lead_to(url_for("calendar_pages.show", _anchor="holidays"), message=gettext("The holiday is added."))


@blueprint.route("/holidays/public", methods=["POST"])
@requires("hospital.manage")
def add_public() -> Response:
    """Add those of the country's public holidays that were ticked; what somebody else added meanwhile stays once."""
    uow, ticked = request_unit_of_work(), set(request.form.getlist("day"))
    wanted = [each for each in missing_public_holidays(uow=uow, since=local_today()) if str(each.first_day) in ticked]
    for each in wanted:
        new = NewHoliday(name=each.name, first_day=each.first_day, last_day=each.last_day)
        add_holiday(uow=uow, actor=current_actor(), new=new)
    uow.commit()
    said = ngettext("%(num)d holiday is added.", "%(num)d holidays are added.", len(wanted))
    return lead_to(url_for("calendar_pages.show", _anchor="holidays"), message=said)


@blueprint.route("/holidays/<holiday_id>/remove", methods=["POST"])
@requires("hospital.manage")
def remove(holiday_id: str) -> Response:
    """Take a holiday out."""
    uow = request_unit_of_work()
    remove_holiday(uow=uow, actor=current_actor(), holiday_id=parse_uuid(holiday_id, what="holiday"))
    uow.commit()
    return lead_to(url_for("calendar_pages.show", _anchor="holidays"), message=gettext("The holiday is taken out."))


def _read_holiday(shown: dict[str, str]) -> NewHoliday:
    """What was typed, or InvalidFields with all that cannot be read."""
    errors: dict[str, list[str]] = {}
    days: dict[str, date | None] = {}
    times: dict[str, time | None] = {}
    for name, text in shown.items():
        try:
            if name in ("first_day", "last_day"):
                days[name] = parse_day(text, field=name) if text or name == "first_day" else None
            elif name in ("start_time", "end_time"):
                times[name] = parse_time(text, field=name) if text else None
        except InvalidFields as wrong:
            errors.update({field: list(said) for field, said in wrong.errors.items()})
    first = days.get("first_day")
    if errors or first is None:
        raise InvalidFields(errors=errors)
    return NewHoliday(
        name=shown["name"],
        first_day=first,
        last_day=days["last_day"],
        start_time=times["start_time"],
        end_time=times["end_time"],
    )


def _show(
    *,
    hours: dict[str, str] | None = None,
    holiday: dict[str, str] | None = None,
    errors: dict[str, list[str]] | None = None,
    version: int | None = None,
    overtaken: bool = False,
    status: int = HTTPStatus.OK,
) -> Response:
    uow, today = request_unit_of_work(), local_today()
    hospital = hospital_info(uow=uow)
    week = read_hours(hospital.business_hours)
    stored = {day: hours_text(week[day] if week else USUAL_HOURS if day != "sun" else ()) for day in WEEKDAYS}
    values: dict[str, Any] = {
        "hospital": hospital,
        "hours_set": week is not None,
        "stored": stored,
        "hours": hours or stored,
        "weekdays": options(WEEKDAY_NAMES),
        "holidays": list_holidays(uow=uow, since=today, limit=MOST_SHOWN).items,
        "offered": missing_public_holidays(uow=uow, since=today) if current_actor().may("hospital.manage") else [],
        "holiday": holiday or dict.fromkeys(_HOLIDAY_FIELDS, ""),
        "errors": errors or {},
        "version": hospital.version if version is None else version,
        "overtaken": overtaken,
    }
    answer = page("hospital/calendar.html", status=status, **values)
    uow.commit()
    return answer
