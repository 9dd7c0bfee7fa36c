"""Writing the audit log: in the transaction of the access, so that the two stand or fall together."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from flask import g, has_request_context, request
from sqlalchemy import insert

from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from tenant_app.audit.models import AuditLog
from tenant_app.database import HospitalBase

# The table and not the class: the unit of work would ask for what the database filled in.
_LOG: Final = HospitalBase.metadata.tables[AuditLog.__tablename__]
# `inline` asks nothing back, so that a role which may only add to the log can use it.
_ADD: Final = insert(_LOG).inline()
_PORTAL_OF: Final[Mapping[str, str]] = {"staff": "hospital", "patient": "patient", "admin": "admin", "worker": "admin"}


def record(
    *,
    uow: UnitOfWork,
    actor: Actor,
    action: str,
    resource_type: str,
    resource_id: UUID | str | None = None,
    patient_id: UUID | None = None,
    changed: Iterable[str] = (),
    reason: str | None = None,
) -> None:
    """Note that `actor` did `action` (as `patient.read`). `changed` are names of fields, never values; `reason` is one
    of our own codes, never text that somebody typed.

    Within a request its id, address and client are noted too.
    """
    _add(
        uow,
        actor_kind=actor.kind,
        user_id=actor.id,
        action=action,
        resource_type=resource_type,
        resource_id=None if resource_id is None else str(resource_id),
        patient_id=patient_id,
        changed=sorted(changed),
        **({"new_values": {"reason": reason}} if reason else {}),
    )


def record_rights(
    *,
    uow: UnitOfWork,
    actor: Actor,
    action: str,
    resource_type: str,
    resource_id: UUID,
    old: Mapping[str, object],
    new: Mapping[str, object],
    changed: Iterable[str] = (),
) -> None:
    """Note a change of who may do what, with the values before and after; `changed` names further fields.

    There is no patient in its arguments: values of a patient's data have no place in the log.
    """
    differing = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    _add(
        uow,
        actor_kind=actor.kind,
        user_id=actor.id,
        action=action,
        resource_type=resource_type,
        resource_id=str(resource_id),
        patient_id=None,
        changed=sorted(differing.union(changed)),
        old_values={name: old[name] for name in differing if name in old},
        new_values={name: new[name] for name in differing if name in new},
    )


def record_sign_in(*, uow: UnitOfWork, user_id: UUID | None, succeeded: bool, by_code: bool = False) -> None:
    """Note a signing-in of staff, or a failed attempt; `user_id` is None where no such account exists.

    `by_code`: the password was right, and the code of the second factor was not.
    """
    failed = "auth.mfa_refused" if by_code else "auth.sign_in_failed"
    _add(
        uow,
        actor_kind="staff",
        user_id=user_id,
        action="auth.sign_in" if succeeded else failed,
        resource_type="user",
        resource_id=None if user_id is None else str(user_id),
        patient_id=None,
        changed=[],
    )


def record_by_platform(
    *, uow: UnitOfWork, administrator_id: UUID | None, action: str, resource_type: str, resource_id: UUID
) -> None:
    """Note what was done here from central: by an administrator of the platform, or (None) at its command line."""
    _add(
        uow,
        actor_kind="admin",
        user_id=administrator_id,
        action=action,
        resource_type=resource_type,
        resource_id=str(resource_id),
        patient_id=None,
        changed=[],
    )


def _add(uow: UnitOfWork, *, actor_kind: str, **values: object) -> None:
    row = {"actor_kind": actor_kind, "portal": _PORTAL_OF[actor_kind], **values, **_where_from()}
    uow.session.execute(_ADD, row)


def _where_from() -> dict[str, object]:
    if not has_request_context():
        return {}
    return {
        "request_id": g.get("request_id"),
        "ip_address": request.remote_addr,
        "user_agent": (request.user_agent.string or "")[:255] or None,
    }
