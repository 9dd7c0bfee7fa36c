"""When doctors work: everybody's at a glance, one doctor's week, and the days that are otherwise."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext, ngettext

from kernel.clock import local_today
from kernel.errors import InvalidFields, NotFound, PreconditionFailed, SokhamError
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.appointments.public import hit_by_absences, to_move
from tenant_app.calendar.public import WEEKDAY_NAMES
from tenant_app.pages.forms import chosen_id, lead_to, page, sent_version, spoken, typed
from tenant_app.pages.moving_pages import just_moved
from tenant_app.pages.schedule_forms import (
    BLANK_AWAY,
    BLANK_EXTRA,
    BLANK_HOURS,
    FIELDS,
    HOURS_LABELS,
    hours_of,
    read_exception,
    read_hours_changed,
    read_new_hours,
)
from tenant_app.pages.shown import options
from tenant_app.pages.working_days import departments_in_reach
from tenant_app.schedules.public import (
    AWAY,
    EXTRA,
    REASONS,
    ScheduleOverlaps,
    ScheduleRow,
    add_exception,
    add_hours,
    change_hours,
    list_exceptions,
    list_schedules,
    may_change,
    remove_exception,
    remove_hours,
    schedule_row,
)
from tenant_app.staff.errors import DepartmentClosed
from tenant_app.staff.public import StaffMember, active_doctors, list_departments, staff_member

blueprint = Blueprint("schedules_pages", __name__, url_prefix="/schedules")

MOST_ROWS: Final = 2000
MOST_OF_ONE: Final = 200
REASON_NAMES: Final = {
    "leave": N_("On leave"),
    "conference": N_("Conference or training"),
    "sick": N_("Sick"),
    "other": N_("Another reason"),
}


@blueprint.route("")
@requires("appointment.read")
def show() -> Response:
    """All doctors with their weeks, who is away, and whose appointments are to be moved."""
    uow, today, actor = request_unit_of_work(), local_today(), current_actor()
    wanted = chosen_id(request.args.get("department"), what="department")
    doctors = active_doctors(uow=uow)
    departments = list_departments(uow=uow, active_only=True).items
    weeks: dict[UUID, list[ScheduleRow]] = {each.id: [] for each in doctors}
    for row in list_schedules(uow=uow, since=today, limit=MOST_ROWS).items:
        weeks.setdefault(row.doctor_id, []).append(row)
    away: dict[UUID, list[Any]] = {}
    for change in list_exceptions(uow=uow, since=today, limit=MOST_ROWS).items:
        away.setdefault(change.doctor_id, []).append(change)
    shown = [
        each
        for each in doctors
        if wanted is None or each.department_id == wanted or any(row.department_id == wanted for row in weeks[each.id])
    ]
    answer = page(
        "schedules/list.html",
        doctors=sorted(shown, key=lambda each: each.id != actor.id),
        weeks={doctor_id: week_in_short(rows) for doctor_id, rows in weeks.items()},
        changes=away,
        hit=hit_by_absences(uow=uow),
        departments={each.id: each.name for each in departments},
        department_options=[(each.id, each.name) for each in departments],
        wanted=wanted,
    )
    uow.commit()
    return answer


@blueprint.route("/<user_id>")
@requires("appointment.read")
def one(user_id: str) -> Response:
    """One doctor's week, exceptions, and the appointments that they leave hanging."""
    return _one(_doctor(user_id))


@blueprint.route("/<user_id>/hours", methods=["POST"])
@requires("schedule.manage")
def add(user_id: str) -> Response:
    """Add hours to the week."""
    uow, doctor = request_unit_of_work(), _doctor(user_id)
    shown: dict[str, Any] = {name: typed(name) for name in BLANK_HOURS}
    shown["weekday"] = request.form.getlist("weekday")
    try:
        made = add_hours(uow=uow, actor=current_actor(), new=read_new_hours(shown, doctor_id=doctor.id))
    except (InvalidFields, ScheduleOverlaps, DepartmentClosed) as wrong:
        uow.session.rollback()
        return _one(doctor, hours=shown, refusal=wrong)
    uow.commit()
    said = ngettext("The hours of %(num)d day are added.", "The hours of %(num)d days are added.", len(made))
    return lead_to(_address(doctor.id), message=said)


