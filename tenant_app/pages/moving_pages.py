"""Moving an appointment: another day, time or doctor. The page is the question; each move can be undone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import parse_uuid
from kernel.text import N_, canonical
from kernel.web.access import requires
from kernel.web.actor import current_actor
from kernel.web.collaborators import request_unit_of_work
from kernel.web.problems import sentences
from tenant_app.appointments.public import (
    MOVABLE,
    AppointmentRow,
    BusyTime,
    Destination,
    Moved,
    MoveRow,
    OutsideSchedule,
    SlotTaken,
    TransitionNotAllowed,
    doctor_day,
    move,
    move_row,
    moves_of,
    read,
    undo_move,
)
from tenant_app.pages.forms import chosen_id, lead_to, page, parse_day, sent_version, spoken
from tenant_app.pages.shown import banner, long_day
from tenant_app.pages.working_days import doctors_in_reach, why_nothing
from tenant_app.patients.public import PatientInactive, patient_record
from tenant_app.staff.errors import DepartmentClosed

blueprint = Blueprint("moving", __name__, url_prefix="/appointments")

CHOOSE_TIME: Final = N_("Choose one of the free times.")
OUTSIDE_REASON: Final = N_("The doctor does not work at that time. Say why it is booked all the same.")
_FIELDS: Final = {"appointment_date": "day", "start_time": "start", "end_time": "start", "doctor_id": "doctor"}
_LONGEST: Final = 500
# Pages that tell of a move and undo it; the day does too, and is where all others lead.
_SHOW_MOVES: Final = ("/calendar", "/schedules/")


@dataclass(kw_only=True)
class Wish:
    """Where it is to go, as far as chosen, with what is wrong with it."""

    doctor_id: UUID
    day: date
    typed_day: str
    start: time | None
    all_hours: bool
    reason: str = field(repr=False)
    outside_reason: str = field(repr=False)
    errors: dict[str, list[str]] = field(default_factory=dict)


@blueprint.route("/<appointment_id>/move")
@requires("appointment.book")
def ask(appointment_id: str) -> Response:
    """Where to? The doctor's free times of the day, from the day that it has now."""
    uow = request_unit_of_work()
    row = _read(uow, appointment_id)
    answer = _form(uow, row, _wish(row, request.args))
    uow.commit()
    return answer


@blueprint.route("/<appointment_id>/move", methods=["POST"])
@requires("appointment.book")
def save(appointment_id: str) -> Response:
    """Show other free times, or move it, by the button that was pressed."""
    uow = request_unit_of_work()
    row = _read(uow, appointment_id)
    wish = _wish(row, request.form)
    step = request.form.get("step")
    if step != "move":
        shift = {"earlier": -1, "later": 1}.get(step or "", 0)
        wish.day = max(local_today(), wish.day + timedelta(days=shift))
        if shift:
            wish.typed_day, wish.errors = "", {}
        answer = _form(uow, row, wish)
        uow.commit()
        return answer
    return _move(uow, row, wish)


@blueprint.route("/moves/<move_id>/undo", methods=["POST"])
@requires("appointment.book")
def undo(move_id: str) -> Response:
    """Bring it back to where it was."""
    uow = request_unit_of_work()
    wanted = parse_uuid(move_id, what="move")
    earlier = move_row(uow=uow, move_id=wanted)
    try:
        moved = undo_move(uow=uow, actor=current_actor(), move_id=wanted)
    except (PreconditionFailed, TransitionNotAllowed, SlotTaken, DepartmentClosed) as why:
        uow.session.rollback()
        title, detail = sentences(why)
        return lead_to(_way_back(earlier.to_date), message=f"{title}. {detail}", tone="warning")
    except InvalidFields as wrong:
        uow.session.rollback()
        said = " ".join(each for messages in spoken(wrong.errors).values() for each in messages)
        return lead_to(_way_back(earlier.to_date), message=said, tone="warning")
    uow.commit()
    back = _way_back(moved.row.appointment_date)
    return lead_to(back, message=gettext("The appointment is back where it was."))


def just_moved(uow: UnitOfWork) -> MoveRow | None:
    """The move that led to this page, to be told and undone."""
    given = chosen_id(request.args.get("moved"), what="move")
    try:
        return move_row(uow=uow, move_id=given) if given and current_actor().may("appointment.book") else None
    except NotFound:
        return None


def _read(uow: UnitOfWork, appointment_id: str) -> AppointmentRow:
    return read(uow=uow, actor=current_actor(), appointment_id=parse_uuid(appointment_id, what="appointment"))


def _wish(row: AppointmentRow, given: Mapping[str, str]) -> Wish:
    errors: dict[str, list[str]] = {}
    day, typed_day = max(row.appointment_date, local_today()), given.get("day", "")
    if typed_day:
        try:
            day, typed_day = parse_day(typed_day, field="day"), ""
        except InvalidFields as wrong:
            errors = spoken(wrong.errors)
    try:
        start = time.fromisoformat(canonical(given.get("start", ""))).replace(tzinfo=None)
    except ValueError:
        start = None
    return Wish(
        doctor_id=chosen_id(given.get("doctor"), what="doctor") or row.doctor_id,
        day=day,
        typed_day=typed_day,
        start=start,
        all_hours=given.get("all_hours") == "1",
        reason=canonical(given.get("reason", ""))[:_LONGEST],
        outside_reason=canonical(given.get("outside_reason", ""))[:_LONGEST],
        errors=errors,
    )


