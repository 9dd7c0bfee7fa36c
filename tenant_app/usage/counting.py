"""Counting a hospital's days, and telling central where the figures changed."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Date, column, func, literal, select

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from tenant_app.outbox.public import USAGE_DAY, publish
from tenant_app.usage.models import UsageDay

COUNTED_EVENT: Final = "usage.counted"
# What a hospital that was never counted tells at first, so that its chart begins with a month.
DAYS_BACK: Final = 30

# Known of the present only: for a day that has passed stands what was counted on it.
_OF_TODAY: Final = ("user_accounts", "storage_used_mb")
_OF_THE_DAY: Final = (
    "active_users",
    "active_patients",
    "total_patients",
    "new_patients",
    "total_appointments",
    "completed_appointments",
    "missed_appointments",
    "queue_numbers",
)


def count_days(*, uow: UnitOfWork, now: datetime) -> int:
    """Count today, the day before, and the days that nobody counted; how many of them had changed.

    The day before may still change: somebody did not come, or a visit was completed after midnight. Each changed day is
    one event, a whole snapshot of it.
    """
    last = local_today(now)
    told = {row.day: row for row in uow.session.scalars(select(UsageDay).where(UsageDay.day >= _first(last)))}
    newest = max(told, default=None)
    first = _first(last) if newest is None else max(_first(last), min(newest, last - timedelta(days=1)))
    days = [first + timedelta(days=count) for count in range((last - first).days + 1)]
    return sum(_tell(uow, day, told.get(day), is_today=day == last) for day in days)


def _first(last: date) -> date:
    return last - timedelta(days=DAYS_BACK - 1)


def _tell(uow: UnitOfWork, day: date, told: UsageDay | None, *, is_today: bool) -> bool:
    figures = _figures(uow, day, told.figures if told else {}, is_today=is_today)
    if told is not None and told.figures == figures:
        return False
    if told is None:
        told = UsageDay(day=day, figures=figures)
        uow.session.add(told)
    else:
        told.figures, told.n = figures, told.n + 1
    uow.session.flush()
    payload = {"day": day.isoformat(), **figures}
    publish(
        uow=uow, aggregate_type=USAGE_DAY, aggregate_id=told.id, event_type=COUNTED_EVENT, n=told.n, payload=payload
    )
    return True


def _figures(uow: UnitOfWork, day: date, before: Mapping[str, Any], *, is_today: bool) -> dict[str, int | None]:
    counted = func.usage_of_day(literal(day, Date)).table_valued(*map(column, (*_OF_THE_DAY, *_OF_TODAY)))
    row = uow.session.execute(select(counted)).one()
    return {
        **{name: getattr(row, name) for name in _OF_THE_DAY},
        **{name: getattr(row, name) if is_today else before.get(name) for name in _OF_TODAY},
    }
