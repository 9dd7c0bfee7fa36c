"""Steps in the queue: call the next or a particular one, who did not come, the visit, its end, and undoing a step."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import Forbidden, InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.listing import Page
from kernel.text import N_, canonical
from kernel.web.actor import Actor
from tenant_app.appointments.public import TRANSITIONS, Appointment, TransitionNotAllowed, act, possible_actions
from tenant_app.audit.service import record
from tenant_app.live.public import announce, notices_changed, queue_changed
from tenant_app.queue import queries
from tenant_app.queue.errors import AlreadyWaiting, NobodyWaiting, UndoNotPossible
from tenant_app.queue.models import QueueEntry, QueueStep
from tenant_app.queue.rules import STEPS, UNDO_WITHIN, check_step, status_after_miss
from tenant_app.reach.public import reaches
from tenant_app.staff.errors import DepartmentClosed
from tenant_app.staff.models import User

ROOM_TOO_LONG: Final = N_("At most 20 characters.")
UNKNOWN_DOCTOR: Final = N_("There is no such doctor, or the doctor does not work here now.")
LONGEST_ROOM: Final = 20

# What a step may change, and what undoing it puts back.
_INSTANTS: Final = ("waits_since", "first_called_at", "called_at", "started_at", "ended_at")
_OTHERS: Final = ("status", "room", "called_lane", "calls", "missed")


def call_next(
    *,
    uow: UnitOfWork,
    actor: Actor,
    department_id: UUID,
    room: str | None = None,
    doctor_id: UUID | None = None,
    now: datetime | None = None,
) -> queries.EntryRow:
    """Call whoever is first in line and is not being called by somebody else at this moment.

    The order is read without locks; then the first of it that nobody holds and that still waits is taken, in one
    statement. Raises NotFound (department), NobodyWaiting, InvalidFields.
    """
    moment = now or utc_now()
    line = queries.line(uow=uow, department_id=department_id, now=moment)
    ids = [row.id for row in line.waiting]
    held = uow.session.execute(_FIRST_FREE, {"ids": ids}).scalar_one_or_none() if ids else None
    if held is None:
        raise NobodyWaiting
    return _call(uow, actor, held, room=room, doctor_id=doctor_id, moment=moment)


def step(
    *,
    uow: UnitOfWork,
    actor: Actor,
    entry_id: UUID,
    action: str,
    room: str | None = None,
    doctor_id: UUID | None = None,
    version: int | None = None,
    now: datetime | None = None,
) -> queries.EntryRow:
    """Call a particular one, call again, note who did not come, begin, finish, or note that somebody left.

    `version` is the one last seen, where the caller says so. Appointments follow: begun with `start`, completed with
    `finish`. Raises NotFound, StepNotAllowed, PreconditionFailed, InvalidFields.
    """
    moment = now or utc_now()
    held = hold(uow, entry_id, version=version)
    check_step(held.status, action)
    if action == "call":
        return _call(uow, actor, held, room=room, doctor_id=doctor_id, moment=moment)
    before = snapshot(held)
    match action:
        case "recall":
            held.called_at, held.calls = moment, held.calls + 1
        case "miss":
            held.missed += 1
            held.status = status_after_miss(held.missed)
            held.waits_since = moment
            held.ended_at = moment if held.status == "no_show" else None
        case "start":
            held.status, held.started_at = "in_room", moment
        case "finish" | "leave":
            held.status = "done" if action == "finish" else "left"
            held.ended_at = moment
    moved = _move_appointment(uow, actor, held, action=action, moment=moment)
    return note(uow, actor, held, action=action, before=before, moment=moment, moved_appointment=moved)


def undo(
    *, uow: UnitOfWork, actor: Actor, entry_id: UUID, version: int | None = None, now: datetime | None = None
) -> queries.EntryRow:
    """Put an entry back to before its last step, within a minute; whoever may take the step may undo it.

    A step with which an appointment was begun or completed stays: appointments only go forward. Raises NotFound,
    UndoNotPossible, Forbidden, AlreadyWaiting, PreconditionFailed.
    """
    moment = now or utc_now()
    held = hold(uow, entry_id, version=version)
    last = uow.session.scalars(
        select(QueueStep)
        .where(QueueStep.entry_id == entry_id, QueueStep.undone_at.is_(None))
        .order_by(QueueStep.done_at.desc(), QueueStep.id.desc())
        .limit(1)
    ).one_or_none()
    taken = STEPS.get(last.action) if last else None
    if last is None or taken is None or not taken.can_be_undone or last.before is None or last.moved_appointment:
        raise UndoNotPossible
    if moment - last.done_at > UNDO_WITHIN:
        raise UndoNotPossible
    if not actor.may(taken.permission):
        raise Forbidden
    last.undone_at = moment
    for name in _OTHERS:
        setattr(held, name, last.before[name])
    for name in _INSTANTS:
        text = last.before[name]
        setattr(held, name, datetime.fromisoformat(text) if text else None)
    held.doctor_id = UUID(last.before["doctor_id"]) if last.before["doctor_id"] else None
    return note(uow, actor, held, action="undo", before=None, moment=moment)


def read(*, uow: UnitOfWork, actor: Actor, entry_id: UUID) -> queries.EntryRow:
    """One number, with the audit row of this reading. Raises NotFound."""
    found = queries.entry(uow=uow, entry_id=entry_id)
    _audit(uow, actor, "queue.read", entry_id=entry_id, patient_id=found.patient_id)
    return found


def read_list(
    *, uow: UnitOfWork, actor: Actor, wanted: queries.Filter, limit: int = 25, cursor: str | None = None
) -> Page[queries.EntryRow]:
    """A day's numbers, with the audit row of this reading."""
    page = queries.list_entries(uow=uow, wanted=wanted, limit=limit, cursor=cursor)
    _audit(uow, actor, "queue.list", entry_id=None, patient_id=wanted.patient_id)
    return page


