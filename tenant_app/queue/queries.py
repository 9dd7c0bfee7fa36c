"""Reading the queue: one number, a department's line in the order of calling, lists, what can be undone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import takewhile
from typing import Final
from uuid import UUID

from sqlalchemy import DateTime, bindparam, func, select, tuple_

from kernel.clock import LOCAL_ZONE, local_today, utc_now
from kernel.database.rows import known_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.listing import Page, page_of
from kernel.web.api import a_number, read_cursor
from tenant_app.appointments.public import Appointment
from tenant_app.patients.models import Patient
from tenant_app.queue.models import LIVE, QueueEntry, QueueStep
from tenant_app.queue.rules import (
    FORGOTTEN_AFTER,
    PRIORITY_IN_A_ROW,
    STEPS,
    UNDO_WITHIN,
    Lane,
    Waiting,
    in_order,
    lane_of,
)
from tenant_app.reach.public import reaches
from tenant_app.staff.models import Department, User

MOST_IN_LINE: Final = 500


# Not frozen: that made each ten times as dear, and hundreds are made for a page.
@dataclass(slots=True)
class EntryRow:
    """A number with the names that people read; the times are aware, `booked_for` is the appointment's."""

    id: UUID
    department_id: UUID
    department_code: str
    department_name: str
    queue_day: date
    number: int
    patient_id: UUID
    patient_code: str
    patient_name: str
    date_of_birth: date
    appointment_id: UUID | None
    booked_for: datetime | None
    came_from_id: UUID | None
    priority: str
    status: str
    doctor_id: UUID | None
    doctor_name: str | None
    room: str | None
    taken_at: datetime
    waits_since: datetime
    first_called_at: datetime | None
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    calls: int
    missed: int
    version: int

    def lane(self, now: datetime) -> Lane:
        """In which lane they stand now."""
        return lane_of(priority=self.priority, booked_for=self.booked_for, taken_at=self.taken_at, now=now)

    def as_waiting(self, now: datetime) -> Waiting:
        """What the order of the line is made of."""
        return Waiting(id=self.id, lane=self.lane(now), since=self.waits_since, number=self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A department's line: who waits, as they will be called; who is called and has not come in; who is inside."""

    department_id: UUID
    department_name: str
    waiting: list[EntryRow]
    called: list[EntryRow]
    in_room: list[EntryRow]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which numbers of a day; what is None does not matter."""

    day: date
    department_id: UUID | None = None
    patient_id: UUID | None = None
    status: str | None = None


# The time of an appointment is local.
_BOOKED_FOR: Final = func.timezone(
    LOCAL_ZONE.key, Appointment.appointment_date + Appointment.start_time, type_=DateTime(timezone=True)
).label("booked_for")
_ROWS: Final = (
    select(
        QueueEntry.id,
        QueueEntry.department_id,
        Department.code.label("department_code"),
        Department.name.label("department_name"),
        QueueEntry.queue_day,
        QueueEntry.number,
        QueueEntry.patient_id,
        Patient.patient_code,
        Patient.full_name.label("patient_name"),
        Patient.date_of_birth,
        QueueEntry.appointment_id,
        _BOOKED_FOR,
        QueueEntry.came_from_id,
        QueueEntry.priority,
        QueueEntry.status,
        QueueEntry.doctor_id,
        User.full_name.label("doctor_name"),
        QueueEntry.room,
        QueueEntry.taken_at,
        QueueEntry.waits_since,
        QueueEntry.first_called_at,
        QueueEntry.called_at,
        QueueEntry.started_at,
        QueueEntry.ended_at,
        QueueEntry.calls,
        QueueEntry.missed,
        QueueEntry.version,
    )
    .join(Department, Department.id == QueueEntry.department_id)
    .join(Patient, Patient.id == QueueEntry.patient_id)
    .outerjoin(User, User.id == QueueEntry.doctor_id)
    .outerjoin(Appointment, Appointment.id == QueueEntry.appointment_id)
)
# Whole, so that it is not put together anew for whoever looks at the line again.
_LINE: Final = (
    _ROWS.where(
        QueueEntry.department_id == bindparam("department_id"),
        QueueEntry.status.in_(LIVE),
        QueueEntry.taken_at > bindparam("fresh_since"),
    )
    .order_by(QueueEntry.called_at, QueueEntry.taken_at)
    .limit(MOST_IN_LINE)
)


def entry(*, uow: UnitOfWork, entry_id: UUID) -> EntryRow:
    """One number. Raises NotFound."""
    return known_row_as(EntryRow, uow.session.execute(_ROWS.where(QueueEntry.id == entry_id)), what="queue_entry")


def list_entries(*, uow: UnitOfWork, wanted: Filter, limit: int = 25, cursor: str | None = None) -> Page[EntryRow]:
    """A day's numbers by department and number. Raises InvalidFields for a foreign cursor."""
    order = (Department.code, QueueEntry.number, QueueEntry.id)
    statement = _ROWS.where(QueueEntry.queue_day == wanted.day)
    statement = statement.order_by(*order).limit(limit + 1)
    if wanted.department_id:
        statement = statement.where(QueueEntry.department_id == wanted.department_id)
    if wanted.patient_id:
        statement = statement.where(QueueEntry.patient_id == wanted.patient_id)
    if wanted.status:
        statement = statement.where(QueueEntry.status == wanted.status)
    if after := read_cursor(cursor, str, a_number(), UUID):
        statement = statement.where(tuple_(*order) > tuple_(*after))
    rows = rows_as(EntryRow, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.department_code, row.number, row.id))


