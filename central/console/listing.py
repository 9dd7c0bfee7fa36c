"""A page of a list, read on from the last row seen: lists grow at their head, so counting off rows would skip some."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from kernel.errors import InvalidFields, InvalidIdentifier
from kernel.ids import parse_uuid
from kernel.web.api import BAD_CURSOR, read_cursor, write_cursor

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


def read_moment_cursor(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The (moment, id) of the last row seen, for lists with the newest first; raises InvalidFields."""
    key = read_cursor(cursor, parts=2)
    if key is None:
        return None
    try:
        moment = datetime.fromisoformat(key[0])
        row = parse_uuid(key[1], what="cursor")
    except (ValueError, InvalidIdentifier) as err:
        raise InvalidFields(errors={"cursor": [BAD_CURSOR]}) from err
    if moment.tzinfo is None:
        raise InvalidFields(errors={"cursor": [BAD_CURSOR]})
    return moment, row
