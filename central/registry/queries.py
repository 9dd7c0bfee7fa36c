"""Reads of the registry."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from central.registry.errors import TenantUnknown
from central.registry.models import Operation, Tenant, TenantCredential
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialView:
    """Where one purpose connects, without the password."""

    purpose: str
    host: str
    port: int
    database: str
    username: str
    created_at: datetime
    rotated_at: datetime | None


def tenant_by_id(*, uow: UnitOfWork, tenant: TenantId, lock: bool = False) -> Tenant:
    """One hospital, locked against other changes if asked; raises TenantUnknown."""
    query = select(Tenant).where(Tenant.id == tenant)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = uow.session.scalars(query).one_or_none()
    if row is None:
        raise TenantUnknown
    return row


def tenant_by_code(*, uow: UnitOfWork, code: str) -> Tenant:
    """One hospital by its code as typed; raises TenantUnknown."""
    row = uow.session.scalars(select(Tenant).where(Tenant.tenant_code == code.strip().lower())).one_or_none()
    if row is None:
        raise TenantUnknown
    return row


def list_tenants(*, uow: UnitOfWork, limit: int, after: str | None = None, status: str | None = None) -> list[Tenant]:
    """Hospitals by code, after the code `after` (exclusive), at most `limit`."""
    query = select(Tenant).order_by(Tenant.tenant_code).limit(limit)
    if after is not None:
        query = query.where(Tenant.tenant_code > after)
    if status is not None:
        query = query.where(Tenant.status == status)
    return list(uow.session.scalars(query))


def credentials_of(*, uow: UnitOfWork, tenant: TenantId) -> list[CredentialView]:
    """Where each purpose of a hospital connects."""
    rows = uow.session.scalars(
        select(TenantCredential).where(TenantCredential.tenant_id == tenant).order_by(TenantCredential.purpose)
    )
    return [
        CredentialView(
            purpose=row.purpose,
            host=row.database_host,
            port=row.database_port,
            database=row.database_name,
            username=row.database_username,
            created_at=row.created_at,
            rotated_at=row.rotated_at,
        )
        for row in rows
    ]


def operation(*, uow: UnitOfWork, operation_id: UUID) -> Operation | None:
    """One operation with its steps."""
    return uow.session.get(Operation, operation_id)


def latest_operation(*, uow: UnitOfWork, tenant: TenantId, kind: str | None = None) -> Operation | None:
    """The newest operation on a hospital."""
    query = select(Operation).where(Operation.tenant_id == tenant).order_by(Operation.created_at.desc()).limit(1)
    if kind is not None:
        query = query.where(Operation.kind == kind)
    return uow.session.scalars(query).first()
