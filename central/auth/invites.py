"""One-time ways in for new accounts, the same for administrators and for staff."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from central.auth.secrets import RoutedSecret, new_secret
from kernel.database.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedInvite:
    """An invite as it is shown once."""

    secret: RoutedSecret
    expires_at: datetime


def void_invites(*, uow: UnitOfWork, table: Any, account_id: UUID, now: datetime) -> None:
    """The invites of an account that were not used open nothing more. Waits for somebody who is accepting one."""
    uow.session.execute(
        update(table).where(table.account_id == account_id, table.used_at.is_(None)).values(used_at=now)
    )


def new_invite(
    *, uow: UnitOfWork, table: Any, account_id: UUID, tag: str, lifetime: timedelta, now: datetime
) -> IssuedInvite:
    """A new invite for an account, in a table with `InviteColumns`; earlier ones that were not used are void.

    Waits for somebody who is accepting one of them at this moment: only after it does the account's state hold.
    """
    void_invites(uow=uow, table=table, account_id=account_id, now=now)
    secret = new_secret(tag)
    expires_at = now + lifetime
    uow.session.add(table(account_id=account_id, token_hash=secret.digest, expires_at=expires_at))
    uow.flush()
    return IssuedInvite(secret=secret, expires_at=expires_at)
