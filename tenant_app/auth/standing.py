"""Who is signed in now and what they may do, of many sessions at once: one question a hospital, however many ask."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select

from central.auth.public import SessionRules, living
from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from tenant_app.staff.models import Role, StaffSession, User, UserRole


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A session that lives."""

    session_id: UUID
    user_id: UUID
    permissions: frozenset[str]


def standings(
    *, uow: UnitOfWork, sessions: Collection[UUID], rules: SessionRules, clock: Clock = utc_now
) -> Mapping[UUID, Standing]:
    """Those of `sessions` that live, of people who may work here; the others are left out.

    Who has to set up a second factor first may nothing until then, as in kernel.web.actor.
    """
    granted = (
        select(func.jsonb_agg(Role.permissions))
        .join(UserRole, UserRole.role_id == Role.id)
        .where(UserRole.user_id == User.id)
        .scalar_subquery()
    )
    demanded = (
        select(func.bool_or(Role.mfa_required))
        .join(UserRole, UserRole.role_id == Role.id)
        .where(UserRole.user_id == User.id)
        .scalar_subquery()
    )
    statement = (
        select(
            StaffSession.id,
            StaffSession.mfa_at,
            User.id.label("user_id"),
            granted.label("granted"),
            demanded.label("demanded"),
        )
        .join(User, User.id == StaffSession.account_id)
        .where(StaffSession.id.in_(sessions), User.status == "active", *living(StaffSession, rules=rules, clock=clock))
    )
    return {
        row.id: Standing(
            session_id=row.id,
            user_id=row.user_id,
            permissions=frozenset(
                name for each in row.granted or () for name in each if row.mfa_at is not None or not row.demanded
            ),
        )
        for row in uow.session.execute(statement)
    }
