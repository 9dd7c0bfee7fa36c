"""Writes about staff: people with their invites, departments, the roles of a new hospital."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from central.auth.public import IssuedInvite, new_invite
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import InvalidFields, NotFound
from kernel.ids import new_row_id
from kernel.text import N_, canonical
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.staff.errors import AlreadyJoined, DepartmentClosed, DepartmentCodeTaken, EmailTaken, UsernameTaken
from tenant_app.staff.guarding import permitted_by, require_within_rights, rights_of
from tenant_app.staff.models import ROLES, Department, Role, StaffInvite, User, UserRole
from tenant_app.staff.permissions import ROLE_PERMISSIONS, ROLE_REACH
from tenant_app.staff.rules import parse_department_code, parse_email, parse_person_name, parse_username

INVITE_LIFETIME: Final = timedelta(days=7)
UNKNOWN_DEPARTMENT: Final = N_("There is no such department.")
UNKNOWN_ROLE: Final = N_("There is no such role.")
EMPTY_NAME: Final = N_("Enter a name.")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewUser:
    """Who is to be invited; texts as they were written."""

    username: str
    email: str
    full_name: str
    role: str
    department_id: UUID | None = None
    phone: str | None = None


def create_department(
    *, uow: UnitOfWork, actor: Actor, code: str, name: str, description: str | None = None
) -> Department:
    """Raises InvalidFields and DepartmentCodeTaken."""
    named = canonical(name)
    if not 1 <= len(named) <= 255:
        raise InvalidFields(errors={"name": [EMPTY_NAME]})
    last = uow.session.execute(select(func.coalesce(func.max(Department.position), 0))).scalar_one()
    department = Department(
        id=new_row_id(), code=parse_department_code(code), name=named, description=description, position=last
    )
    uow.session.add(department)
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "uq_departments_code":
            raise DepartmentCodeTaken(data={"field": "code"}) from err
        raise
    record(
        uow=uow,
        actor=actor,
        action="department.create",
        resource_type="department",
        resource_id=department.id,
        changed=("code", "name"),
    )
    return department


def create_user(*, uow: UnitOfWork, actor: Actor, new: NewUser, tag: str) -> tuple[User, IssuedInvite]:
    """A member of staff in state `invited`, with the invite to give them; `tag` is the hospital's code.

    Raises InvalidFields, UsernameTaken, EmailTaken, and BeyondOwnRights for a role that may do more than the actor.
    """
    if new.department_id is not None and not department_is_active(uow, new.department_id):
        raise InvalidFields(errors={"department_id": [UNKNOWN_DEPARTMENT]})
    _require_rights_of_role(uow, actor, new.role)
    made = add_invited_user(uow=uow, new=new, tag=tag, created_by=actor.id if actor.kind == "staff" else None)
    record(
        uow=uow,
        actor=actor,
        action="staff.invite",
        resource_type="user",
        resource_id=made[0].id,
        changed=("username", "email", "full_name", "role", "department_id"),
    )
    return made


def add_invited_user(
    *, uow: UnitOfWork, new: NewUser, tag: str, created_by: UUID | None, now: datetime | None = None
) -> tuple[User, IssuedInvite]:
    """The same without audit and department: for the first member of staff, whom nobody here invites."""
    user = User(
        id=new_row_id(),
        username=parse_username(new.username),
        email=parse_email(new.email),
        full_name=parse_person_name(new.full_name),
        role=new.role,
        department_id=new.department_id,
        phone=new.phone,
        status="invited",
        created_by=created_by,
        updated_by=created_by,
    )
    role_id = uow.session.execute(select(Role.id).where(Role.name == new.role)).scalar_one_or_none()
    if new.role not in ROLES or role_id is None:
        raise InvalidFields(errors={"role": [UNKNOWN_ROLE]})
    uow.session.add(user)
    try:
        uow.flush()
    except IntegrityError as err:
        match violated(err):
            case "uq_users_username":
                raise UsernameTaken(data={"field": "username"}) from err
            case "uq_users_email":
                raise EmailTaken(data={"field": "email"}) from err
            case "ck_departments_open":
                raise DepartmentClosed(data={"field": "department_id"}) from err
        raise
    uow.session.add(UserRole(id=new_row_id(), user_id=user.id, role_id=role_id, assigned_by=created_by))
    return user, issue_invite(uow=uow, account_id=user.id, tag=tag, now=now or utc_now())


def invite_again(*, uow: UnitOfWork, actor: Actor, user_id: UUID, tag: str) -> IssuedInvite:
    """A new invite in place of the earlier ones. Raises NotFound, AlreadyJoined, BeyondOwnRights."""
    status = select(User.status).where(User.id == user_id)
    if uow.session.execute(status).first() is None:
        raise NotFound("user")
    issued = issue_invite(uow=uow, account_id=user_id, tag=tag, now=utc_now())
    # Asked after the earlier invites are void: whoever was accepting one meanwhile has joined now, or never can.
    if uow.session.execute(status.with_for_update(key_share=True)).scalar_one() != "invited":
        raise AlreadyJoined
    require_within_rights(actor, rights_of(uow=uow, user_id=user_id))
    record(uow=uow, actor=actor, action="staff.invite", resource_type="user", resource_id=user_id)
    return issued


def add_default_roles(*, uow: UnitOfWork) -> None:
    """The roles of a new hospital; those that are there already stay as the hospital has them."""
    there = set(uow.session.scalars(select(Role.name)))
    missing = [
        {
            "id": new_row_id(),
            "name": name,
            "permissions": sorted(ROLE_PERMISSIONS[name]),
            "reach": ROLE_REACH[name],
        }
        for name in ROLES
        if name not in there
    ]
    if missing:
        uow.session.execute(insert(Role).values(missing))


def issue_invite(*, uow: UnitOfWork, account_id: UUID, tag: str, now: datetime) -> IssuedInvite:
    """An invite for an account that exists, in place of earlier ones, without audit."""
    return new_invite(uow=uow, table=StaffInvite, account_id=account_id, tag=tag, lifetime=INVITE_LIFETIME, now=now)


def department_is_active(uow: UnitOfWork, department_id: UUID) -> bool:
    """Whether somebody can be put into it; it cannot be closed before this transaction ends."""
    found = select(Department.id).where(Department.id == department_id, Department.status == "active")
    found = found.with_for_update(read=True, key_share=True)
    return uow.session.execute(found).first() is not None


def _require_rights_of_role(uow: UnitOfWork, actor: Actor, role: str) -> None:
    role_ids = uow.session.scalars(select(Role.id).where(Role.name == role)).all()
    require_within_rights(actor, permitted_by(uow=uow, role_ids=role_ids))
