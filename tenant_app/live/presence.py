"""Who is connected now: the rows that a live process keeps of its connections, and what is read of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select, tuple_, update

from kernel.clock import utc_now
from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.api import read_cursor
from tenant_app.live.models import WebsocketConnection
from tenant_app.staff.models import User

# How often a process says that its connections live, and after which silence they are gone with it.
SEEN_EVERY: Final = timedelta(seconds=20)
GONE_AFTER: Final = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True, slots=True)
class Connection:
    """One connection as its process knows it."""

    id: UUID
    user_id: UUID
    session_id: UUID
    ip_address: str | None
    user_agent: str | None
    connected_at: datetime


@dataclass(frozen=True, slots=True)
class ConnectedPerson:
    """A session with windows that are open now."""

    session_id: UUID
    user_id: UUID
    full_name: str
    role: str
    windows: int
    ip_address: str | None
    user_agent: str | None
    connected_at: datetime


def write_down(
    *,
    uow: UnitOfWork,
    process_id: UUID,
    held: Collection[Connection],
    left: Collection[UUID],
    changed: Collection[UUID],
    alive: bool,
    now: datetime | None = None,
) -> None:
    """Bring the rows of a process up to date: `changed` of those `held` are written anew, those that `left` go.

    With `alive` the process says that what it holds lives, and what other processes left behind when they died is
    removed. A process that could not say so for long was taken for dead itself: what is missing is written anew. A
    session or person that was deleted meanwhile takes its rows along: then nothing is written for it.
    """
    moment = now or utc_now()
    session, table = uow.session, WebsocketConnection
    gone = {*left, *changed}
    if gone:
        session.execute(delete(table).where(table.id.in_(gone)))
    fresh = [each for each in held if each.id in changed]
    if alive:
        said = update(table).where(table.process_id == process_id).values(seen_at=moment).returning(table.id)
        written = set(session.scalars(said, execution_options={"synchronize_session": False}))
        fresh = [each for each in held if each.id not in written]
        session.execute(delete(table).where(table.seen_at < moment - GONE_AFTER))
    if fresh:
        session.execute(insert(table), [_row(each, process_id, moment) for each in fresh])


def connected_people(
    *, uow: UnitOfWork, limit: int = 100, cursor: str | None = None, now: datetime | None = None
) -> Page[ConnectedPerson]:
    """Who has a window open, a line for each session, by name. Raises InvalidFields for a foreign cursor."""
    table = WebsocketConnection
    place = func.vietnamese_order(User.full_name)
    statement = (
        select(
            table.session_id,
            User.id.label("user_id"),
            User.full_name,
            User.role,
            func.count().label("windows"),
            func.max(func.host(table.ip_address)).label("ip_address"),
            func.max(table.user_agent).label("user_agent"),
            func.min(table.connected_at).label("connected_at"),
        )
        .join(User, User.id == table.user_id)
        .where(table.seen_at > (now or utc_now()) - GONE_AFTER)
        .group_by(table.session_id, User.id, User.full_name, User.role)
        .order_by(place, table.session_id)
        .limit(limit + 1)
    )
    if after := read_cursor(cursor, str, UUID):
        statement = statement.where(tuple_(place, table.session_id) > tuple_(func.vietnamese_order(after[0]), after[1]))
    rows = rows_as(ConnectedPerson, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.full_name, row.session_id))


def _row(connection: Connection, process_id: UUID, moment: datetime) -> dict[str, Any]:
    return {
        "id": connection.id,
        "user_id": connection.user_id,
        "session_id": connection.session_id,
        "process_id": process_id,
        "ip_address": connection.ip_address,
        "user_agent": connection.user_agent,
        "connected_at": connection.connected_at,
        "seen_at": moment,
    }
