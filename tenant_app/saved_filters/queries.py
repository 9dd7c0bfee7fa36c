"""Reading one's own filters: another's are not there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, union_all

from kernel.database.rows import known_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.actor import Actor
from kernel.web.api import read_cursor
from tenant_app.saved_filters.models import SavedFilter
from tenant_app.saved_filters.rules import MOST_FILTERS
from tenant_app.staff.models import Department, User


@dataclass(frozen=True, slots=True)
class FilterRow:
    """A saved filter."""

    id: UUID
    list_name: str
    name: str
    parameters: dict[str, str]
    is_default: bool
    version: int
    created_at: datetime
    updated_at: datetime


def filters_of(*, uow: UnitOfWork, actor: Actor, list_name: str) -> list[FilterRow]:
    """The actor's own of one list, in the order in which they were made."""
    statement = _own(actor).where(SavedFilter.list_name == list_name).limit(MOST_FILTERS)
    return rows_as(FilterRow, uow.session.execute(statement))


def list_filters(
    *, uow: UnitOfWork, actor: Actor, list_name: str | None = None, limit: int = 25, cursor: str | None = None
) -> Page[FilterRow]:
    """The actor's own, in the order in which they were made. Raises InvalidFields for a foreign cursor."""
    statement = _own(actor).limit(limit + 1)
    if list_name:
        statement = statement.where(SavedFilter.list_name == list_name)
    if after := read_cursor(cursor, UUID):
        statement = statement.where(SavedFilter.id > after[0])
    rows = rows_as(FilterRow, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.id,))


def own_filter(*, uow: UnitOfWork, actor: Actor, filter_id: UUID) -> FilterRow:
    """One of the actor's own. Raises NotFound for another's."""
    return known_row_as(FilterRow, uow.session.execute(_own(actor).where(SavedFilter.id == filter_id)), what="filter")


def names_of(*, uow: UnitOfWork, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """What the departments and members of staff with these ids are called."""
    if not ids:
        return {}
    statement = union_all(
        select(User.id, User.full_name).where(User.id.in_(ids)),
        select(Department.id, Department.name).where(Department.id.in_(ids)),
    )
    return {row[0]: row[1] for row in uow.session.execute(statement)}


def _own(actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            SavedFilter.id,
            SavedFilter.list_name,
            SavedFilter.name,
            SavedFilter.parameters,
            SavedFilter.is_default,
            SavedFilter.version,
            SavedFilter.created_at,
            SavedFilter.updated_at,
        )
        .where(SavedFilter.user_id == actor.id)
        .order_by(SavedFilter.id)
    )
