"""A page of a list, read on from the last row seen: lists grow at their head, so counting off rows would skip some."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kernel.web.api import write_cursor

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page; `next_cursor` is None on the last."""

    items: list[Row]
    next_cursor: str | None


def page_of(rows: Sequence[Row], *, limit: int, key: Callable[[Row], tuple[object, ...]]) -> Page[Row]:
    """A page of `limit` from `limit + 1` rows asked for; `key` is the sort key of a row."""
    items = list(rows[:limit])
    return Page(items, write_cursor(*key(items[-1])) if len(rows) > limit else None)
