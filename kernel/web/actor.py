"""Who asks."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from flask import g

from kernel.errors import Unauthenticated
from kernel.ids import TenantId


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Somebody signed in, as the session's row said in this request's own transaction.

    `tenant` is the hospital of a member of staff, or the one that a patient's call names; None for administrators.
    `mfa_at` is when the second factor was proven in this session; `mfa_required`, that a role of the actor needs one,
    and `mfa_from`, the local day from which on one will, where none does yet.
    `departments` are those that a member of staff sees, where the roles limit it; None for the whole hospital.
    """

    kind: Literal["admin", "staff", "patient", "worker"]
    id: UUID
    session_id: UUID
    name: str
    role: str
    permissions: frozenset[str]
    tenant: TenantId | None = None
    department_id: UUID | None = None
    mfa_at: datetime | None = None
    mfa_required: bool = False
    mfa_from: date | None = None
    departments: frozenset[UUID] | None = None

    @property
    def must_enrol(self) -> bool:
        """Whether nothing is open to the actor until a second factor is set up.

        Who has one has proven it: every session begins with it, or is the one in which it was set up.
        """
        return self.mfa_required and self.mfa_at is None

    def may(self, permission: str) -> bool:
        """Whether the actor's roles grant `permission`, such as `appointment.book`."""
        return permission in self.permissions and not self.must_enrol

    def works_in(self, department_id: UUID | None) -> bool:
        """Whether what belongs to a department is the actor's to see."""
        return self.departments is None or department_id in self.departments


def current_actor() -> Actor:
    """The actor of this request; raises Unauthenticated on a public route without a session."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise Unauthenticated
    return actor
