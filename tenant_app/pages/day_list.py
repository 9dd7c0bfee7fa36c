"""The day's appointments on paper: a sheet for each doctor, or for each department."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, request
from flask_babel import gettext

from kernel.clock import utc_now
from kernel.text import vietnamese_order
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.appointments.public import AppointmentRow, read_list
from tenant_app.hospital.public import hospital_info
from tenant_app.pages.day import chosen_day
from tenant_app.pages.forms import page
from tenant_app.pages.shown import TYPE_NAMES, long_day

blueprint = Blueprint("day_list", __name__, url_prefix="/today/list")

# More than a hospital of a hundred doctors books on a day.
MOST_ROWS: Final = 5000
DOCTOR: Final = "doctor"
DEPARTMENT: Final = "department"
# Whoever is not coming, or was not there, is on no list of those to be seen.
_LEFT_OUT: Final = frozenset({"cancelled", "no_show"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """What goes on paper together: `title` says whose it is, `also` is what each row names besides."""

    title: str
    also: str
    rows: list[AppointmentRow]


@blueprint.route("")
@requires("appointment.read")
def show() -> Response:
    """The same day and choice as the day's page, without who was cancelled or did not come."""
    uow, actor = request_unit_of_work(), current_actor()
    chosen, errors = chosen_day(actor, request.args)
    by = DEPARTMENT if request.args.get("by") == DEPARTMENT else DOCTOR
    listed = read_list(uow=uow, actor=actor, wanted=chosen.filter, limit=MOST_ROWS)
    answer = page(
        "day/paper.html",
        chosen=chosen,
        errors=errors,
        by=by,
        other_by=chosen.query(by=DOCTOR if by == DEPARTMENT else DEPARTMENT),
        sheets=sheets_of((row for row in listed.items if row.status not in _LEFT_OUT), by=by),
        title=long_day(chosen.day),
        hospital=hospital_info(uow=uow),
        type_names=TYPE_NAMES,
        printed_by=actor.name,
        now=utc_now(),
    )
    uow.commit()
    return answer


def sheets_of(rows: Iterable[AppointmentRow], *, by: str) -> list[Sheet]:
    """By name; within a sheet by time."""
    key: Callable[[AppointmentRow], tuple[str, UUID]] = (
        (lambda row: (row.department_name, row.department_id))
        if by == DEPARTMENT
        else (lambda row: (row.doctor_name, row.doctor_id))
    )
    found: dict[tuple[str, UUID], list[AppointmentRow]] = {}
    for row in sorted(rows, key=lambda row: (row.start_time, vietnamese_order(row.doctor_name), row.id)):
        found.setdefault(key(row), []).append(row)
    also = gettext("Doctor") if by == DEPARTMENT else gettext("Department")
    return [Sheet(title=name, also=also, rows=found[name, whose]) for name, whose in sorted(found, key=_in_order)]


def _in_order(sheet: tuple[str, UUID]) -> tuple[str, UUID]:
    name, whose = sheet
    return vietnamese_order(name), whose