def read_line(*, uow: UnitOfWork, actor: Actor, department_id: UUID) -> queries.Line:
    """A department's line, with the audit row of this reading. Raises NotFound."""
    found = queries.line(uow=uow, department_id=department_id)
    _audit(uow, actor, "queue.list", entry_id=None, patient_id=None)
    return found


def hold(uow: UnitOfWork, entry_id: UUID, *, version: int | None) -> QueueEntry:
    """The entry, held until the end of the transaction. Raises NotFound, PreconditionFailed.

    Who was sent on is seen from where they came, but called and ended where they wait.
    """
    found = uow.session.execute(
        select(QueueEntry).where(QueueEntry.id == entry_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None or not reaches(uow, found.department_id, of=found.doctor_id):
        raise NotFound("queue_entry")
    if version is not None and found.version != version:
        raise PreconditionFailed
    return found


def snapshot(held: QueueEntry) -> dict[str, Any]:
    """What undoing a step would put back."""
    before: dict[str, Any] = {name: getattr(held, name) for name in _OTHERS}
    for name in _INSTANTS:
        moment = getattr(held, name)
        before[name] = moment.isoformat() if moment else None
    before["doctor_id"] = str(held.doctor_id) if held.doctor_id else None
    return before


def note(
    uow: UnitOfWork,
    actor: Actor,
    held: QueueEntry,
    *,
    action: str,
    before: dict[str, Any] | None,
    moment: datetime,
    moved_appointment: bool = False,
) -> queries.EntryRow:
    """Write the step down, with its audit row, and tell whoever watches the line.

    Raises AlreadyWaiting where the database refuses a second number.
    """
    uow.session.add(
        QueueStep(
            id=new_row_id(),
            entry_id=held.id,
            action=action,
            done_at=moment,
            done_by=actor.id,
            before=before,
            moved_appointment=moved_appointment,
        )
    )
    flush(uow)
    _audit(uow, actor, f"queue.{action}", entry_id=held.id, patient_id=held.patient_id)
    announce(uow, queue_changed(entry_id=held.id, department_id=held.department_id, version=held.version))
    if doctor_id := _whom_it_concerns(uow, held, action=action):
        announce(uow, notices_changed([doctor_id]))
    return queries.entry(uow=uow, entry_id=held.id)


def flush(uow: UnitOfWork) -> None:
    """Let the constraints speak. Raises AlreadyWaiting, DepartmentClosed."""
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "uq_queue_entries_live":
            raise AlreadyWaiting from err
        if violated(err) == "ck_departments_open":
            raise DepartmentClosed(data={"field": "department_id"}) from err
        raise


def follow(uow: UnitOfWork, actor: Actor, appointment_id: UUID, *, action: str, now: datetime) -> bool:
    """Do `action` with an appointment where its status and the actor allow it; whether it was done.

    One that was moved to a later day meanwhile is not touched by the number of today.
    """
    status = uow.session.scalar(
        select(Appointment.status).where(
            Appointment.id == appointment_id, Appointment.appointment_date <= local_today(now)
        )
    )
    if status is None or action not in possible_actions(status) or not actor.may(TRANSITIONS[action].permission):
        return False
    try:
        act(uow=uow, actor=actor, appointment_id=appointment_id, action=action, now=now)
    except TransitionNotAllowed:
        return False
    return True


def parse_room(text: str | None) -> str | None:
    """The room as it is called out. Raises InvalidFields."""
    room = canonical(text or "")
    if len(room) > LONGEST_ROOM:
        raise InvalidFields(errors={"room": [ROOM_TOO_LONG]})
    return room or None


_ORDER: Final = func.array_position(bindparam("ids", type_=ARRAY(Uuid)), QueueEntry.id)
_FIRST_FREE: Final = (
    select(QueueEntry)
    .where(QueueEntry.id == any_(bindparam("ids", type_=ARRAY(Uuid))), QueueEntry.status == "waiting")
    .order_by(_ORDER)
    .limit(1)
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)


def _call(
    uow: UnitOfWork, actor: Actor, held: QueueEntry, *, room: str | None, doctor_id: UUID | None, moment: datetime
) -> queries.EntryRow:
    before = snapshot(held)
    lane = queries.entry(uow=uow, entry_id=held.id).lane(moment)
    held.status, held.called_at, held.calls = "called", moment, held.calls + 1
    held.first_called_at = held.first_called_at or moment
    held.called_lane = lane
    held.room = parse_room(room)
    held.doctor_id = _doctor(uow, doctor_id) or (actor.id if actor.role == "doctor" else None)
    return note(uow, actor, held, action="call", before=before, moment=moment)


def _whom_it_concerns(uow: UnitOfWork, held: QueueEntry, *, action: str) -> UUID | None:
    """The doctor who may have a notice of a step: whose patient has come, or to whom somebody was called."""
    if action == "call":
        return held.doctor_id
    if action != "take" or held.appointment_id is None:
        return None
    return uow.session.scalar(select(Appointment.doctor_id).where(Appointment.id == held.appointment_id))


def _doctor(uow: UnitOfWork, doctor_id: UUID | None) -> UUID | None:
    if doctor_id is None:
        return None
    wanted = select(User.id).where(User.id == doctor_id, User.role == "doctor", User.status == "active")
    if uow.session.scalar(wanted) is None:
        raise InvalidFields(errors={"doctor_id": [UNKNOWN_DOCTOR]})
    return doctor_id


def _move_appointment(uow: UnitOfWork, actor: Actor, held: QueueEntry, *, action: str, moment: datetime) -> bool:
    steps: Sequence[str] = {"start": ("came", "confirm", "start"), "finish": ("complete",)}.get(action, ())
    if held.appointment_id is None or not steps:
        return False
    moved = False
    for each in steps:
        moved = follow(uow, actor, held.appointment_id, action=each, now=moment) or moved
    return moved


def _audit(uow: UnitOfWork, actor: Actor, action: str, *, entry_id: UUID | None, patient_id: UUID | None) -> None:
    record(
        uow=uow,
        actor=actor,
        action=action,
        resource_type="queue_entry",
        resource_id=entry_id,
        patient_id=patient_id,
    )