def _move(uow: UnitOfWork, row: AppointmentRow, wish: Wish) -> Response:
    if wish.start is None:
        wish.errors.setdefault("start", [gettext(CHOOSE_TIME)])
    if wish.errors or wish.start is None:
        answer = _form(uow, row, wish, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        uow.commit()
        return answer
    refused: tuple[str, str] | None = None
    try:
        moved = move(
            uow=uow,
            actor=current_actor(),
            appointment_id=row.id,
            version=sent_version(),
            to=Destination(
                doctor_id=wish.doctor_id,
                appointment_date=wish.day,
                start_time=wish.start,
                end_time=(datetime.combine(wish.day, wish.start) + _length(row)).time(),
                reason=wish.reason,
                outside_reason=wish.outside_reason,
            ),
        )
    except InvalidFields as wrong:
        wish.errors = {_FIELDS.get(name, name): said for name, said in spoken(wrong.errors).items()}
        status = wrong.status
    except OutsideSchedule as wrong:
        wish.errors, wish.all_hours = {"outside_reason": [gettext(OUTSIDE_REASON)]}, True
        status = wrong.status
    except (SlotTaken, PatientInactive, DepartmentClosed, PreconditionFailed, TransitionNotAllowed) as why:
        refused, status = sentences(why), why.status
    else:
        uow.commit()
        return _done(row, moved)
    uow.session.rollback()
    answer = _form(uow, _read(uow, str(row.id)), wish, status=status, refused=refused)
    uow.commit()
    return answer


def _done(row: AppointmentRow, moved: Moved) -> Response:
    """To the page that it was asked from, which tells of the move and offers to undo it."""
    if moved.move_id is None:
        return lead_to(_way_back(row.appointment_date), message=gettext("It stays where it was."))
    return lead_to(_way_back(moved.row.appointment_date, moved=moved.move_id))


def _asked_from() -> str | None:
    """The address in `back`, where it is a page that shows moves, without the move that it told of last."""
    wanted = urlsplit(canonical(request.values.get("back", "")))
    if wanted.scheme or wanted.netloc or not wanted.path.startswith(_SHOW_MOVES):
        return None
    kept = urlencode([(name, value) for name, value in parse_qsl(wanted.query) if name != "moved"])
    return f"{wanted.path}?{kept}" if kept else wanted.path


def _way_back(day: date, *, moved: UUID | None = None) -> str:
    """To the page that it was asked from, or to the day; with the move that is to be told there."""
    address = _asked_from() or url_for("day.show", day=day, doctor="")
    told = urlencode({"moved": str(moved)}) if moved else ""
    return f"{address}{'&' if '?' in address else '?'}{told}" if told else address


def _length(row: AppointmentRow) -> timedelta:
    return datetime.combine(row.appointment_date, row.end_time) - datetime.combine(row.appointment_date, row.start_time)


def _form(
    uow: UnitOfWork,
    row: AppointmentRow,
    wish: Wish,
    *,
    status: int = HTTPStatus.OK,
    refused: tuple[str, str] | None = None,
) -> Response:
    minutes = int(_length(row).total_seconds() // 60)
    here = (wish.doctor_id, wish.day) == (row.doctor_id, row.appointment_date)
    besides = BusyTime(row.start_time, row.end_time) if here else None
    there = doctor_day(uow=uow, doctor_id=wish.doctor_id, day=wish.day, besides=besides)
    now = utc_now()
    slots = there.untaken(now=now, minutes=minutes) if wish.all_hours else there.free(now=now, minutes=minutes)
    free = sorted({slot.start for slot in slots} | ({wish.start} if wish.start and refused is None else set()))
    noon = time(12)
    doctors = [(each.id, each.full_name) for each in doctors_in_reach(uow)]
    if row.doctor_id not in {each for each, _ in doctors}:
        doctors.insert(0, (row.doctor_id, row.doctor_name))
    return page(
        "booking/move.html",
        status=status,
        row=row,
        wish=wish,
        minutes=minutes,
        possible=row.status in MOVABLE,
        patient=banner(patient_record(uow=uow, patient_id=row.patient_id)),
        doctor_options=doctors,
        free=free,
        morning=[each for each in free if each < noon],
        afternoon=[each for each in free if each >= noon],
        nothing=None if free else why_nothing(there),
        refused=refused,
        moves=moves_of(uow=uow, appointment_id=row.id),
        day_title=long_day(wish.day),
        now_title=long_day(row.appointment_date),
        today=local_today(),
        onward=_asked_from() or "",
        back=_asked_from() or url_for("day.show", day=row.appointment_date, doctor=""),
    )
