"""What administrators do to hospitals, each with its audit row in the same transaction. The caller commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from central.audit.public import record
from central.console.background import OperationRunner
from central.provisioning.public import FirstInvite, FirstStaff, Provisioned, Rotation, reserve
from central.registry import public as registry
from central.registry.public import NewTenant, Operation, RouteAnnouncer, Tenant
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.listing import Page, page_of
from kernel.text import search_key
from kernel.web.actor import Actor
from kernel.web.api import read_cursor


@dataclass(frozen=True, kw_only=True)
class Console:
    """What the console's views work with, beside the database. `staff_url` is for the link in a hospital's invite."""

    announcer: RouteAnnouncer
    runner: OperationRunner
    staff_url: str

    def invite_link(self, invite: FirstInvite) -> str:
        """Where a hospital's invite is accepted. What is behind `#` browsers do not send: no log on the way has it."""
        return f"{self.staff_url}/invite#{invite.token}"


def new_tenant(fields: Mapping[str, Any]) -> tuple[NewTenant, FirstStaff]:
    """A hospital and its first member of staff, from the fields of `TenantBody`."""
    of_tenant = {name: value for name, value in fields.items() if name != "admin" and value is not None}
    return NewTenant(**of_tenant), FirstStaff(**{name: value.strip() for name, value in fields["admin"].items()})


def create(*, actor: Actor, fields: Mapping[str, Any], runner: OperationRunner) -> Provisioned:
    """Make a hospital now, in transactions of its own; raises as `Provisioner.provision`."""
    new, admin = new_tenant(fields)
    return runner.provisioner.provision(new=new, admin=admin, actor=actor)


def create_later(*, uow: UnitOfWork, actor: Actor, fields: Mapping[str, Any], runner: OperationRunner) -> Operation:
    """Reserve a hospital, and make it in the background once that is committed; raises as `reserve`."""
    new, admin = new_tenant(fields)
    operation = reserve(uow=uow, new=new, admin=admin, actor=actor)
    operation_id = operation.id
    uow.after_commit(lambda: _started(runner, operation))
    return uow.session.get_one(Operation, operation_id)


def _started(runner: OperationRunner, operation: Operation) -> None:
    runner.start(operation.id)


def change(
    *,
    uow: UnitOfWork,
    actor: Actor,
    tenant: TenantId,
    changes: Mapping[str, Any],
    expected_version: int,
    announcer: RouteAnnouncer,
) -> Tenant:
    """Change a hospital's name, domain, plan or quotas; raises as `registry.change_tenant`."""
    row = registry.change_tenant(
        uow=uow,
        tenant=tenant,
        changes=changes,
        expected_version=expected_version,
        announcer=announcer,
        updated_by=actor.id,
    )
    _record(uow, actor, "tenant.update", tenant, changed=changes)
    return row


def suspend(*, uow: UnitOfWork, actor: Actor, tenant: TenantId, reason: str, announcer: RouteAnnouncer) -> Tenant:
    """Take a hospital out of service; raises as `registry.suspend`."""
    row = registry.suspend(uow=uow, tenant=tenant, announcer=announcer, updated_by=actor.id)
    _record(uow, actor, "tenant.suspend", tenant, reason=reason)
    return row


def resume(*, uow: UnitOfWork, actor: Actor, tenant: TenantId, announcer: RouteAnnouncer) -> Tenant:
    """Put a suspended hospital back into service; raises as `registry.resume`."""
    row = registry.resume(uow=uow, tenant=tenant, announcer=announcer, updated_by=actor.id)
    _record(uow, actor, "tenant.resume", tenant)
    return row


def rotate_credentials(*, actor: Actor, tenant: TenantId, runner: OperationRunner) -> Rotation:
    """Put new passwords into use, in transactions of its own; raises as `CredentialRotation.rotate`."""
    rotation = runner.rotation.rotate(tenant, actor=actor)
    runner.finish_later(rotation)
    return rotation


def find(
    *, uow: UnitOfWork, limit: int, cursor: str | None = None, q: str | None = None, status: str | None = None
) -> Page[Tenant]:
    """Hospitals by code. `q` is looked for in code, names and domain, diacritics or not; raises InvalidFields.

    The words are compared here and not in the database, which knows no Vietnamese; hospitals are thousands at most.
    """
    key = read_cursor(cursor, str)
    after = key[0] if key else None
    wanted = search_key(q or "")
    if not wanted:
        rows = registry.list_tenants(uow=uow, limit=limit + 1, after=after, status=status)
        return page_of(rows, limit=limit, key=_code)
    names = select(Tenant.id, Tenant.tenant_code, Tenant.name, Tenant.display_name, Tenant.domain)
    if status is not None:
        names = names.where(Tenant.status == status)
    if after is not None:
        names = names.where(Tenant.tenant_code > after)
    found = [
        row.id
        for row in uow.session.execute(names.order_by(Tenant.tenant_code))
        if wanted in search_key(" ".join(text for text in row[1:] if text))
    ]
    rows = list(
        uow.session.scalars(select(Tenant).where(Tenant.id.in_(found[: limit + 1])).order_by(Tenant.tenant_code))
    )
    return page_of(rows, limit=limit, key=_code)


def _code(row: Tenant) -> tuple[object, ...]:
    return (row.tenant_code,)


def _record(
    uow: UnitOfWork,
    actor: Actor,
    action: str,
    tenant: TenantId,
    *,
    changed: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    record(
        uow=uow,
        actor=actor,
        action=action,
        resource_type="tenant",
        resource_id=tenant,
        tenant=tenant,
        changed=changed or (),
        reason=reason,
    )
