"""How each hospital's synchronisation stands."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from central.registry.public import Tenant
from central.sync.models import DeadLetter, TenantSyncStatus
from kernel.database.unit_of_work import UnitOfWork


class Standing(NamedTuple):
    """One hospital: what waits there, when it last came through, and how many events it gave up."""

    tenant_id: UUID
    tenant_code: str
    name: str
    status: str
    backlog: int
    oldest_pending_at: datetime | None
    last_push_at: datetime | None
    last_success_at: datetime | None
    dead_letters: int


def standing(*, uow: UnitOfWork) -> list[Standing]:
    """All hospitals, by code; one that never pushed has no times."""
    dead = (
        select(DeadLetter.tenant_id, func.count().label("dead"))
        .where(DeadLetter.state == "dead")
        .group_by(DeadLetter.tenant_id)
        .subquery()
    )
    rows = uow.session.execute(
        select(
            Tenant.id,
            Tenant.tenant_code,
            Tenant.name,
            Tenant.status,
            func.coalesce(TenantSyncStatus.backlog, 0),
            TenantSyncStatus.oldest_pending_at,
            TenantSyncStatus.last_push_at,
            TenantSyncStatus.last_success_at,
            func.coalesce(dead.c.dead, 0),
        )
        .outerjoin(TenantSyncStatus, TenantSyncStatus.tenant_id == Tenant.id)
        .outerjoin(dead, dead.c.tenant_id == Tenant.id)
        .order_by(Tenant.tenant_code)
    )
    return [Standing._make(row) for row in rows]
