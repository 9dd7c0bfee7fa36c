"""What boxes of notices have in common, of staff and of patients: counting, reading on, noting what was read."""

from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import ScalarSelect, Select, func, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.web.api import a_moment, read_cursor
from tenant_app.notices.models import Notice, PatientNotice

Box = type[Notice] | type[PatientNotice]

# More is shown as "99+".
MOST_COUNTED: Final = 100


class Dated(Protocol):
    """A row of a list of notices."""

    @property
    def id(self) -> UUID:
        """Which notice."""
        ...

    @property
    def made_at(self) -> datetime:
        """When it was given, or last renewed."""
        ...


def by_moment(row: Dated) -> tuple[datetime, UUID]:
    """The sort key of a row."""
    return row.made_at, row.id


def unread_of(box: Box, owner: UUID | InstrumentedAttribute[UUID]) -> ScalarSelect[int]:
    """How many of somebody's are unread, as part of another question; counting ends at MOST_COUNTED."""
    unread = select(box.id).where(box.owner() == owner, box.read_at.is_(None)).limit(MOST_COUNTED)
    if isinstance(owner, InstrumentedAttribute):
        unread = unread.correlate(owner.class_)
    return select(func.count()).select_from(unread.lateral()).scalar_subquery()


def count_unread(*, uow: UnitOfWork, box: Box, owner: UUID) -> int:
    """The same by itself."""
    return uow.session.execute(select(unread_of(box, owner))).scalar_one()


def newest(
    rows: Select[*tuple[Any, ...]], *, box: Box, owner: UUID, unread_only: bool, limit: int, cursor: str | None
) -> Select[*tuple[Any, ...]]:
    """Of `rows` those of `owner`, the newest first, one more than asked for. Raises InvalidFields for a bad cursor."""
    rows = rows.where(box.owner() == owner)
    if unread_only:
        rows = rows.where(box.read_at.is_(None))
    if after := read_cursor(cursor, a_moment, UUID):
        rows = rows.where(tuple_(box.made_at, box.id) < tuple_(*after))
    return rows.order_by(box.made_at.desc(), box.id.desc()).limit(limit + 1)


def note_read(*, uow: UnitOfWork, box: Box, owner: UUID, notice_id: UUID | None = None) -> None:
    """Somebody has read one of theirs, or all; what was read before keeps its time."""
    statement = update(box).where(box.owner() == owner, box.read_at.is_(None)).values(read_at=utc_now())
    if notice_id is not None:
        statement = statement.where(box.id == notice_id)
    uow.session.execute(statement, execution_options={"synchronize_session": False})
