"""Who asks."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from flask import g

from kernel.errors import Unauthenticated
from kernel.ids import TenantId


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Somebody signed in, as the session's row said in this request's own transaction.

    `tenant` is the hospital of a member of staff, or the one that a patient's call names; None for administrators.
    """

    kind: Literal["admin", "staff", "patient", "worker"]
    id: UUID
    session_id: UUID
    name: str
    role: str
    permissions: frozenset[str]
    tenant: TenantId | None = None
    department_id: UUID | None = None

    def may(self, permission: str) -> bool:
        """Whether the actor's roles grant `permission`, such as `appointment.book`."""
        return permission in self.permissions


def current_actor() -> Actor:
    """The actor of this request; raises Unauthenticated on a public route without a session."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise Unauthenticated
    return actor
