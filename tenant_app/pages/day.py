"""The day's appointments: who is next, what can be done with each, and how far the day has come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.clock import LOCAL_ZONE, local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, PreconditionFailed
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import Actor, current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.appointments.public import (
    TRANSITIONS,
    AppointmentRow,
    Filter,
    TransitionNotAllowed,
    act,
    count_by_status,
    possible_actions,
    read,
    read_list,
)
from tenant_app.pages.forms import (
    chosen_id,
    lead_to,
    long_text,
    page,
    parse_day,
    seen_version,
    spoken,
    wants_part,
    with_toast,
)
from tenant_app.pages.moving_pages import just_moved
from tenant_app.pages.saved_lists import opened
from tenant_app.pages.shown import TYPE_NAMES, banner, long_day
from tenant_app.pages.working_days import departments_in_reach, doctors_in_reach, limited_to
from tenant_app.patients.public import patient_record
from tenant_app.reminders.public import day_figures
from tenant_app.unusual.public import open_findings

blueprint = Blueprint("day", __name__)

ROWS: Final = 200
_WAITING: Final = ("scheduled", "confirmed")
_CLOSED: Final = ("completed", "cancelled", "no_show")
# Action → what its button says, its icon, and what is said when it is done.
_ACTIONS: Final[Mapping[str, tuple[str, str, str]]] = {
    "confirm": (N_("Confirm"), "calendar-check", N_("Confirmed")),
    "start": (N_("Start"), "player-play", N_("Started")),
    "complete": (N_("Complete"), "check", N_("Completed")),
    "came": (N_("Came after all"), "user-check", N_("Noted: the patient has come")),
}
CANCEL_REASONS: Final = (
    N_("The patient asked for it"),
    N_("The patient did not come"),
    N_("The doctor cannot come"),
    N_("Booked by mistake"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """Which part of which day is shown."""

    day: date
    doctor_id: UUID | None
    department_id: UUID | None

    def query(self, **other: object) -> dict[str, Any]:
        """The same as an address has it; an empty doctor means all of them."""
        named = {"day": self.day, "doctor": self.doctor_id, "department": self.department_id, **other}
        return {name: "" if value is None else str(value) for name, value in named.items()}

    @property
    def filter(self) -> Filter:
        """The same for the list."""
        return Filter.on(self.day, doctor_id=self.doctor_id, department_id=self.department_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """An appointment with what may be done with it now, by this actor."""

    row: AppointmentRow
    actions: tuple[str, ...]
    is_next: bool
    minutes_late: int


@blueprint.route("/today")
@requires("appointment.read")
def show() -> Response:
    """A day's appointments; today's, and a doctor's own, unless the address or the actor's default says otherwise."""
    uow, actor = request_unit_of_work(), current_actor()
    answer = _part(uow, actor) if wants_part() else _show(uow, actor)
    uow.commit()
    return answer


@blueprint.route("/appointments/<appointment_id>/confirm", methods=["POST"])
@requires("appointment.confirm")
def confirm(appointment_id: str) -> Response:
    """The patient will come."""
    return _act(appointment_id, "confirm")


@blueprint.route("/appointments/<appointment_id>/start", methods=["POST"])
@requires("appointment.start")
def start(appointment_id: str) -> Response:
    """The patient is with the doctor."""
    return _act(appointment_id, "start")


@blueprint.route("/appointments/<appointment_id>/complete", methods=["POST"])
@requires("appointment.complete")
def complete(appointment_id: str) -> Response:
    """The visit is over."""
    return _act(appointment_id, "complete")


@blueprint.route("/appointments/<appointment_id>/came", methods=["POST"])
@requires("appointment.confirm")
def came(appointment_id: str) -> Response:
    """Somebody who was noted as not come has come."""
    return _act(appointment_id, "came")


@blueprint.route("/appointments/<appointment_id>/cancel")
@requires("appointment.cancel")
def ask_cancel(appointment_id: str) -> Response:
    """What would be cancelled, and why: the page is the question."""
    uow, actor = request_unit_of_work(), current_actor()
    row = read(uow=uow, actor=actor, appointment_id=parse_uuid(appointment_id, what="appointment"))
    answer = _cancel_page(uow, row, errors={})
    uow.commit()
    return answer


@blueprint.route("/appointments/<appointment_id>/cancel", methods=["POST"])
@requires("appointment.cancel")
def cancel(appointment_id: str) -> Response:
    """Cancel it, with the reason."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(appointment_id, what="appointment")
    try:
        chosen = request.form.get("reason", "")
        words = long_text("other_reason", longest=500)
        reason = ". ".join(part for part in (chosen, words) if part)
        row = act(uow=uow, actor=actor, appointment_id=wanted, action="cancel", reason=reason, version=seen_version())
    except InvalidFields as wrong:
        uow.session.rollback()
        row = read(uow=uow, actor=actor, appointment_id=wanted)
        answer = _cancel_page(uow, row, errors=spoken(wrong.errors), status=wrong.status)
        uow.commit()
        return answer
    except (PreconditionFailed, TransitionNotAllowed) as refused:
        uow.session.rollback()
        row = read(uow=uow, actor=actor, appointment_id=wanted)
        answer = _cancel_page(uow, row, errors={}, refused=sentences(refused), status=refused.status)
        uow.commit()
        return answer
    uow.commit()
    return lead_to(
        url_for("day.show", day=row.appointment_date, doctor=""), message=gettext("The appointment is cancelled.")
    )


