"""How much hospitals are used, from what they said of their days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Select, func, select

from central.console.charts import level
from central.sync.public import TenantUsageDay
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.listing import Page, page_of
from kernel.web.api import a_day, read_cursor

DAYS: Final = 30
# What the chart of a hospital's page can show, one at a time.
CHARTED: Final = ("total_appointments", "queue_numbers", "new_patients", "active_users", "active_patients")


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartDay:
    """One day of a chart; `count` is None where the hospital said nothing, `level` its height from 0 to 20."""

    day: date
    count: int | None
    level: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HospitalUsage:
    """What a hospital's page shows: its newest day, and one figure over the last days."""

    newest: TenantUsageDay
    shown: str
    days: list[ChartDay]

    @property
    def total(self) -> int:
        """The figure over all days of the chart."""
        return sum(day.count or 0 for day in self.days)


@dataclass(frozen=True, kw_only=True, slots=True)
class UsageToday:
    """All hospitals together, today; `hospitals` is how many have said something yet."""

    hospitals: int
    appointments: int
    new_patients: int
    active_users: int


def usage_page(*, uow: UnitOfWork, tenant: TenantId, limit: int, cursor: str | None = None) -> Page[TenantUsageDay]:
    """The days that a hospital has told of, the newest first; raises InvalidFields for a broken cursor."""
    asked = _newest_first(tenant)
    if key := read_cursor(cursor, a_day):
        asked = asked.where(TenantUsageDay.date < key[0])
    return page_of(list(uow.session.scalars(asked.limit(limit + 1))), limit=limit, key=_day)


def hospital_usage(*, uow: UnitOfWork, tenant: TenantId, today: date, shown: str) -> HospitalUsage | None:
    """A hospital's last days up to `today`; None when it has said nothing of them."""
    first = today - timedelta(days=DAYS - 1)
    rows = uow.session.scalars(_newest_first(tenant).where(TenantUsageDay.date.between(first, today))).all()
    if not rows:
        return None
    counted: Mapping[date, int] = {row.date: getattr(row, shown) for row in rows}
    fullest = max([1, *counted.values()])
    days = [first + timedelta(days=count) for count in range(DAYS)]
    return HospitalUsage(
        newest=rows[0],
        shown=shown,
        days=[ChartDay(day=day, count=counted.get(day), level=level(counted.get(day, 0), fullest)) for day in days],
    )


def usage_today(*, uow: UnitOfWork, today: date) -> UsageToday:
    """What all hospitals said of today."""
    row = uow.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(TenantUsageDay.total_appointments), 0),
            func.coalesce(func.sum(TenantUsageDay.new_patients), 0),
            func.coalesce(func.sum(TenantUsageDay.active_users), 0),
        ).where(TenantUsageDay.date == today)
    ).one()
    return UsageToday(hospitals=row[0], appointments=int(row[1]), new_patients=int(row[2]), active_users=int(row[3]))


def _newest_first(tenant: TenantId) -> Select[TenantUsageDay]:
    return select(TenantUsageDay).where(TenantUsageDay.tenant_id == tenant).order_by(TenantUsageDay.date.desc())


def _day(row: TenantUsageDay) -> tuple[object, ...]:
    return (row.date.isoformat(),)
