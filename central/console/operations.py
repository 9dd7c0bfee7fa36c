"""Operations as they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from central.audit.public import record
from central.console.background import OperationRunner
from central.provisioning.public import FirstInvite, OperationUnknown
from central.registry.public import Operation, Tenant, operation
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.web.actor import Actor


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationView:
    """An operation with its hospital's code; `admin_invite` only where the asker may have it."""

    id: UUID
    kind: str
    state: str
    tenant_id: UUID
    tenant_code: str
    tenant_name: str
    steps: list[dict[str, Any]]
    created_at: datetime
    updated_at: datetime
    mine: bool
    admin_invite: FirstInvite | None = None

    @property
    def invite_waits(self) -> bool:
        """Whether there is an invite that its asker has not seen."""
        return self.admin_invite is not None


def read(*, uow: UnitOfWork, actor: Actor, operation_id: UUID, runner: OperationRunner) -> OperationView:
    """One operation. One that nobody works on is taken up again. Raises OperationUnknown."""
    row = _row(uow, operation_id)
    runner.nudge(row)
    tenant = uow.session.get_one(Tenant, row.tenant_id)
    state = "running" if row.requested_by is not None and runner.invites.on_its_way(row) else row.state
    invite = runner.invites.look(uow=uow, operation=row, actor=actor) if state == "done" else None
    return OperationView(
        id=row.id,
        kind=row.kind,
        state=state,
        tenant_id=row.tenant_id,
        tenant_code=tenant.tenant_code,
        tenant_name=tenant.name,
        steps=steps_of(row, state),
        created_at=row.created_at,
        updated_at=row.updated_at,
        mine=row.requested_by == actor.id,
        admin_invite=invite,
    )


def steps_of(row: Operation, state: str) -> list[dict[str, Any]]:
    """The steps, each with all its fields; the first that is not through is the one that runs."""
    shown: list[dict[str, Any]] = []
    running = state == "running"
    for step in row.steps:
        at = {name: _moment(step.get(name)) for name in ("started_at", "finished_at")}
        state_of = step["state"]
        if running and state_of in {"pending", "failed"}:
            state_of, running = "running", False
        shown.append({"name": step["name"], "state": state_of, **at, "error_code": step.get("error_code")})
    return shown


def take_invite(*, uow: UnitOfWork, actor: Actor, operation_id: UUID, runner: OperationRunner) -> FirstInvite | None:
    """The invite of a new hospital, once, for whoever asked for the hospital; audited. Raises OperationUnknown."""
    row = _row(uow, operation_id)
    invite = runner.invites.take(uow=uow, operation=row, actor=actor)
    if invite is not None:
        record(
            uow=uow,
            actor=actor,
            action="tenant.invite_shown",
            resource_type="operation",
            resource_id=operation_id,
            tenant=TenantId.parse(row.tenant_id),
        )
    return invite


def again(*, uow: UnitOfWork, actor: Actor, operation_id: UUID, runner: OperationRunner) -> Operation:
    """Try a failed operation once more, after the commit; audited. Raises OperationUnknown."""
    row = _row(uow, operation_id)
    record(
        uow=uow,
        actor=actor,
        action="tenant.operation_retried",
        resource_type="operation",
        resource_id=operation_id,
        tenant=TenantId.parse(row.tenant_id),
    )
    if row.state == "failed":
        uow.after_commit(lambda: _start(runner, operation_id))
    else:
        runner.nudge(row)
    return row


def latest(*, uow: UnitOfWork, tenant: TenantId, limit: int = 5) -> Sequence[Operation]:
    """The newest operations on a hospital."""
    return uow.session.scalars(
        select(Operation).where(Operation.tenant_id == tenant).order_by(Operation.created_at.desc()).limit(limit)
    ).all()


def _start(runner: OperationRunner, operation_id: UUID) -> None:
    runner.start(operation_id)


def _row(uow: UnitOfWork, operation_id: UUID) -> Operation:
    row = operation(uow=uow, operation_id=operation_id)
    if row is None:
        raise OperationUnknown
    return row


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
