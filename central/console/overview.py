"""How all hospitals stand, in a handful of queries."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, func, select

from central.audit.public import SecurityAuditLog
from central.console.charts import level
from central.console.usage import UsageToday, usage_today
from central.registry.models import TENANT_STATUSES
from central.registry.public import Tenant
from central.sync.models import DeadLetter, SyncHistory, TenantSyncStatus
from kernel.clock import LOCAL_ZONE, local_today
from kernel.database.unit_of_work import UnitOfWork

# What waits longer than this is worth a look: a worker pushes within seconds.
LATE_AFTER: Final = timedelta(minutes=15)
HOURS: Final = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class HospitalSync:
    """How one hospital's sync stands, as its worker last said; all empty before its first push."""

    tenant_id: UUID
    tenant_code: str
    name: str
    status: str
    backlog: int
    oldest_pending_at: datetime | None
    last_push_at: datetime | None
    last_success_at: datetime | None
    dead: int
    late: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Hour:
    """Events taken in one hour; `level` is its height from 0 to 20 against the fullest hour."""

    begins: datetime
    events: int
    level: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """All that the first page shows. Parts that the actor may not see are empty."""

    by_status: dict[str, int]
    hospitals: list[HospitalSync]
    hours: list[Hour]
    dead_letters: int
    critical_events: int
    today: UsageToday

    @property
    def total(self) -> int:
        """Hospitals in all."""
        return sum(self.by_status.values())

    @property
    def backlog(self) -> int:
        """Events that wait, in all."""
        return sum(each.backlog for each in self.hospitals)

    @property
    def fullest(self) -> int:
        """The largest backlog of one hospital; at least 1, so that it can be divided by."""
        return max([1, *(each.backlog for each in self.hospitals)])

    @property
    def late(self) -> list[HospitalSync]:
        """Hospitals whose events have waited too long."""
        return [each for each in self.hospitals if each.late]

    @property
    def events_today(self) -> int:
        """Events taken in the last 24 hours."""
        return sum(hour.events for hour in self.hours)


def status_counts(*, uow: UnitOfWork) -> dict[str, int]:
    """Hospitals by status, all statuses named."""
    rows = uow.session.execute(select(Tenant.status, func.count()).group_by(Tenant.status))
    return {**dict.fromkeys(TENANT_STATUSES, 0), **{row[0]: row[1] for row in rows}}


def hospital_syncs(*, uow: UnitOfWork, now: datetime) -> list[HospitalSync]:
    """All hospitals that are in service or were, those that need a look first."""
    dead = (
        select(DeadLetter.tenant_id, func.count().label("dead"))
        .where(DeadLetter.state == "dead")
        .group_by(DeadLetter.tenant_id)
        .subquery()
    )
    rows = uow.session.execute(
        select(Tenant, TenantSyncStatus, dead.c.dead)
        .outerjoin(TenantSyncStatus, TenantSyncStatus.tenant_id == Tenant.id)
        .outerjoin(dead, dead.c.tenant_id == Tenant.id)
        .where(Tenant.status.in_(("active", "suspended")))
        .order_by(Tenant.tenant_code)
    )
    found = [_sync_of(tenant, status, count or 0, now=now) for tenant, status, count in rows]
    return sorted(found, key=lambda each: (not each.late, -each.dead, -each.backlog, each.tenant_code))


def overview(*, uow: UnitOfWork, now: datetime, with_security: bool, with_sync: bool) -> Overview:
    """The figures of the first page."""
    return Overview(
        by_status=status_counts(uow=uow),
        hospitals=hospital_syncs(uow=uow, now=now) if with_sync else [],
        hours=hours(uow=uow, now=now) if with_sync else [],
        dead_letters=open_dead_letters(uow=uow) if with_sync else 0,
        critical_events=critical_events(uow=uow, since=now - timedelta(days=1)) if with_security else 0,
        today=usage_today(uow=uow, today=local_today(now)),
    )


def open_dead_letters(*, uow: UnitOfWork) -> int:
    """Dead letters that nobody has decided about."""
    return uow.session.scalar(select(func.count()).where(DeadLetter.state == "dead")) or 0


def critical_events(*, uow: UnitOfWork, since: datetime) -> int:
    """Critical security events since then."""
    mine = and_(SecurityAuditLog.risk_level == "critical", SecurityAuditLog.created_at >= since)
    return uow.session.scalar(select(func.count()).where(mine)) or 0


def hours(*, uow: UnitOfWork, now: datetime) -> list[Hour]:
    """Events taken in each of the last 24 hours, the oldest first."""
    last = now.astimezone(LOCAL_ZONE).replace(minute=0, second=0, microsecond=0)
    begins = [last - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    hour = func.date_trunc("hour", SyncHistory.start_time)
    rows = uow.session.execute(
        select(hour, func.sum(SyncHistory.records_count))
        .where(SyncHistory.sync_type == "push", SyncHistory.start_time >= begins[0])
        .group_by(hour)
    )
    counted = {moment: int(events or 0) for moment, events in rows}
    fullest = max([1, *counted.values()])
    return [
        Hour(begins=moment, events=counted.get(moment, 0), level=level(counted.get(moment, 0), fullest))
        for moment in begins
    ]


def _sync_of(tenant: Tenant, status: TenantSyncStatus | None, dead: int, *, now: datetime) -> HospitalSync:
    oldest = status.oldest_pending_at if status else None
    return HospitalSync(
        tenant_id=tenant.id,
        tenant_code=tenant.tenant_code,
        name=tenant.name,
        status=tenant.status,
        backlog=status.backlog if status else 0,
        oldest_pending_at=oldest,
        last_push_at=status.last_push_at if status else None,
        last_success_at=status.last_success_at if status else None,
        dead=dead,
        late=oldest is not None and oldest < now - LATE_AFTER,
    )
