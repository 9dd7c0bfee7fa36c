"""The calendar: a day with a column for each doctor, or a doctor's week. Appointments are moved in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, url_for
from flask_babel import format_date, gettext

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import Actor, current_actor
from kernel.web.collaborators import request_unit_of_work
from tenant_app.appointments.public import MOVABLE, AppointmentRow, BusyTime, calendar_rows, taken_elsewhere
from tenant_app.live.public import day_topic
from tenant_app.pages.calendar_grid import Column, Day, column, hours_shown
from tenant_app.pages.forms import chosen_id, page, parse_day, spoken, wants_part
from tenant_app.pages.moving_pages import just_moved
from tenant_app.pages.saved_lists import opened
from tenant_app.pages.shown import TYPE_NAMES, long_day
from tenant_app.pages.working_days import departments_in_reach, doctors_in_reach, limited_to
from tenant_app.schedules.public import WorkingTime, read_working_times
from tenant_app.staff.public import DepartmentRow, Doctor

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar")

DAY, WEEK = "day", "week"
WHY_NOT: Final[Mapping[str, str]] = {
    "away": N_("Away"),
    "holiday": N_("Holiday"),
    "closed": N_("No consultation"),
    "elsewhere": N_("In another department"),
}
_WEEK: Final = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What is looked at."""

    view: str
    day: date
    doctor_id: UUID | None
    department_id: UUID | None

    def query(self, **other: object) -> dict[str, Any]:
        """The same as an address has it."""
        named = {
            "view": self.view,
            "day": self.day,
            "doctor": self.doctor_id,
            "department": self.department_id,
            **other,
        }
        return {name: str(value) for name, value in named.items() if value is not None}

    @property
    def days(self) -> list[date]:
        """The day, or those of its week, from Monday."""
        if self.view == DAY:
            return [self.day]
        monday = self.day - timedelta(days=self.day.weekday())
        return [monday + timedelta(days=number) for number in range(_WEEK)]


@blueprint.route("")
@requires("appointment.read")
def show() -> Response:
    """A day or a week. Without an address of its own it opens on today with the actor's default."""
    uow, actor = request_unit_of_work(), current_actor()
    answer = _show(uow, actor)
    uow.commit()
    return answer


def _show(uow: UnitOfWork, actor: Actor) -> Response:
    doctors, departments = doctors_in_reach(uow), departments_in_reach(uow)
    offered = {"doctor": [each.id for each in doctors], "department": [each.id for each in departments]}
    saved = opened(uow, actor, "calendar", offered=offered)
    chosen, errors = _chosen(actor, saved.args)
    current = {"view": chosen.view, "doctor": chosen.doctor_id, "department": chosen.department_id}
    if chosen.view == WEEK and chosen.doctor_id not in {each.id for each in doctors}:
        first = next((each.id for each in doctors if chosen.department_id in {None, each.department_id}), None)
        chosen = Chosen(view=WEEK, day=chosen.day, doctor_id=first, department_id=chosen.department_id)
    since, until = chosen.days[0], chosen.days[-1]
    working = read_working_times(uow=uow, doctor_ids=[each.id for each in doctors], since=since, until=until)
    shown = [each for each in doctors if _is_shown(each, chosen, working[each.id])]
    ids = [each.id for each in shown]
    rows = calendar_rows(uow=uow, actor=actor, doctor_ids=ids, since=since, until=until)
    elsewhere = taken_elsewhere(uow=uow, doctor_ids=ids, since=since, until=until)
    columns, hours = _columns(shown, chosen, working, rows, elsewhere)
    step = 1 if chosen.view == DAY else _WEEK
    moved = just_moved(uow)
    here = url_for("calendar.show", **chosen.query())
    return page(
        "calendar/part.html" if wants_part() else "calendar/calendar.html",
        chosen=chosen,
        errors=errors,
        filters=saved.bar(current),
        columns=columns,
        hours=hours,
        by_hour=_by_hour(columns),
        title=_title(chosen),
        today=local_today(),
        previous=chosen.query(day=chosen.day - timedelta(days=step)),
        following=chosen.query(day=chosen.day + timedelta(days=step)),
        other_view=chosen.query(view=WEEK if chosen.view == DAY else DAY),
        doctor_options=[(each.id, each.full_name) for each in doctors],
        department_options=[(each.id, each.name) for each in departments],
        limited_to=limited_to(uow, departments),
        filtered=_filtered(chosen, doctors, departments),
        may_book=actor.may("appointment.book"),
        movable=MOVABLE,
        type_names=TYPE_NAMES,
        why_not=WHY_NOT,
        moved=moved,
        undo_back=here,
        here=here,
        topics=[day_topic(day) for day in chosen.days],
        short_days={day: _short_day(day) for day in chosen.days},
    )