def actions_for(actor: Actor, status: str) -> tuple[str, ...]:
    """What this actor may do with an appointment in this status."""
    return tuple(action for action in possible_actions(status) if actor.may(TRANSITIONS[action].permission))


def lines_of(rows: Iterable[AppointmentRow], *, actor: Actor, now: datetime) -> list[Line]:
    """The rows with their actions; the first who waits for each doctor, today, is next."""
    local = now.astimezone(LOCAL_ZONE)
    lines: list[Line] = []
    served: set[UUID] = set()
    for row in rows:
        waiting = row.status in _WAITING
        is_next = waiting and row.appointment_date == local.date() and row.doctor_id not in served
        if is_next:
            served.add(row.doctor_id)
        starts = datetime.combine(row.appointment_date, row.start_time, tzinfo=LOCAL_ZONE)
        late = int((local - starts).total_seconds() // 60) if waiting and is_next else 0
        lines.append(Line(row=row, actions=actions_for(actor, row.status), is_next=is_next, minutes_late=max(0, late)))
    return lines


def picture_of(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The day as one bar of 100 parts: {status, count, x, width}, in the order in which a visit goes."""
    order = ("completed", "in_progress", "confirmed", "scheduled", "no_show", "cancelled")
    total = sum(counts.values())
    parts: list[dict[str, Any]] = []
    at = 0.0
    for status in order:
        count = counts.get(status, 0)
        width = 100 * count / total if total else 0.0
        parts.append({"status": status, "count": count, "x": round(at, 3), "width": round(width, 3)})
        at += width
    return parts


def chosen_day(actor: Actor, args: Mapping[str, str]) -> tuple[Chosen, dict[str, list[str]]]:
    """What the address chooses; today's, and a doctor's own, unless it says otherwise. And what is wrong with it."""
    errors: dict[str, list[str]] = {}
    day = local_today()
    if text := args.get("day"):
        try:
            day = parse_day(text, field="day")
        except InvalidFields as wrong:
            errors = spoken(wrong.errors)
    doctor = chosen_id(args.get("doctor"), what="doctor")
    if "doctor" not in args and actor.role == "doctor":
        doctor = actor.id
    department = chosen_id(args.get("department"), what="department")
    return Chosen(day=day, doctor_id=doctor, department_id=department), errors


def _part(uow: UnitOfWork, actor: Actor) -> Response:
    """The list alone."""
    chosen, _ = chosen_day(actor, request.args)
    return page("day/list.html", **_listed(uow, actor, chosen, query=request.args))


def _show(uow: UnitOfWork, actor: Actor) -> Response:
    within = departments_in_reach(uow)
    departments = [(each.id, each.name) for each in within]
    doctors = [(each.id, each.full_name) for each in doctors_in_reach(uow)]
    offered = {"doctor": [each for each, _ in doctors], "department": [each for each, _ in departments]}
    saved = opened(uow, actor, "appointments", offered=offered)
    chosen, errors = chosen_day(actor, saved.args)
    listed = _listed(uow, actor, chosen, query=saved.query)
    return page(
        "day/day.html",
        errors=errors,
        filters=saved.bar({"doctor": chosen.doctor_id, "department": chosen.department_id}),
        moved=just_moved(uow),
        figures=day_figures(uow=uow, day=chosen.day, now=listed["now"]),
        title=long_day(chosen.day),
        previous_day=chosen.day - timedelta(days=1),
        next_day=chosen.day + timedelta(days=1),
        unusual=open_findings(uow=uow) if actor.may("audit.decide") else 0,
        department_options=departments,
        limited_to=limited_to(uow, within),
        doctor_options=doctors,
        filtered=[name for each, name in [*doctors, *departments] if each in {chosen.doctor_id, chosen.department_id}],
        **listed,
    )


def _listed(uow: UnitOfWork, actor: Actor, chosen: Chosen, *, query: Mapping[str, str]) -> dict[str, Any]:
    """What the list shows; `query` is that of its next rows."""
    listed = read_list(
        uow=uow, actor=actor, wanted=chosen.filter, limit=ROWS, cursor=request.args.get("cursor") or None
    )
    counts = count_by_status(uow=uow, day=chosen.day, doctor_id=chosen.doctor_id, department_id=chosen.department_id)
    now = utc_now()
    lines = lines_of(listed.items, actor=actor, now=now)
    still_open = [line for line in lines if line.row.status not in _CLOSED]
    return {
        "chosen": chosen,
        "lines": lines,
        "next_cursor": listed.next_cursor,
        "query": query,
        "now": now,
        "today": local_today(now),
        "open_lines": still_open,
        "closed_lines": [line for line in lines if line.row.status in _CLOSED],
        "now_line": _now_line(still_open, now=now),
        "picture": picture_of(counts),
        "total": sum(counts.values()),
        "with_doctor": [line for line in lines if line.row.status == "in_progress"],
        "next_lines": [line for line in lines if line.is_next],
        "action_words": _ACTIONS,
        "type_names": TYPE_NAMES,
    }


def _now_line(lines: list[Line], *, now: datetime) -> int | None:
    """Before which line the present moment falls, today; None where it falls before all of them."""
    local = now.astimezone(LOCAL_ZONE)
    if not lines or lines[0].row.appointment_date != local.date():
        return None
    passed = sum(line.row.start_time <= local.time() for line in lines)
    return passed or None


def _act(appointment_id: str, action: str) -> Response:
    """Do it, and show the day as it is now; when somebody was quicker, say so and show it all the same."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(appointment_id, what="appointment")
    try:
        row = act(uow=uow, actor=actor, appointment_id=wanted, action=action, version=seen_version())
        title, detail, tone = gettext(_ACTIONS[action][2]), f"{row.start_time:%H:%M} · {row.patient_name}", "success"
        uow.commit()
    except (TransitionNotAllowed, PreconditionFailed) as refused:
        uow.session.rollback()
        (title, detail), tone = sentences(refused), "warning"
    if not wants_part():
        message = title if tone == "success" else f"{title}. {detail}"
        chosen, _ = chosen_day(actor, request.args)
        return lead_to(url_for("day.show", **chosen.query()), message=message, tone=tone)
    answer = _part(uow, actor)
    uow.commit()
    return with_toast(answer, title=title, detail=detail, tone=tone)


def _cancel_page(
    uow: UnitOfWork,
    row: AppointmentRow,
    *,
    errors: dict[str, list[str]],
    refused: tuple[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> Response:
    return page(
        "day/cancel.html",
        status=status,
        row=row,
        possible="cancel" in possible_actions(row.status),
        patient=banner(patient_record(uow=uow, patient_id=row.patient_id)),
        reasons=[(gettext(reason), gettext(reason)) for reason in CANCEL_REASONS],
        reason=request.form.get("reason", ""),
        other_reason=request.form.get("other_reason", ""),
        errors=errors,
        refused=refused,
        day_title=long_day(row.appointment_date),
        type_names=TYPE_NAMES,
    )
