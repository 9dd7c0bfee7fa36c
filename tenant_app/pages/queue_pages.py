"""The waiting queue: all departments with their figures, and one department's line with what can be done in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, request, session, url_for
from flask_babel import gettext

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Conflict, InvalidFields, NotFound, PreconditionFailed
from kernel.ids import parse_uuid
from kernel.text import N_
from kernel.web.access import requires
from kernel.web.actor import Actor, current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.pages.forms import lead_to, page, seen_version, spoken, wants_part, with_toast
from tenant_app.pages.saved_lists import as_chosen, opened
from tenant_app.pages.shown import age
from tenant_app.queue.public import (
    STEPS,
    EntryRow,
    HourFigures,
    call_next,
    can_be_undone,
    entry,
    figures,
    last_room,
    line,
    possible_steps,
    read_line,
    step,
    undo,
)
from tenant_app.reach.public import reach_of

blueprint = Blueprint("queue_pages", __name__, url_prefix="/queue")

PRIORITY_NAMES: Final[Mapping[str, str]] = {
    "emergency": N_("Emergency"),
    "child": N_("Child under 6"),
    "elder": N_("Elderly person"),
    "pregnant": N_("Pregnant"),
    "disabled": N_("Severely disabled"),
    "merit": N_("Person of merit"),
    "none": N_("No priority"),
}
# Step → what its button says, its icon, and what is said when it is done.
STEP_WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "call": (N_("Call"), "bell", N_("Called")),
    "recall": (N_("Call again"), "bell", N_("Called again")),
    "start": (N_("Has come in"), "player-play", N_("Has come in")),
    "miss": (N_("Did not come"), "hourglass", N_("Noted: did not come")),
    "finish": (N_("Finished"), "check", N_("Finished")),
    "leave": (N_("Has left"), "logout", N_("Noted: has left")),
    "undo": (N_("Undo"), "rotate", N_("Undone")),
}
# The steps that are a button on the page; sending somebody on has a page of its own.
_BUTTONS: Final = ("call", "recall", "start", "miss", "finish", "leave")
_LONG_WAIT: Final = 60
_OPENED: Final = "opened_lines"
_MOST_OPENED: Final = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Somebody in the line with what may be done, by this actor, and how long they have waited."""

    row: EntryRow
    minutes: int
    lane: str
    age: str
    steps: tuple[str, ...]
    can_transfer: bool

    @property
    def long_wait(self) -> bool:
        """Whether somebody should look after them."""
        return self.minutes >= _LONG_WAIT


@blueprint.route("")
@requires("queue.read")
def overview() -> Response:
    """Who waits where, and how long people waited today; or on to the department that a saved filter is for."""
    uow, actor = request_unit_of_work(), current_actor()
    found = figures(uow=uow)
    offered = {"department": [each.department_id for each in found.departments]}
    saved = opened(uow, actor, "queue", offered=offered)
    if department := saved.args.get("department"):
        return lead_to(url_for("queue_pages.show", department_id=parse_uuid(department, what="department")))
    return page(
        "queue/overview_figures.html" if wants_part() else "queue/overview.html",
        day=found.day,
        departments=found.departments,
        limited_to=None if reach_of(uow) is None else [each.department_name for each in found.departments],
        hours=found.hours,
        bars=bars_of(found.hours),
        now=utc_now(),
        filters=saved.bar({}),
    )


