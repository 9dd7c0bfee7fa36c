"""What may be kept of a list's filter, and what still holds of one that was kept. Pure."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kernel.errors import InvalidFields
from kernel.text import N_, canonical

MOST_FILTERS: Final = 20
LONGEST_NAME: Final = 60

BAD_NAME: Final = N_("A filter's name has 1 to 60 characters.")
NO_SUCH_LIST: Final = N_("There is no such list.")
NOT_OFFERED: Final = N_("The list does not offer this.")
NOTHING_CHOSEN: Final = N_("Choose something in the list first.")

# Gives a value as it is stored; raises ValueError for what the list does not offer.
Reader = Callable[[str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedList:
    """A list whose filters can be kept: what seeing it needs, and each of its parameters.

    `refers` says of what a parameter's value is the id: `department` (open), `any_department`, `doctor` or `user`.
    """

    permission: str
    parameters: Mapping[str, Reader]
    refers: Mapping[str, str] = field(default_factory=dict)


def one_of(*values: str) -> Reader:
    """One of these words."""

    def read(value: str) -> str:
        if value not in values:
            raise ValueError("not offered")
        return value

    return read


def an_id(value: str) -> str:
    """An id in its one form."""
    return str(UUID(value))


def a_number(least: int, most: int) -> Reader:
    """A whole number within bounds."""

    def read(value: str) -> str:
        if not (value.isascii() and value.isdecimal() and len(value) < 10 and least <= int(value) <= most):
            raise ValueError("not offered")
        return str(int(value))

    return read


def checked_name(text: str) -> str:
    """A filter's name as it is stored. Raises InvalidFields."""
    name = canonical(text)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidFields(errors={"name": [BAD_NAME]})
    return name


def checked_parameters(what: SavedList, parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters as they are stored, without those that choose nothing. Raises InvalidFields."""
    held, left_out = still_holding(what, parameters)
    if left_out:
        raise InvalidFields(errors={f"parameters.{name}": [NOT_OFFERED] for name in left_out})
    if not held:
        raise InvalidFields(errors={"parameters": [NOTHING_CHOSEN]})
    return held


def still_holding(
    what: SavedList, parameters: Mapping[str, str], *, offered: Mapping[str, Collection[str]] | None = None
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What of a filter holds now, and the names of what does not.

    `offered`: for some parameters, the values that the list offers now.
    """
    held: dict[str, str] = {}
    left_out: list[str] = []
    for name, value in parameters.items():
        if value == "":
            continue
        try:
            read = what.parameters[name](value)
        except (KeyError, ValueError):
            left_out.append(name)
            continue
        if offered is not None and name in offered and read not in offered[name]:
            left_out.append(name)
        else:
            held[name] = read
    return held, tuple(left_out)


def references(what: SavedList, parameters: Mapping[str, str]) -> Iterator[tuple[str, str, UUID]]:
    """(parameter, of what, id) of each that is an id."""
    for name, kind in what.refers.items():
        try:
            yield name, kind, UUID(parameters.get(name, ""))
        except ValueError:
            # Not chosen, or a word that stands beside the ids, such as a kind of actors.
            continue
