"""A list over all hospitals of a session: each has its page, the reader gets one. Ids are unique over all hospitals, so
that one cursor serves each of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kernel.listing import Page
from kernel.web.api import write_cursor
from patient_portal.hospitals.access import Gathered, Member

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True, slots=True)
class Item(Generic[Row]):
    """A row with the hospital that it is at."""

    hospital: Member
    row: Row


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemsPage(Generic[Row]):
    """One page over all hospitals; `unavailable` are those that could not be asked for it."""

    items: list[Item[Row]]
    next_cursor: str | None
    unavailable: list[Member]


def merged(
    gathered: Gathered[Page[Row]], *, limit: int, key: Callable[[Row], tuple[Any, ...]], newest_first: bool = False
) -> ItemsPage[Row]:
    """A page of `limit` from each hospital's own, which `key` has sorted there too."""
    items = [Item(hospital=member, row=row) for member, page in gathered.found for row in page.items]
    items.sort(key=lambda item: key(item.row), reverse=newest_first)
    more = len(items) > limit or any(page.next_cursor for _, page in gathered.found)
    items = items[:limit]
    return ItemsPage(
        items=items,
        next_cursor=write_cursor(*key(items[-1].row)) if more and items else None,
        unavailable=gathered.unavailable,
    )