@blueprint.route("/<user_id>/hours/<schedule_id>")
@requires("schedule.manage")
def edit(user_id: str, schedule_id: str) -> Response:
    """The form with the hours of one weekday."""
    row = _row(user_id, schedule_id)
    return _edit(row, shown=hours_of(row), version=row.version)


@blueprint.route("/<user_id>/hours/<schedule_id>", methods=["POST"])
@requires("schedule.manage")
def save(user_id: str, schedule_id: str) -> Response:
    """Save the hours of one weekday."""
    uow, row = request_unit_of_work(), _row(user_id, schedule_id)
    shown: dict[str, Any] = {name: typed(name) for name in BLANK_HOURS if name != "weekday"}
    try:
        change_hours(
            uow=uow,
            actor=current_actor(),
            schedule_id=row.id,
            version=sent_version(),
            details=read_hours_changed(shown),
        )
    except (InvalidFields, ScheduleOverlaps, DepartmentClosed) as wrong:
        uow.session.rollback()
        return _edit(row, shown=shown, version=sent_version(), refusal=wrong)
    except PreconditionFailed as late:
        uow.session.rollback()
        now = _row(user_id, schedule_id)
        return _edit(now, shown=shown, version=now.version, refusal=late, there=_there(now, shown=shown))
    uow.commit()
    return lead_to(_address(row.doctor_id), message=gettext("The hours are saved."))


@blueprint.route("/<user_id>/hours/<schedule_id>/remove", methods=["POST"])
@requires("schedule.manage")
def remove(user_id: str, schedule_id: str) -> Response:
    """Take the hours of one weekday out."""
    uow, row = request_unit_of_work(), _row(user_id, schedule_id)
    remove_hours(uow=uow, actor=current_actor(), schedule_id=row.id)
    uow.commit()
    return lead_to(_address(row.doctor_id), message=gettext("The hours are taken out."))


@blueprint.route("/<user_id>/exceptions", methods=["POST"])
@requires("schedule.own")
def add_change(user_id: str) -> Response:
    """Write an absence or extra hours down."""
    uow, doctor, actor = request_unit_of_work(), _doctor(user_id), current_actor()
    kind = EXTRA if request.form.get("kind") == EXTRA else AWAY
    shown = {name: typed(field) for name, field in FIELDS[kind].items()}
    try:
        add_exception(uow=uow, actor=actor, new=read_exception(kind, shown, doctor_id=doctor.id))
    except (InvalidFields, DepartmentClosed) as wrong:
        uow.session.rollback()
        return _one(doctor, exception=(kind, shown), refusal=wrong)
    waiting = len(to_move(uow=uow, actor=actor, doctor_id=doctor.id))
    uow.commit()
    said = gettext("It is written down.")
    if waiting:
        more = ngettext("%(num)d appointment to move.", "%(num)d appointments to move.", waiting)
        return lead_to(_address(doctor.id, anchor="to-move"), message=f"{said} {more}", tone="warning")
    return lead_to(_address(doctor.id), message=said)


@blueprint.route("/<user_id>/exceptions/<exception_id>/remove", methods=["POST"])
@requires("schedule.own")
def remove_change(user_id: str, exception_id: str) -> Response:
    """These days are as the schedule says again."""
    uow, doctor = request_unit_of_work(), _doctor(user_id)
    wanted = parse_uuid(exception_id, what="schedule_exception")
    remove_exception(uow=uow, actor=current_actor(), exception_id=wanted)
    uow.commit()
    return lead_to(_address(doctor.id), message=gettext("It is taken out."))


def week_in_short(rows: Iterable[ScheduleRow]) -> list[tuple[str, str]]:
    """(days, hours): `Thứ Hai – Thứ Tư, Thứ Sáu` and `07:30–11:30, 13:30–16:30`; days of the same hours in one line."""
    names = [name for _, name in options(WEEKDAY_NAMES)]
    by_day: dict[int, list[str]] = {}
    for row in rows:
        by_day.setdefault(row.weekday, []).append(f"{row.start_time:%H:%M}–{row.end_time:%H:%M}")
    by_hours: dict[str, list[int]] = {}
    for day in sorted(by_day):
        by_hours.setdefault(", ".join(dict.fromkeys(by_day[day])), []).append(day)
    said = []
    for hours, days in by_hours.items():
        spans: list[list[int]] = []
        for day in days:
            if spans and spans[-1][-1] == day - 1:
                spans[-1].append(day)
            else:
                spans.append([day])
        parts = [names[each[0]] if len(each) == 1 else f"{names[each[0]]} – {names[each[-1]]}" for each in spans]
        said.append((", ".join(parts), hours))
    return said