@blueprint.route("/<department_id>")
@requires("queue.read")
def show(department_id: str) -> Response:
    """A department's line. Only opening the page is written down, not each time that it refreshes itself."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(department_id, what="department")
    refreshed = wants_part() and _has_opened(actor, wanted)
    answer = _show(uow, actor, wanted, opened=not refreshed)
    uow.commit()
    _note_opened(actor, wanted)
    return answer


def _has_opened(actor: Actor, department_id: UUID) -> bool:
    """Whether this person opened the line today, in this browser: a header alone would let anybody read it unseen."""
    kept = session.get(_OPENED)
    asked = {"of": str(actor.id), "day": local_today().isoformat()}
    return isinstance(kept, dict) and kept.items() >= asked.items() and str(department_id) in kept["lines"]


def _note_opened(actor: Actor, department_id: UUID) -> None:
    if _has_opened(actor, department_id):
        return
    kept, mine = session.get(_OPENED), {"of": str(actor.id), "day": local_today().isoformat()}
    before = kept["lines"] if isinstance(kept, dict) and kept.items() >= mine.items() else []
    session[_OPENED] = {**mine, "lines": [*before, str(department_id)][-_MOST_OPENED:]}


@blueprint.route("/<department_id>/call-next", methods=["POST"])
@requires("queue.call")
def next_one(department_id: str) -> Response:
    """Call whoever is first."""
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(department_id, what="department")

    def act() -> EntryRow:
        return call_next(uow=uow, actor=actor, department_id=wanted, room=request.form.get("room"))

    return _done(uow, actor, wanted, "call", act)


@blueprint.route("/numbers/<entry_id>/<action>", methods=["POST"])
@requires("queue.call")
def act_on(entry_id: str, action: str) -> Response:
    """A step of somebody who was called, or calling them out of turn. The others have routes of their own."""
    if action not in _BUTTONS or STEPS[action].permission != "queue.call":
        raise NotFound("step")
    return _act(entry_id, action)


@blueprint.route("/numbers/<entry_id>/leave", methods=["POST"])
@requires("queue.take")
def leave(entry_id: str) -> Response:
    """They have gone."""
    return _act(entry_id, "leave")


@blueprint.route("/numbers/<entry_id>/undo", methods=["POST"])
@requires("queue.take")
def take_back(entry_id: str) -> Response:
    """Undo the last step."""
    return _act(entry_id, "undo")


def bars_of(hours: list[HourFigures]) -> list[dict[str, Any]]:
    """The median waiting time by hour as bars in a picture 160 high, each 48 wide: {hour, minutes, x, y, height}."""
    if not hours:
        return []
    by_hour = {each.hour: each for each in hours}
    span = range(min(by_hour), max(by_hour) + 1)
    highest = max(10, *(each.median_wait or 0 for each in hours))
    bars = []
    for at, hour in enumerate(span):
        minutes = by_hour[hour].median_wait if hour in by_hour else None
        height = round(110 * (minutes or 0) / highest, 1)
        bars.append({"hour": hour, "minutes": minutes, "x": at * 48, "y": round(135 - height, 1), "height": height})
    return bars


def _place(row: EntryRow, *, actor: Actor, now: datetime) -> Place:
    since = row.called_at if row.status == "called" else row.started_at if row.status == "in_room" else row.taken_at
    allowed = tuple(name for name in possible_steps(row.status) if actor.may(STEPS[name].permission))
    return Place(
        row=row,
        minutes=max(0, int((now - (since or row.taken_at)).total_seconds() // 60)),
        lane=row.lane(now),
        age=age(row.date_of_birth),
        steps=tuple(name for name in allowed if name in _BUTTONS),
        can_transfer="transfer" in allowed,
    )


def _show(
    uow: UnitOfWork, actor: Actor, department_id: UUID, *, opened: bool, errors: dict[str, list[str]] | None = None
) -> Response:
    now = utc_now()
    if opened:
        found = read_line(uow=uow, actor=actor, department_id=department_id)
    else:
        found = line(uow=uow, department_id=department_id, now=now)
    may_call = actor.may("queue.call")
    values: dict[str, Any] = {
        "line": found,
        "waiting": [_place(row, actor=actor, now=now) for row in found.waiting],
        "called": [_place(row, actor=actor, now=now) for row in found.called],
        "in_room": [_place(row, actor=actor, now=now) for row in found.in_room],
        "undoable": can_be_undone(uow=uow, department_id=department_id, user_id=actor.id, now=now),
        "words": STEP_WORDS,
        "priority_names": PRIORITY_NAMES,
        "now": now,
    }
    if wants_part():
        return page("queue/line_list.html", **values)
    room = request.form.get("room", (last_room(uow=uow, user_id=actor.id) or "") if may_call else "")
    status = 422 if errors else 200
    chosen = {"department": str(department_id)}
    values["filters"] = as_chosen(uow, actor, "queue", chosen).bar(chosen)
    return page("queue/line.html", status=status, room=room, may_call=may_call, errors=errors or {}, **values)


def _act(entry_id: str, action: str) -> Response:
    uow, actor = request_unit_of_work(), current_actor()
    wanted = parse_uuid(entry_id, what="queue_entry")
    department_id = entry(uow=uow, entry_id=wanted).department_id

    def act() -> EntryRow:
        if action == "undo":
            return undo(uow=uow, actor=actor, entry_id=wanted, version=seen_version())
        # Without JavaScript the room's field is not part of this form: then it is the room called to last.
        room = request.form.get("room")
        if action == "call" and room is None:
            room = last_room(uow=uow, user_id=actor.id)
        return step(uow=uow, actor=actor, entry_id=wanted, action=action, room=room, version=seen_version())

    return _done(uow, actor, department_id, action, act)


def _done(uow: UnitOfWork, actor: Actor, department_id: UUID, action: str, act: Any) -> Response:
    """Do it, and show the line as it is now; when somebody was quicker, say so and show it all the same."""
    try:
        row: EntryRow = act()
        title, detail, tone = gettext(STEP_WORDS[action][2]), gettext("Number %(number)s", number=row.number), "success"
        uow.commit()
    except (Conflict, PreconditionFailed) as refused:
        uow.session.rollback()
        (title, detail), tone = sentences(refused), "warning"
    except InvalidFields as wrong:
        uow.session.rollback()
        errors = spoken(wrong.errors)
        if not wants_part():
            return _show(uow, actor, department_id, opened=False, errors=errors)
        title, detail, tone = gettext("That room is not possible"), " ".join(errors.get("room", [])), "warning"
    if not wants_part():
        return lead_to(
            url_for("queue_pages.show", department_id=department_id), message=f"{title}. {detail}", tone=tone
        )
    answer = _show(uow, actor, department_id, opened=False)
    uow.commit()
    return with_toast(answer, title=title, detail=detail, tone=tone)
