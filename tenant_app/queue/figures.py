"""How long people wait: now, today by department, and by the hour in which they came."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, func, select

from kernel.clock import LOCAL_ZONE, local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from tenant_app.queue.models import QueueEntry
from tenant_app.queue.rules import FORGOTTEN_AFTER
from tenant_app.reach.public import reach_of
from tenant_app.staff.models import Department


@dataclass(frozen=True, kw_only=True, slots=True)
class DepartmentFigures:
    """One department's day. Minutes are whole, and None where nobody has been called or waits."""

    department_id: UUID
    department_name: str
    taken: int
    waiting: int
    called: int
    in_room: int
    done: int
    gone: int
    longest_wait: int | None
    median_wait: int | None
    ninety_percent_wait: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HourFigures:
    """Those who came in one hour of the local day."""

    hour: int
    taken: int
    called: int
    median_wait: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """A day in numbers: every department that is open or was used, and the hours in which somebody came."""

    day: date
    departments: list[DepartmentFigures]
    hours: list[HourFigures]


def figures(
    *, uow: UnitOfWork, day: date | None = None, department_id: UUID | None = None, now: datetime | None = None
) -> Figures:
    """The figures of a day, of all departments within reach or of one of them. Waiting time is from taking the number
    to the first call.
    """
    moment = now or utc_now()
    wanted = day or local_today(moment)
    return Figures(
        day=wanted,
        departments=_departments(uow, wanted, department_id, moment),
        hours=_hours(uow, wanted, department_id),
    )


_WAITED: Any = func.extract("epoch", QueueEntry.first_called_at - QueueEntry.taken_at) / 60


def _percentile(share: float) -> Any:
    return func.percentile_cont(share).within_group(_WAITED)


def _departments(uow: UnitOfWork, day: date, department_id: UUID | None, moment: datetime) -> list[DepartmentFigures]:
    fresh = QueueEntry.taken_at > moment - FORGOTTEN_AFTER
    live = {status: and_(QueueEntry.status == status, fresh) for status in ("waiting", "called", "in_room")}
    waited_until_now = func.extract("epoch", moment - func.min(case((live["waiting"], QueueEntry.taken_at)))) / 60
    statement = (
        select(
            Department.id,
            Department.name,
            func.count(QueueEntry.id).label("taken"),
            *(func.count().filter(condition).label(name) for name, condition in live.items()),
            func.count().filter(QueueEntry.status == "done").label("done"),
            func.count().filter(QueueEntry.status.in_(("left", "no_show", "transferred"))).label("gone"),
            waited_until_now.label("longest"),
            _percentile(0.5).label("median"),
            _percentile(0.9).label("ninety"),
        )
        .outerjoin(QueueEntry, and_(QueueEntry.department_id == Department.id, QueueEntry.queue_day == day))
        .group_by(Department.id)
        .having((Department.status == "active") | (func.count(QueueEntry.id) > 0))
        .order_by(Department.position, Department.code)
    )
    if department_id:
        statement = statement.where(Department.id == department_id)
    if reach := reach_of(uow):
        statement = statement.where(Department.id.in_(sorted(reach.departments)))
    return [
        DepartmentFigures(
            department_id=row.id,
            department_name=row.name,
            taken=row.taken,
            waiting=row.waiting,
            called=row.called,
            in_room=row.in_room,
            done=row.done,
            gone=row.gone,
            longest_wait=_whole(row.longest),
            median_wait=_whole(row.median),
            ninety_percent_wait=_whole(row.ninety),
        )
        for row in uow.session.execute(statement)
    ]


def _hours(uow: UnitOfWork, day: date, department_id: UUID | None) -> list[HourFigures]:
    hour: Any = func.extract("hour", func.timezone(LOCAL_ZONE.key, QueueEntry.taken_at))
    statement = (
        select(
            hour.label("hour"),
            func.count().label("taken"),
            func.count(QueueEntry.first_called_at).label("called"),
            _percentile(0.5).label("median"),
        )
        .where(QueueEntry.queue_day == day)
        .group_by(hour)
        .order_by(hour)
    )
    if department_id:
        statement = statement.where(QueueEntry.department_id == department_id)
    # Who was sent on can be seen from where they came, and is counted where they wait.
    if reach := reach_of(uow):
        statement = statement.where(QueueEntry.department_id.in_(sorted(reach.departments)))
    return [
        HourFigures(hour=int(row.hour), taken=row.taken, called=row.called, median_wait=_whole(row.median))
        for row in uow.session.execute(statement)
    ]


def _whole(minutes: Any) -> int | None:
    return None if minutes is None else max(0, round(float(minutes)))
