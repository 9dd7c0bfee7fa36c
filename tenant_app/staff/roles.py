"""Roles: what each permits, those that a hospital makes itself, and reading both."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from types import EllipsisType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, delete, func, select
from sqlalchemy.exc import IntegrityError

from kernel.clock import local_today, utc_now
from kernel.database.rows import known_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.text import N_, canonical, vietnamese_order
from kernel.web.actor import Actor
from tenant_app.audit.service import record_rights
from tenant_app.live.public import announce, notices_changed
from tenant_app.reach.rules import DEPARTMENTS, HOSPITAL, REACHES
from tenant_app.staff.errors import BuiltInRole, RoleInUse, RoleNameTaken
from tenant_app.staff.guarding import ADMIN
from tenant_app.staff.models import ROLES, Role, User, UserRole
from tenant_app.staff.permissions import ADMIN_KEEPS, PERMISSIONS

BAD_ROLE_NAME: Final = N_("A role's name has 2 to 100 characters.")
BAD_DESCRIPTION: Final = N_("This is too long.")
UNKNOWN_REACH: Final = N_("Choose one.")
UNKNOWN_PERMISSION: Final = N_("There is no such permission.")
KEPT_PERMISSION: Final = N_("Administrators always keep what is needed to mend roles and staff.")
KEPT_REACH: Final = N_("Administrators always see the whole hospital.")
BAD_BEGINNING: Final = N_("Choose a day after today, within a year.")
_LONGEST_DESCRIPTION: Final = 1000
_LONGEST_NOTICE: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role, and how many people have it."""

    id: UUID
    name: str
    description: str | None
    permissions: list[str]
    mfa_required: bool
    mfa_from: date | None
    reach: str
    version: int
    people: int

    @property
    def built_in(self) -> bool:
        """Whether every hospital has it."""
        return self.name in ROLES


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has a role."""

    id: UUID
    full_name: str
    status: str
    department_id: UUID | None


def list_roles(*, uow: UnitOfWork) -> list[RoleRow]:
    """All roles: first those that every hospital has, in their order, then its own by name."""
    rows = rows_as(RoleRow, uow.session.execute(_rows()))
    return sorted(
        rows, key=lambda row: (ROLES.index(row.name) if row.built_in else len(ROLES), vietnamese_order(row.name))
    )


def role(*, uow: UnitOfWork, role_id: UUID) -> RoleRow:
    """One role. Raises NotFound."""
    return known_row_as(RoleRow, uow.session.execute(_rows().where(Role.id == role_id)), what="role")


def holders(*, uow: UnitOfWork, role_id: UUID, limit: int = 50) -> list[Holder]:
    """Who has a role, by name."""
    statement = (
        select(User.id, User.full_name, User.status, User.department_id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.role_id == role_id)
        .order_by(func.vietnamese_order(User.full_name), User.id)
        .limit(limit)
    )
    return rows_as(Holder, uow.session.execute(statement))


def create_role(
    *,
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    permissions: Collection[str],
    description: str | None = None,
    mfa_required: bool = False,
    mfa_from: date | None = None,
    reach: str = DEPARTMENTS,
) -> UUID:
    """A role of the hospital's own; returns its id. Raises InvalidFields and RoleNameTaken.

    It is given beside a main role, and widens where that one holds only if it says so.
    """
    values = _checked(
        name=name,
        description=description,
        permissions=permissions,
        mfa_required=mfa_required,
        mfa_from=mfa_from,
        reach=reach,
    )
    made = Role(id=new_row_id(), **values)
    uow.session.add(made)
    _flush(uow)
    _record(uow, actor, "role.create", made.id, old={}, new=values)
    return made.id


def change_role(
    *,
    uow: UnitOfWork,
    actor: Actor,
    role_id: UUID,
    version: int,
    name: str | None = None,
    description: str | None = None,
    permissions: Collection[str] | None = None,
    mfa_required: bool | None = None,
    mfa_from: date | EllipsisType | None = ...,
    reach: str | None = None,
) -> None:
    """Change what a role is called, says, permits and where, and whether it needs a second factor (None: as it is) and
    from which day on (None: at once); it holds from everybody's next request on. Who has it, and no second factor, is
    told of a day to come.

    Raises NotFound, PreconditionFailed, InvalidFields, RoleNameTaken, and BuiltInRole for another name of a role that
    every hospital has. Where nothing differs, nothing is written and the version stays.
    """
    found = _locked(uow, role_id, version)
    old = _values(found)
    new = _checked(
        name=found.name if name is None else name,
        description=found.description if description is None else description,
        permissions=found.permissions if permissions is None else permissions,
        mfa_required=found.mfa_required if mfa_required is None else mfa_required,
        mfa_from=found.mfa_from if isinstance(mfa_from, EllipsisType) else mfa_from,
        reach=found.reach if reach is None else reach,
        known=frozenset(found.permissions),
        known_from=found.mfa_from,
    )
    if found.name in ROLES and new["name"] != found.name:
        raise BuiltInRole
    if found.name == ADMIN and not ADMIN_KEEPS.issubset(new["permissions"]):
        raise InvalidFields(errors={"permissions": [KEPT_PERMISSION]})
    if found.name == ADMIN and new["reach"] != HOSPITAL:
        raise InvalidFields(errors={"reach": [KEPT_REACH]})
    if new == old:
        return
    for field, value in new.items():
        setattr(found, field, value)
    found.version += 1
    found.updated_at = utc_now()
    _flush(uow)
    _record(uow, actor, "role.change", role_id, old=old, new=new)
    if new["mfa_from"] != old["mfa_from"]:
        announce(uow, notices_changed())


def delete_role(*, uow: UnitOfWork, actor: Actor, role_id: UUID, version: int | None = None) -> None:
    """Take a role of the hospital's own away. Raises NotFound, PreconditionFailed, BuiltInRole, RoleInUse."""
    found = _locked(uow, role_id, version)
    if found.name in ROLES:
        raise BuiltInRole
    old = _values(found)
    try:
        uow.session.execute(delete(Role).where(Role.id == role_id))
    except IntegrityError as err:
        if violated(err) == "fk_user_roles_role_id":
            raise RoleInUse from err
        raise
    _record(uow, actor, "role.delete", role_id, old=old, new={})