def _doctor(user_id: str) -> StaffMember:
    """Raises NotFound for whoever is no doctor."""
    found = staff_member(uow=request_unit_of_work(), user_id=parse_uuid(user_id, what="user"))
    if found.role != "doctor":
        raise NotFound("doctor")
    return found


def _row(user_id: str, schedule_id: str) -> ScheduleRow:
    """Raises NotFound, also where the hours are another doctor's, or of a department beyond reach."""
    found = schedule_row(uow=request_unit_of_work(), schedule_id=parse_uuid(schedule_id, what="schedule"))
    if found.doctor_id != parse_uuid(user_id, what="user") or not current_actor().works_in(found.department_id):
        raise NotFound("schedule")
    return found


def _address(doctor_id: UUID, *, anchor: str | None = None) -> str:
    return url_for("schedules_pages.one", user_id=doctor_id, _anchor=anchor)


def _one(
    doctor: StaffMember,
    *,
    hours: dict[str, Any] | None = None,
    exception: tuple[str, dict[str, str]] | None = None,
    refusal: SokhamError | None = None,
) -> Response:
    uow, today, actor = request_unit_of_work(), local_today(), current_actor()
    departments = departments_in_reach(uow)
    usual = {"department_id": str(doctor.department_id or ""), "valid_from": today.strftime("%d/%m/%Y")}
    typed_as, typed_in = exception or ("", {})
    errors = spoken(refusal.errors) if refusal else {}
    knows = may_change(actor, doctor.id, doctor.department_id)
    answer = page(
        "schedules/one.html",
        status=refusal.status if refusal else HTTPStatus.OK,
        doctor=doctor,
        week=list_schedules(uow=uow, doctor_id=doctor.id, since=today, limit=MOST_OF_ONE).items,
        changes=list_exceptions(uow=uow, doctor_id=doctor.id, since=today, limit=MOST_OF_ONE).items,
        waiting=to_move(uow=uow, actor=actor, doctor_id=doctor.id),
        hours=hours or {**BLANK_HOURS, **usual},
        away={**BLANK_AWAY, **(typed_in if typed_as == AWAY else {})},
        extra={**BLANK_EXTRA, **(typed_in if typed_as == EXTRA else {"department_id": usual["department_id"]})},
        errors={FIELDS[typed_as].get(name, name): said for name, said in errors.items()} if typed_as else errors,
        refused=sentences(refusal) if refusal and not refusal.errors else None,
        sent="hours" if hours is not None else typed_as,
        moved=just_moved(uow),
        knows=knows,
        own=doctor.id == actor.id,
        weekdays=options(WEEKDAY_NAMES),
        reasons=[(name, gettext(REASON_NAMES[name])) for name in REASONS],
        reason_names=REASON_NAMES,
        department_options=[(each.id, each.name) for each in departments],
        today=today,
    )
    uow.commit()
    return answer


def _there(row: ScheduleRow, *, shown: dict[str, Any]) -> list[tuple[str, str]]:
    """What is saved now where it differs from what was typed, in words."""
    saved = hours_of(row)
    words = {**saved, "department_id": row.department_name}
    return [(gettext(HOURS_LABELS[name]), words[name]) for name in HOURS_LABELS if saved[name] != shown[name]]


def _edit(
    row: ScheduleRow,
    *,
    shown: dict[str, Any],
    version: int,
    refusal: SokhamError | None = None,
    there: list[tuple[str, str]] | None = None,
) -> Response:
    uow = request_unit_of_work()
    departments = list_departments(uow=uow).items
    within = {each.id for each in departments_in_reach(uow)}
    answer = page(
        "schedules/edit.html",
        status=refusal.status if refusal else HTTPStatus.OK,
        row=row,
        shown=shown,
        version=version,
        errors=spoken(refusal.errors) if refusal else {},
        refused=sentences(refusal) if refusal and not refusal.errors and there is None else None,
        there=there,
        weekday=options(WEEKDAY_NAMES)[row.weekday][1],
        department_options=[
            (each.id, each.name) for each in departments if each.id in within or each.id == row.department_id
        ],
    )
    uow.commit()
    return answer
