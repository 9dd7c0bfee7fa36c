"""Appointments as the schedules see them: free times, those that are to be moved, and the moves that were made."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from kernel.clock import local_today
from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.web.actor import Actor
from tenant_app.appointments.free_times import DoctorDay
from tenant_app.appointments.models import APPOINTMENT_STATUSES, Appointment, AppointmentMove
from tenant_app.appointments.queries import AppointmentRow, BusyTime, appointments_of, busy_times
from tenant_app.appointments.rules import MOVABLE
from tenant_app.audit.service import record
from tenant_app.calendar.public import NOT_SET
from tenant_app.reach.public import beyond_reach, reach_of
from tenant_app.schedules.models import ScheduleException
from tenant_app.schedules.public import AWAY, read_working_time
from tenant_app.staff.models import User

# A list that somebody works through on the telephone; whoever has more than this does it in parts.
MOST_TO_MOVE: Final = 200
# More than a hospital of a hundred doctors books on a day.
MOST_ON_CALENDAR: Final = 5000
_TAKES_TIME: Final = tuple(status for status in APPOINTMENT_STATUSES if status != "cancelled")


@dataclass(frozen=True, slots=True)
class MoveRow:
    """A move with the names that people read."""

    id: UUID
    appointment_id: UUID
    moved_at: datetime
    moved_by: UUID | None
    moved_by_name: str | None
    reason: str | None
    from_doctor_id: UUID
    from_doctor_name: str
    from_department_id: UUID
    from_date: date
    from_start: time
    from_end: time
    to_doctor_id: UUID
    to_doctor_name: str
    to_department_id: UUID
    to_date: date
    to_start: time
    to_end: time
    made_version: int


def doctor_day(*, uow: UnitOfWork, doctor_id: UUID, day: date, besides: BusyTime | None = None) -> DoctorDay:
    """What is known of a doctor's day. `besides` does not count as taken: the appointment that is to be moved."""
    return DoctorDay(
        day=day,
        working=read_working_time(uow=uow, doctor_id=doctor_id, since=day, until=day),
        busy=tuple(each for each in busy_times(uow=uow, doctor_id=doctor_id, day=day) if each != besides),
    )


def to_move(*, uow: UnitOfWork, actor: Actor, doctor_id: UUID, now: datetime | None = None) -> list[AppointmentRow]:
    """A doctor's coming appointments at times at which the doctor does not work, by day and time, with the audit row.

    Whoever was booked outside the hours on purpose is left out, unless the doctor is away then.
    """
    today = local_today(now)
    coming = appointments_of(uow=uow, doctor_id=doctor_id, since=today, statuses=MOVABLE, limit=MOST_TO_MOVE * 5)
    if not coming:
        return []
    working = read_working_time(
        uow=uow, doctor_id=doctor_id, since=today, until=coming[-1].appointment_date, calendar=NOT_SET
    )
    found = []
    for row in coming:
        span = (row.start_time, row.end_time)
        away = any(begins < span[1] and span[0] < ends for begins, ends in working.away_on(row.appointment_date))
        if away or (row.outside_reason is None and not working.allows(row.appointment_date, span)):
            found.append(row)
    if found:
        record(uow=uow, actor=actor, action="appointment.list", resource_type="appointment")
    return found[:MOST_TO_MOVE]


def calendar_rows(
    *, uow: UnitOfWork, actor: Actor, doctor_ids: Collection[UUID], since: date, until: date
) -> list[AppointmentRow]:
    """These doctors' appointments of some days, those cancelled left out, with the audit row of this reading."""
    rows = appointments_of(
        uow=uow, doctor_ids=doctor_ids, since=since, until=until, statuses=_TAKES_TIME, limit=MOST_ON_CALENDAR
    )
    record(uow=uow, actor=actor, action="appointment.list", resource_type="appointment")
    return rows


def taken_elsewhere(
    *, uow: UnitOfWork, doctor_ids: Collection[UUID], since: date, until: date
) -> dict[tuple[UUID, date], list[BusyTime]]:
    """(doctor, day) → when they are taken in departments beyond reach; by whom is nobody's business here."""
    reach = reach_of(uow)
    if reach is None:
        return {}
    statement = select(
        Appointment.doctor_id, Appointment.appointment_date, Appointment.start_time, Appointment.end_time
    ).where(
        Appointment.doctor_id.in_(doctor_ids),
        Appointment.doctor_id != reach.user_id,
        Appointment.department_id.not_in(sorted(reach.departments)),
        Appointment.appointment_date.between(since, until),
        Appointment.status.in_(_TAKES_TIME),
    )
    found: dict[tuple[UUID, date], list[BusyTime]] = {}
    with beyond_reach(uow):
        for row in uow.session.execute(statement):
            busy = BusyTime(row.start_time, row.end_time)
            found.setdefault((row.doctor_id, row.appointment_date), []).append(busy)
    return found


def hit_by_absences(*, uow: UnitOfWork, now: datetime | None = None) -> dict[UUID, int]:
    """Doctor → how many coming appointments fall into an absence."""
    away = and_(
        ScheduleException.kind == AWAY,
        ScheduleException.doctor_id == Appointment.doctor_id,
        ScheduleException.first_day <= Appointment.appointment_date,
        ScheduleException.last_day >= Appointment.appointment_date,
        or_(
            ScheduleException.start_time.is_(None),
            and_(
                ScheduleException.start_time < Appointment.end_time,
                Appointment.start_time < ScheduleException.end_time,
            ),
        ),
    )
    statement = (
        select(Appointment.doctor_id, func.count(Appointment.id.distinct()))
        .join(ScheduleException, away)
        .where(Appointment.appointment_date >= local_today(now), Appointment.status.in_(MOVABLE))
        .group_by(Appointment.doctor_id)
    )
    return {row[0]: row[1] for row in uow.session.execute(statement)}


def moves_of(*, uow: UnitOfWork, appointment_id: UUID) -> list[MoveRow]:
    """An appointment's moves, the latest first."""
    return _moves(uow, AppointmentMove.appointment_id == appointment_id)


def move_row(*, uow: UnitOfWork, move_id: UUID) -> MoveRow:
    """One move. Raises NotFound."""
    found = _moves(uow, AppointmentMove.id == move_id)
    if not found:
        raise NotFound("move")
    return found[0]


def _moves(uow: UnitOfWork, wanted: ColumnElement[bool]) -> list[MoveRow]:
    before, after, mover = aliased(User), aliased(User), aliased(User)
    names = {
        "from_doctor_name": before.full_name,
        "to_doctor_name": after.full_name,
        "moved_by_name": mover.full_name,
    }
    statement = (
        select(
            *(
                names[each].label(each) if each in names else getattr(AppointmentMove, each)
                for each in MoveRow.__slots__
            )
        )
        .join(before, before.id == AppointmentMove.from_doctor_id)
        .join(after, after.id == AppointmentMove.to_doctor_id)
        .outerjoin(mover, mover.id == AppointmentMove.moved_by)
        .where(wanted)
        .order_by(AppointmentMove.moved_at.desc(), AppointmentMove.id.desc())
    )
    return rows_as(MoveRow, uow.session.execute(statement))