def _rows() -> Select[*tuple[Any, ...]]:
    people = select(func.count()).select_from(UserRole).where(UserRole.role_id == Role.id).scalar_subquery()
    return select(
        Role.id,
        Role.name,
        Role.description,
        Role.permissions,
        Role.mfa_required,
        Role.mfa_from,
        Role.reach,
        Role.version,
        people.label("people"),
    )


def _values(found: Role) -> dict[str, Any]:
    return {
        "name": found.name,
        "description": found.description,
        "permissions": sorted(found.permissions),
        "mfa_required": found.mfa_required,
        "mfa_from": found.mfa_from,
        "reach": found.reach,
    }


def _locked(uow: UnitOfWork, role_id: UUID, version: int | None) -> Role:
    statement = select(Role).where(Role.id == role_id).with_for_update(key_share=True)
    found = uow.session.execute(statement, execution_options={"populate_existing": True}).scalar_one_or_none()
    if found is None:
        raise NotFound("role")
    if version is not None and found.version != version:
        raise PreconditionFailed
    return found


def _checked(
    *,
    name: str,
    description: str | None,
    permissions: Collection[str],
    mfa_required: bool,
    mfa_from: date | None,
    reach: str,
    known: frozenset[str] = frozenset(),
    known_from: date | None = None,
) -> dict[str, Any]:
    """The values as they are stored; `known` permissions may stay although this version has no use for them, and a day
    that was chosen before although it has come.
    """
    errors: dict[str, list[str]] = {}
    named, told = canonical(name), (description or "").strip()
    if not 2 <= len(named) <= 100:
        errors["name"] = [BAD_ROLE_NAME]
    if len(told) > _LONGEST_DESCRIPTION:
        errors["description"] = [BAD_DESCRIPTION]
    if not known.union(PERMISSIONS).issuperset(permissions):
        errors["permissions"] = [UNKNOWN_PERMISSION]
    if reach not in REACHES:
        errors["reach"] = [UNKNOWN_REACH]
    if mfa_required and mfa_from != known_from and not _may_begin(mfa_from):
        errors["mfa_from"] = [BAD_BEGINNING]
    if errors:
        raise InvalidFields(errors=errors)
    return {
        "name": named,
        "description": told or None,
        "permissions": sorted(set(permissions)),
        "mfa_required": mfa_required,
        "mfa_from": mfa_from if mfa_required else None,
        "reach": reach,
    }


def _may_begin(day: date | None) -> bool:
    today = local_today()
    return day is None or today < day <= today + _LONGEST_NOTICE


def _record(
    uow: UnitOfWork, actor: Actor, action: str, role_id: UUID, *, old: dict[str, Any], new: dict[str, Any]
) -> None:
    before, after = (
        {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
        for values in (old, new)
    )
    record_rights(uow=uow, actor=actor, action=action, resource_type="role", resource_id=role_id, old=before, new=after)


def _flush(uow: UnitOfWork) -> None:
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "uq_roles_name":
            raise RoleNameTaken(data={"field": "name"}) from err
        raise
