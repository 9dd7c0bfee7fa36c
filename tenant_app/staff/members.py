"""Changing members of staff: details, roles, access, and a new password for who forgot theirs.

Locks are taken in one order everywhere, as accepting an invite does: invites, the administrators' role, the person.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from central.auth.public import (
    IssuedInvite,
    NoSecondFactor,
    clear_factor,
    end_sessions,
    parse_reset_reason,
    void_invites,
)
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import FieldErrors, InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from tenant_app.audit.service import record, record_rights
from tenant_app.auth.models import StaffRecoveryCode
from tenant_app.patients.rules import parse_phone
from tenant_app.staff.errors import AboutOneself, DepartmentClosed, EmailTaken, NotJoined
from tenant_app.staff.guarding import (
    lock_administrators,
    permitted_by,
    require_another_administrator,
    require_within_rights,
    rights_of,
)
from tenant_app.staff.models import ROLES, Role, StaffInvite, StaffSession, User, UserRole
from tenant_app.staff.rules import parse_email, parse_person_name
from tenant_app.staff.service import UNKNOWN_DEPARTMENT, UNKNOWN_ROLE, department_is_active, issue_invite

_PARSERS: Final[Mapping[str, Callable[[str], str]]] = {
    "full_name": parse_person_name,
    "email": parse_email,
    "phone": parse_phone,
}
_NEEDED: Final = ("full_name", "email")


def change_member(
    *,
    uow: UnitOfWork,
    actor: Actor,
    user_id: UUID,
    version: int,
    details: Mapping[str, Any],
    role: str | None = None,
    further_role_ids: Collection[UUID] | None = None,
) -> None:
    """Change name, phone, e-mail and department (`details`), the main role, the roles beside it; None: as it is.

    `version` is the one last seen. Raises NotFound, PreconditionFailed, InvalidFields (all fields at once), EmailTaken,
    AboutOneself, BeyondOwnRights, LastAdministrator. Where nothing differs, nothing is written and the version stays.
    """
    admin_role_id = lock_administrators(uow=uow)
    user = _locked(uow, user_id)
    if user.version != version:
        raise PreconditionFailed
    values = _parsed(uow, user, details)
    names = {each.id: each.name for each in uow.session.scalars(select(Role))}
    held = _held(uow, user_id)
    wanted = _wanted(names, held, user.role, role=role, further=further_role_ids)
    main = role or user.role
    if user_id != actor.id:
        require_within_rights(actor, permitted_by(uow=uow, role_ids=held | wanted))
    elif wanted != held or main != user.role or _widens(actor, user, values):
        raise AboutOneself
    if admin_role_id in held - wanted and user.status == "active":
        require_another_administrator(uow=uow, role_id=admin_role_id, besides=user_id)
    differing = {name: value for name, value in values.items() if getattr(user, name) != value}
    if not differing and wanted == held and main == user.role:
        return
    old = _rights(user, held, names)
    for name, value in differing.items():
        setattr(user, name, value)
    user.role = main
    _stamp(user, actor)
    _give(uow, actor, user_id, held=held, wanted=wanted)
    _flush(uow)
    record_rights(
        uow=uow,
        actor=actor,
        action="staff.change",
        resource_type="user",
        resource_id=user_id,
        old=old,
        new=_rights(user, wanted, names),
        changed=differing,
    )


def deactivate(*, uow: UnitOfWork, actor: Actor, user_id: UUID, version: int | None = None) -> None:
    """Nobody comes in with the account any more: sessions end, invites are void.

    Raises NotFound, PreconditionFailed, AboutOneself, BeyondOwnRights, LastAdministrator.
    """
    if user_id == actor.id:
        raise AboutOneself
    now = utc_now()
    void_invites(uow=uow, table=StaffInvite, account_id=user_id, now=now)
    admin_role_id = lock_administrators(uow=uow)
    user = _locked(uow, user_id)
    _require_version(user, version)
    held = _held(uow, user_id)
    require_within_rights(actor, permitted_by(uow=uow, role_ids=held))
    if user.status == "inactive":
        return
    if admin_role_id in held and user.status == "active":
        require_another_administrator(uow=uow, role_id=admin_role_id, besides=user_id)
    _set_status(uow, actor, user, "inactive", action="staff.deactivate")
    end_sessions(uow=uow, table=StaffSession, account_id=user_id, reason="deactivated", now=now)


def reactivate(*, uow: UnitOfWork, actor: Actor, user_id: UUID, version: int | None = None) -> None:
    """The account opens again: with the old password, or (who never had one) with a new invite.

    Raises NotFound, PreconditionFailed, AboutOneself, BeyondOwnRights.
    """
    if user_id == actor.id:
        raise AboutOneself
    user = _locked(uow, user_id)
    _require_version(user, version)
    require_within_rights(actor, rights_of(uow=uow, user_id=user_id))
    if user.status != "inactive":
        return
    # A sign-in that was under way while the account was closed may have left one.
    end_sessions(uow=uow, table=StaffSession, account_id=user_id, reason="deactivated", now=utc_now())
    _set_status(uow, actor, user, "active" if user.password_hash else "invited", action="staff.reactivate")


def invite_to_new_password(*, uow: UnitOfWork, actor: Actor, user_id: UUID, tag: str) -> IssuedInvite:
    """An invite for somebody who forgot the password: sessions end now, the old password when the invite is accepted.

    Raises NotFound, AboutOneself, BeyondOwnRights, and NotJoined for who cannot sign in.
    """
    if user_id == actor.id:
        raise AboutOneself
    if uow.session.get(User, user_id) is None:
        raise NotFound("user")
    now = utc_now()
    issued = issue_invite(uow=uow, account_id=user_id, tag=tag, now=now)
    # Asked after the earlier invites are void: whoever was accepting one meanwhile has done so, or never can.
    user = _locked(uow, user_id)
    require_within_rights(actor, rights_of(uow=uow, user_id=user_id))
    if user.status != "active":
        raise NotJoined
    end_sessions(uow=uow, table=StaffSession, account_id=user_id, reason="new_password", now=now)
    record(uow=uow, actor=actor, action="staff.new_password", resource_type="user", resource_id=user_id)
    return issued


def reset_second_factor(*, uow: UnitOfWork, actor: Actor, user_id: UUID, reason: str) -> None:
    """Take away the second factor of somebody who lost the phone: sessions end, they are told at the next sign-in.

    Raises NotFound, InvalidFields naming `reason`, AboutOneself, BeyondOwnRights, NoSecondFactor.
    """
    why = parse_reset_reason(reason)
    if user_id == actor.id:
        raise AboutOneself
    _locked(uow, user_id)
    require_within_rights(actor, rights_of(uow=uow, user_id=user_id))
    now = utc_now()
    if not clear_factor(
        uow=uow, account_table=User, recovery_table=StaffRecoveryCode, account_id=user_id, reset_at=now
    ):
        raise NoSecondFactor
    end_sessions(uow=uow, table=StaffSession, account_id=user_id, reason="mfa_reset", now=now)
    record_rights(
        uow=uow,
        actor=actor,
        action="staff.reset_mfa",
        resource_type="user",
        resource_id=user_id,
        old={"mfa_enabled": True},
        new={"mfa_enabled": False, "reason": why},
    )


def _locked(uow: UnitOfWork, user_id: UUID) -> User:
    statement = select(User).where(User.id == user_id).with_for_update(key_share=True)
    user = uow.session.execute(statement, execution_options={"populate_existing": True}).scalar_one_or_none()
    if user is None:
        raise NotFound("user")
    return user


def _require_version(user: User, version: int | None) -> None:
    if version is not None and user.version != version:
        raise PreconditionFailed


def _held(uow: UnitOfWork, user_id: UUID) -> frozenset[UUID]:
    return frozenset(uow.session.scalars(select(UserRole.role_id).where(UserRole.user_id == user_id)))


def _wanted(
    names: Mapping[UUID, str],
    held: frozenset[UUID],
    main_now: str,
    *,
    role: str | None,
    further: Collection[UUID] | None,
) -> frozenset[UUID]:
    """The roles that are to be held: the main one always, and beside it those given, or those that are there."""
    ids = {name: each for each, name in names.items()}
    if role is not None and (role not in ROLES or role not in ids):
        raise InvalidFields(errors={"role": [UNKNOWN_ROLE]})
    if further is not None and not names.keys() >= set(further):
        raise InvalidFields(errors={"role_ids": [UNKNOWN_ROLE]})
    beside = held - {ids[main_now]} if further is None else frozenset(further)
    return beside | {ids[role or main_now]}


def _parsed(uow: UnitOfWork, user: User, details: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, parse in _PARSERS.items():
        # What is sent back as it was is no change, even where it was once taken without a look.
        if name in details and details[name] != getattr(user, name):
            text = details[name] or ""
            try:
                values[name] = parse(text) if text or name in _NEEDED else None
            except InvalidFields as wrong:
                errors.update(wrong.errors)
    if "department_id" in details:
        wanted = values["department_id"] = details["department_id"]
        if wanted not in {None, user.department_id} and not department_is_active(uow, wanted):
            errors["department_id"] = [UNKNOWN_DEPARTMENT]
    _raise_any(errors)
    return values


def _raise_any(errors: FieldErrors) -> None:
    if errors:
        raise InvalidFields(errors=errors)


def _widens(actor: Actor, user: User, values: Mapping[str, Any]) -> bool:
    """Whether somebody who sees their own departments only would make themselves see another."""
    wanted = values.get("department_id", user.department_id)
    return actor.departments is not None and wanted != user.department_id


def _rights(user: User, role_ids: Collection[UUID], names: Mapping[UUID, str]) -> dict[str, Any]:
    """What decides what somebody may do, as the audit log keeps it."""
    return {
        "role": user.role,
        "roles": sorted(names[each] for each in role_ids),
        "department_id": str(user.department_id) if user.department_id else None,
    }


def _give(uow: UnitOfWork, actor: Actor, user_id: UUID, *, held: frozenset[UUID], wanted: frozenset[UUID]) -> None:
    if gone := held - wanted:
        uow.session.execute(delete(UserRole).where(UserRole.user_id == user_id, UserRole.role_id.in_(gone)))
    for role_id in wanted - held:
        uow.session.add(UserRole(id=new_row_id(), user_id=user_id, role_id=role_id, assigned_by=actor.id))


def _set_status(uow: UnitOfWork, actor: Actor, user: User, status: str, *, action: str) -> None:
    old = user.status
    user.status = status
    _stamp(user, actor)
    _flush(uow)
    record_rights(
        uow=uow,
        actor=actor,
        action=action,
        resource_type="user",
        resource_id=user.id,
        old={"status": old},
        new={"status": status},
    )


def _stamp(user: User, actor: Actor) -> None:
    user.version += 1
    user.updated_at, user.updated_by = utc_now(), actor.id


def _flush(uow: UnitOfWork) -> None:
    try:
        uow.flush()
    except IntegrityError as err:
        match violated(err):
            case "uq_users_email":
                raise EmailTaken(data={"field": "email"}) from err
            case "ck_departments_open":
                raise DepartmentClosed(data={"field": "department_id"}) from err
            case "fk_user_roles_role_id":
                # The role was deleted at this moment.
                raise InvalidFields(errors={"role_ids": [UNKNOWN_ROLE]}) from err
        raise
