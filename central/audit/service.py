"""Audit rows, in the transaction of what they tell of: both stand or fall together."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import g, has_request_context, request
from sqlalchemy import insert

from central.audit.models import AdminAuditLog, SecurityAuditLog
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.web.actor import Actor

log = get_logger(__name__)

COMMAND_LINE = "command line"
_USER_AGENT_LENGTH = 255


def record(
    *,
    uow: UnitOfWork,
    actor: Actor | None,
    action: str,
    resource_type: str,
    resource_id: object,
    tenant: TenantId | None = None,
    changed: Iterable[str] = (),
    facts: Mapping[str, int | str] | None = None,
    reason: str | None = None,
) -> None:
    """Say that `actor` (None: somebody at the command line) did `action` (`tenant.suspend`) to a thing.

    `changed` are names of fields, never values; `facts` are numbers and codes of the platform's own that must be on
    record, nothing of a person's. Request id, address and browser are added inside a request.
    """
    names = sorted(changed)
    values: dict[str, Any] = {**({"changed": names} if names else {}), **(facts or {})}
    row = AdminAuditLog(
        user_id=actor.id if actor else None,
        actor_name=actor.name if actor else COMMAND_LINE,
        tenant_id=tenant,
        action=action,
        resource_type=resource_type,
        resource_id=None if resource_id is None else str(resource_id),
        portal="admin",
        new_values=values or None,
        reason=reason,
        **_request(),
    )
    uow.session.add(row)


def security_event(
    *,
    uow: UnitOfWork,
    event: str,
    risk: str,
    tenant: TenantId | None = None,
    user_id: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Keep something that looked like an attack (`risk`: low, medium, high, critical), and log it at once.

    `details` hold ids and codes, never a name, a number or a secret.
    """
    log.warning("security.event", event_name=event, risk=risk, tenant=tenant)
    row = {
        "tenant_id": tenant,
        "user_id": user_id,
        "security_event": event,
        "risk_level": risk,
        "event_details": dict(details or {}),
        **_request(),
    }
    # Past the session, which would ask for what the database filled in: the ingest may add such rows and read none.
    uow.session.connection().execute(insert(SecurityAuditLog).inline().values(**row))


def _request() -> dict[str, str | None]:
    if not has_request_context():
        return {}
    agent = request.headers.get("User-Agent")
    return {
        "request_id": g.get("request_id"),
        "ip_address": request.remote_addr,
        "user_agent": agent[:_USER_AGENT_LENGTH] if agent else None,
    }
