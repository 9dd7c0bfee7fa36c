"""Locks that do not lock out the victim: failures count by account and by the network that they come from.

After five failures from one network, that network waits a minute for this account, then two, up to fifteen. The owner,
elsewhere, is not touched, nor in the same network in a browser that knows the account (central.auth.browsers): that one
is counted by itself. A correct password from where it is not locked clears its own count.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from central.auth.sessions import Visitor
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import TooManyRequests
from kernel.text import N_

FREE_FAILURES = 5
FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=24)


class SignInLocked(TooManyRequests):
    """Too many failures on this account from this network; `retry_after` says when it may try again."""

    code = "sign_in_locked"
    title = N_("Too many failed attempts")
    advice = N_("Wait a little, then try again. Your account itself is not locked.")


def source_of(visitor: Visitor, account_id: UUID) -> str:
    """What an attempt at this account is counted by: the browser, where the account signed in there before; else the
    network.
    """
    browser = visitor.browser
    return browser.network if browser is not None and account_id in browser.accounts else network_of(visitor.ip_address)


def network_of(address: str | None) -> str:
    """The network that stands for a caller: /24 of IPv4, /56 of IPv6."""
    if not address:
        return "0.0.0.0/32"
    ip = ip_address(address)
    if ip.version == 6 and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return str(ip_network(f"{ip}/{24 if ip.version == 4 else 56}", strict=False))


def lock_for(failures: int) -> timedelta | None:
    """How long the network waits after this many failures in a row; None while they are free."""
    if failures < FREE_FAILURES:
        return None
    doublings: int = min(failures - FREE_FAILURES, 10)
    return min(LONGEST_LOCK, FIRST_LOCK * (1 << doublings))


def require_unlocked(*, uow: UnitOfWork, table: Any, account_id: UUID, network: str, now: datetime) -> None:
    """Raises SignInLocked while this network waits for this account."""
    until: datetime | None = uow.session.execute(
        select(table.locked_until).where(table.account_id == account_id, table.network == network)
    ).scalar_one_or_none()
    if until is not None and until > now:
        raise SignInLocked(retry_after=max(1, int((until - now).total_seconds())))


def count_failure(*, uow: UnitOfWork, table: Any, account_id: UUID, network: str, now: datetime) -> int:
    """One more failure; returns how many in a row. The edge commits it although the sign-in fails."""
    old = now - FORGOTTEN_AFTER
    uow.session.execute(
        delete(table).where(table.account_id == account_id, table.network == network, table.last_failed_at < old)
    )
    failures: int = uow.session.execute(
        insert(table)
        .values(account_id=account_id, network=network, failures=1, last_failed_at=now)
        .on_conflict_do_update(
            index_elements=[table.account_id, table.network],
            set_={"failures": table.failures + 1, "last_failed_at": now},
        )
        .returning(table.failures)
    ).scalar_one()
    lock = lock_for(failures)
    if lock is not None:
        row = uow.session.get_one(table, {"account_id": account_id, "network": network}, populate_existing=True)
        row.locked_until = now + lock
        uow.flush()
    return failures


def clear_failures(*, uow: UnitOfWork, table: Any, account_id: UUID, network: str) -> None:
    """The right password came from this network."""
    uow.session.execute(delete(table).where(table.account_id == account_id, table.network == network))
