"""What keeps rights in hand: nobody reaches beyond their own, and the last administrator stays."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select

from kernel.database.unit_of_work import UnitOfWork
from kernel.web.actor import Actor
from tenant_app.reach.rules import HOSPITAL
from tenant_app.staff.errors import BeyondOwnRights, LastAdministrator
from tenant_app.staff.models import Role, User, UserRole

ADMIN = "admin"
# Who may change roles could give themselves anything: for them there is no beyond.
_ROOT = "role.manage"
# Stands among permissions for a role that reaches the whole hospital; no route asks for it.
_WHOLE_HOSPITAL = "reach.hospital"


def require_within_rights(actor: Actor, permissions: Collection[str]) -> None:
    """Raises BeyondOwnRights where `permissions` (of the person, or to be given) are more than the actor has."""
    own = actor.permissions | ({_WHOLE_HOSPITAL} if actor.departments is None else set())
    if not actor.may(_ROOT) and not own.issuperset(permissions):
        raise BeyondOwnRights


def permitted_by(*, uow: UnitOfWork, role_ids: Collection[UUID]) -> frozenset[str]:
    """All that these roles permit, and whether in the whole hospital, as `require_within_rights` compares it."""
    found = uow.session.execute(select(Role.permissions, Role.reach).where(Role.id.in_(role_ids))).all()
    permitted = frozenset(name for row in found for name in row.permissions)
    return permitted | {_WHOLE_HOSPITAL} if any(row.reach == HOSPITAL for row in found) else permitted


def rights_of(*, uow: UnitOfWork, user_id: UUID) -> frozenset[str]:
    """The same of all roles that somebody has."""
    held = uow.session.scalars(select(UserRole.role_id).where(UserRole.user_id == user_id)).all()
    return permitted_by(uow=uow, role_ids=held)


def lock_administrators(*, uow: UnitOfWork) -> UUID:
    """Take turns with whoever else changes who is an administrator; returns the id of their role."""
    statement = select(Role.id).where(Role.name == ADMIN).with_for_update(key_share=True)
    return uow.session.execute(statement).scalar_one()


def require_another_administrator(*, uow: UnitOfWork, role_id: UUID, besides: UUID) -> None:
    """Raises LastAdministrator where nobody else who can sign in has the role; call under `lock_administrators`."""
    others = (
        select(func.count())
        .select_from(UserRole)
        .join(User, User.id == UserRole.user_id)
        .where(UserRole.role_id == role_id, User.status == "active", User.id != besides)
    )
    if not uow.session.execute(others).scalar_one():
        raise LastAdministrator
