"""What a statement found, as objects: by position, which takes a sixth of the time that it takes by name.

The kind is a dataclass whose fields are the columns of the statement, in order; else each of these raises TypeError.
"""

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Result

from kernel.errors import NotFound

Kind = TypeVar("Kind")


def rows_as(kind: Callable[..., Kind], found: Result[*tuple[Any, ...]]) -> list[Kind]:
    """All of them."""
    return list(each_row_as(kind, found))


def each_row_as(kind: Callable[..., Kind], found: Result[*tuple[Any, ...]]) -> Iterator[Kind]:
    """One after the other, as they are read."""
    _check(kind, found)
    return (kind(*row) for row in found)


def row_as(kind: Callable[..., Kind], found: Result[*tuple[Any, ...]]) -> Kind | None:
    """The only one, if there is one. Raises MultipleResultsFound."""
    _check(kind, found)
    row = found.one_or_none()
    return None if row is None else kind(*row)


def known_row_as(kind: Callable[..., Kind], found: Result[*tuple[Any, ...]], *, what: str) -> Kind:
    """The only one. Raises NotFound of `what`, MultipleResultsFound."""
    row = row_as(kind, found)
    if row is None:
        raise NotFound(what)
    return row


def _check(kind: Any, found: Result[*tuple[Any, ...]]) -> None:
    columns = tuple(found.keys())
    if columns != _names(kind):
        raise TypeError(f"{kind.__name__} has the fields {_names(kind)}, and was given {columns}")


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
