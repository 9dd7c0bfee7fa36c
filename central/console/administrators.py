"""Administrators as they are listed and invited. The caller commits."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from central.audit.public import record
from central.auth.administrators import AdministratorSignIn, create_administrator
from central.auth.models import Administrator
from central.auth.public import IssuedInvite
from central.auth.secrets import CENTRAL_TAG
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


def listed(*, uow: UnitOfWork, cursor: str | None, limit: int = PAGE) -> Page[Administrator]:
    """Administrators by user name; raises InvalidFields."""
    query = select(Administrator).order_by(Administrator.username).limit(limit + 1)
    key = read_cursor(cursor, parts=1)
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


def _record(uow: UnitOfWork, actor: Actor, action: str, administrator_id: UUID) -> None:
    record(uow=uow, actor=actor, action=action, resource_type="administrator", resource_id=administrator_id)