def _is_shown(doctor: Doctor, chosen: Chosen, working: WorkingTime) -> bool:
    """The doctor who is asked for; by day, those of the department, whether their own or their schedule's."""
    if chosen.view == WEEK:
        return doctor.id == chosen.doctor_id
    if chosen.doctor_id is not None and doctor.id != chosen.doctor_id:
        return False
    scheduled = {block.department_id for block in working.blocks if block.on(chosen.day)}
    return chosen.department_id is None or chosen.department_id in {doctor.department_id, *scheduled}


def _columns(
    shown: list[Doctor],
    chosen: Chosen,
    working: Mapping[UUID, WorkingTime],
    rows: list[AppointmentRow],
    elsewhere: Mapping[tuple[UUID, date], list[BusyTime]],
) -> tuple[list[Column], range]:
    found: dict[tuple[UUID, date], list[AppointmentRow]] = {}
    for row in rows:
        found.setdefault((row.doctor_id, row.appointment_date), []).append(row)
    days = [
        Day(
            doctor_id=doctor.id,
            doctor_name=doctor.full_name,
            day=day,
            working=working[doctor.id],
            rows=found.get((doctor.id, day), []),
            department_id=chosen.department_id,
            elsewhere=elsewhere.get((doctor.id, day), []),
        )
        for doctor in shown
        for day in chosen.days
    ]
    hours, now = hours_shown(days), utc_now()
    return [column(each, hours=hours, now=now) for each in days], hours


def _by_hour(columns: list[Column]) -> list[tuple[date, list[tuple[int, list[Any], list[Any]]]]]:
    """For a phone: by day and hour, what is booked and what is free, each with its column."""
    days: dict[date, dict[int, tuple[list[Any], list[Any]]]] = {}
    for each in columns:
        hours = days.setdefault(each.day, {})
        for booked in each.booked:
            hours.setdefault(booked.row.start_time.hour, ([], []))[0].append(booked.row)
        for free in each.free:
            hours.setdefault(free.start.hour, ([], []))[1].append((each, free))
    return [
        (
            day,
            [
                (hour, sorted(rows, key=lambda row: row.start_time), sorted(free, key=lambda one: one[1].start))
                for hour, (rows, free) in sorted(hours.items())
            ],
        )
        for day, hours in days.items()
    ]


def _chosen(actor: Actor, args: Mapping[str, str]) -> tuple[Chosen, dict[str, list[str]]]:
    """What the address or the filter chooses; a doctor begins with the own week."""
    errors: dict[str, list[str]] = {}
    day = local_today()
    if text := args.get("day"):
        try:
            day = parse_day(text, field="day")
        except InvalidFields as wrong:
            errors = spoken(wrong.errors)
    doctor = chosen_id(args.get("doctor"), what="doctor")
    begins = not args and actor.role == "doctor"
    view = WEEK if begins or args.get("view") == WEEK else DAY
    if doctor is None and view == WEEK and actor.role == "doctor":
        doctor = actor.id
    department = chosen_id(args.get("department"), what="department")
    return Chosen(view=view, day=day, doctor_id=doctor, department_id=department), errors


def _title(chosen: Chosen) -> str:
    if chosen.view == DAY:
        return long_day(chosen.day)
    first, last = chosen.days[0], chosen.days[-1]
    return str(gettext("Week of %(first)s – %(last)s", first=first.strftime("%d/%m"), last=last.strftime("%d/%m/%Y")))


def _short_day(day: date) -> str:
    """`T2 23/11`."""
    written: str = format_date(day, "EEE dd/MM")
    return written[:1].upper() + written[1:]


def _filtered(chosen: Chosen, doctors: list[Doctor], departments: list[DepartmentRow]) -> list[str]:
    named = {**{each.id: each.full_name for each in doctors}, **{each.id: each.name for each in departments}}
    return [named[each] for each in (chosen.doctor_id, chosen.department_id) if each in named]