def line(*, uow: UnitOfWork, department_id: UUID, now: datetime | None = None) -> Line:
    """A department's line now. Raises NotFound where there is no such department within reach."""
    moment = now or utc_now()
    name = uow.session.scalar(select(Department.name).where(Department.id == department_id))
    if name is None or not reaches(uow, department_id):
        raise NotFound("department")
    wanted = {"department_id": department_id, "fresh_since": moment - FORGOTTEN_AFTER}
    rows = rows_as(EntryRow, uow.session.execute(_LINE, wanted))
    return Line(
        department_id=department_id,
        department_name=name,
        waiting=ordered(uow=uow, department_id=department_id, rows=rows, now=moment),
        called=[row for row in rows if row.status == "called"],
        in_room=[row for row in rows if row.status == "in_room"],
    )


def ordered(*, uow: UnitOfWork, department_id: UUID, rows: Sequence[EntryRow], now: datetime) -> list[EntryRow]:
    """Those of `rows` who wait, in the order in which they will be called."""
    by_id = {row.id: row for row in rows if row.status == "waiting"}
    if len(by_id) < 2:
        return list(by_id.values())
    turn = _called_in_a_row(uow=uow, department_id=department_id, now=now)
    order = in_order((row.as_waiting(now) for row in by_id.values()), called_in_a_row=turn)
    return [by_id[each.id] for each in order]


def last_calls(*, uow: UnitOfWork, department_id: UUID, limit: int = 5, now: datetime | None = None) -> list[EntryRow]:
    """The latest calls of a department today, the newest first."""
    found = uow.session.execute(
        _ROWS.where(
            QueueEntry.queue_day == local_today(now),
            QueueEntry.department_id == department_id,
            QueueEntry.called_at.is_not(None),
            QueueEntry.status.in_(("called", "in_room", "done")),
        )
        .order_by(QueueEntry.called_at.desc(), QueueEntry.number)
        .limit(limit)
    )
    return rows_as(EntryRow, found)


def last_room(*, uow: UnitOfWork, user_id: UUID) -> str | None:
    """Where somebody called to last, within a day or so: what their form is filled with."""
    return uow.session.scalar(
        select(QueueEntry.room)
        .join(QueueStep, QueueStep.entry_id == QueueEntry.id)
        .where(
            QueueEntry.queue_day == local_today(),
            QueueStep.done_by == user_id,
            QueueStep.action == "call",
            QueueEntry.room.is_not(None),
        )
        .order_by(QueueStep.done_at.desc())
        .limit(1)
    )


def can_be_undone(
    *, uow: UnitOfWork, department_id: UUID, user_id: UUID, now: datetime | None = None
) -> tuple[UUID, int, str] | None:
    """The last step that somebody took in a department and may still undo: entry, its number, the action."""
    moment = now or utc_now()
    found = uow.session.execute(
        select(QueueStep, QueueEntry.number)
        .join(QueueEntry, QueueEntry.id == QueueStep.entry_id)
        .where(
            QueueEntry.department_id == department_id,
            QueueEntry.queue_day >= local_today(moment - FORGOTTEN_AFTER),
            QueueStep.done_by == user_id,
            QueueStep.done_at > moment - UNDO_WITHIN,
        )
        .order_by(QueueStep.done_at.desc(), QueueStep.id.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    step, number = found
    undoable = step.action in STEPS and STEPS[step.action].can_be_undone
    if not undoable or step.undone_at is not None or step.moved_appointment:
        return None
    return step.entry_id, number, step.action


def _called_in_a_row(*, uow: UnitOfWork, department_id: UUID, now: datetime) -> int:
    lanes = uow.session.scalars(
        select(QueueEntry.called_lane)
        .where(
            QueueEntry.department_id == department_id,
            QueueEntry.queue_day == local_today(now),
            QueueEntry.called_lane.in_(("priority", "ordinary")),
        )
        .order_by(QueueEntry.called_at.desc())
        .limit(PRIORITY_IN_A_ROW)
    )
    return sum(1 for _ in takewhile(lambda lane: lane == "priority", lanes))
