"""Administrators as they are listed and invited. The caller commits."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from central.audit.public import record, security_event
from central.auth.administrators import AdministratorSignIn, create_administrator
from central.auth.models import Administrator, AdminRecoveryCode, AdminSession
from central.auth.public import IssuedInvite, NoSecondFactor, clear_factor, end_sessions, parse_reset_reason
from central.auth.secrets import CENTRAL_TAG
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Conflict, NotFound
from kernel.listing import Page, page_of
from kernel.text import N_
from kernel.web.actor import Actor
from kernel.web.api import read_cursor

PAGE = 50


class InviteAccepted(Conflict):
    """The account is in use, and needs no invite."""

    code = "invite_accepted"
    title = N_("This invite has been accepted already")
    advice = N_("The account is in use; its owner signs in with the password chosen then.")


class OwnFactor(Conflict):
    """Nobody takes away the own factor without proving it."""

    code = "own_account"
    title = N_("This is your own account")
    advice = N_("Switch the second factor off on the page of your account, or ask another administrator.")


def listed(*, uow: UnitOfWork, cursor: str | None, limit: int = PAGE) -> Page[Administrator]:
    """Administrators by user name; raises InvalidFields."""
    query = select(Administrator).order_by(Administrator.username).limit(limit + 1)
    key = read_cursor(cursor, str)
    if key:
        query = query.where(Administrator.username > key[0])
    return page_of(list(uow.session.scalars(query)), limit=limit, key=lambda row: (row.username,))


def invite(
    *, uow: UnitOfWork, actor: Actor, signing_in: AdministratorSignIn, fields: dict[str, Any]
) -> tuple[Administrator, IssuedInvite]:
    """A new administrator with an invite; audited. Raises as `create_administrator`."""
    administrator, issued = create_administrator(uow=uow, signing_in=signing_in, created_by=actor.id, **fields)
    _record(uow, actor, "administrator.invite", administrator.id)
    return administrator, issued


def invite_again(
    *, uow: UnitOfWork, actor: Actor, signing_in: AdministratorSignIn, administrator_id: UUID
) -> tuple[Administrator, IssuedInvite]:
    """A new invite in place of one that was lost or has expired; audited. Raises NotFound, InviteAccepted."""
    administrator = uow.session.get(Administrator, administrator_id)
    if administrator is None:
        raise NotFound
    if administrator.status != "invited":
        raise InviteAccepted
    issued = signing_in.invite(uow=uow, account=administrator, tag=CENTRAL_TAG)
    _record(uow, actor, "administrator.invite_again", administrator.id)
    return administrator, issued


def reset_second_factor(*, uow: UnitOfWork, actor: Actor | None, administrator_id: UUID, reason: str) -> Administrator:
    """Take away the second factor of who lost the phone: sessions end, they are told at the next sign-in; audited.

    `actor` is None at the command line. Raises NotFound, InvalidFields naming `reason`, OwnFactor, NoSecondFactor.
    """
    why = parse_reset_reason(reason)
    if actor is not None and actor.id == administrator_id:
        raise OwnFactor
    administrator = uow.session.get(Administrator, administrator_id)
    if administrator is None:
        raise NotFound
    now = utc_now()
    if not clear_factor(
        uow=uow,
        account_table=Administrator,
        recovery_table=AdminRecoveryCode,
        account_id=administrator_id,
        reset_at=now,
    ):
        raise NoSecondFactor
    end_sessions(uow=uow, table=AdminSession, account_id=administrator_id, reason="mfa_reset", now=now)
    record(
        uow=uow,
        actor=actor,
        action="administrator.reset_mfa",
        resource_type="administrator",
        resource_id=administrator_id,
        changed=("mfa_enabled",),
        reason=why,
    )
    security_event(uow=uow, event="mfa_reset", risk="medium", user_id=administrator_id, details={"portal": "admin"})
    return administrator


def _record(uow: UnitOfWork, actor: Actor, action: str, administrator_id: UUID) -> None:
    record(uow=uow, actor=actor, action=action, resource_type="administrator", resource_id=administrator_id)
