"""Reading the audit log, security events and the sync's history, the newest first."""

from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from central.audit.public import AdminAuditLog, SecurityAuditLog
from central.auth.models import Administrator
from central.patient_index.service import ACTION as LOOKUP
from central.patient_index.service import DAILY_CAP
from central.registry.public import Tenant
from central.sync.models import SyncHistory
from kernel.clock import LOCAL_ZONE, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.api import a_moment, read_cursor

PAGE = 25


def audit_page(
    *, uow: UnitOfWork, cursor: str | None, tenant: UUID | None = None, actor: UUID | None = None, limit: int = PAGE
) -> Page[Any]:
    """What administrators did, with the hospital's code: rows (AdminAuditLog, tenant_code). Raises InvalidFields."""
    query = select(AdminAuditLog, Tenant.tenant_code).outerjoin(Tenant, Tenant.id == AdminAuditLog.tenant_id)
    if tenant is not None:
        query = query.where(AdminAuditLog.tenant_id == tenant)
    if actor is not None:
        query = query.where(AdminAuditLog.user_id == actor)
    return _newest_first(uow, query, AdminAuditLog.created_at, AdminAuditLog.id, cursor=cursor, limit=limit)


def security_page(*, uow: UnitOfWork, cursor: str | None, risk: str | None = None, limit: int = PAGE) -> Page[Any]:
    """What looked like an attack: rows (SecurityAuditLog, tenant_code, name of the administrator)."""
    query = (
        select(SecurityAuditLog, Tenant.tenant_code, Administrator.full_name)
        .outerjoin(Tenant, Tenant.id == SecurityAuditLog.tenant_id)
        .outerjoin(Administrator, Administrator.id == SecurityAuditLog.user_id)
    )
    if risk is not None:
        query = query.where(SecurityAuditLog.risk_level == risk)
    return _newest_first(uow, query, SecurityAuditLog.created_at, SecurityAuditLog.id, cursor=cursor, limit=limit)


def history_page(*, uow: UnitOfWork, tenant: UUID, cursor: str | None, limit: int = PAGE) -> Page[Any]:
    """A hospital's batches: rows (SyncHistory,)."""
    query = select(SyncHistory).where(SyncHistory.tenant_id == tenant)
    return _newest_first(uow, query, SyncHistory.start_time, SyncHistory.id, cursor=cursor, limit=limit)


def lookups_left(*, uow: UnitOfWork, actor: UUID) -> int:
    """How many people the administrator may still look up today (the day of Việt Nam)."""
    midnight = utc_now().astimezone(LOCAL_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    done = uow.session.scalar(
        select(func.count()).where(
            AdminAuditLog.user_id == actor, AdminAuditLog.action == LOOKUP, AdminAuditLog.created_at >= midnight
        )
    )
    return max(0, DAILY_CAP - (done or 0))


def _newest_first(
    uow: UnitOfWork, query: Any, moment: Any, row_id: Any, *, cursor: str | None, limit: int
) -> Page[Any]:
    seen = read_cursor(cursor, a_moment, UUID)
    if seen is not None:
        query = query.where(or_(moment < seen[0], and_(moment == seen[0], row_id < seen[1])))
    rows = uow.session.execute(query.order_by(moment.desc(), row_id.desc()).limit(limit + 1)).all()
    return page_of(rows, limit=limit, key=lambda row: _key(row, moment.key))


def _key(row: Any, moment: str) -> tuple[object, ...]:
    first = row[0]
    return getattr(first, moment).isoformat(), first.id
