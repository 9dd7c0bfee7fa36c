"""Whether somebody who is being registered may be a patient who is here already, under a slip of the pen. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from kernel.text import N_, search_key

SAME_NAME: Final = "same_name"
NEAR_NAME: Final = "near_name"
SAME_BIRTH: Final = "same_date_of_birth"
NEAR_BIRTH: Final = "near_date_of_birth"
SAME_PHONE: Final = "same_phone"

REASONS: Final[Mapping[str, str]] = {
    SAME_NAME: N_("same name"),
    NEAR_NAME: N_("nearly the same name"),
    SAME_BIRTH: N_("same date of birth"),
    NEAR_BIRTH: N_("date of birth differs in one place"),
    SAME_PHONE: N_("same phone"),
}

# A name alone says little where four people in ten are called Nguyễn: what agrees must come to this much together.
_WEIGHTS: Final[Mapping[str, int]] = {SAME_NAME: 2, NEAR_NAME: 1, SAME_BIRTH: 2, NEAR_BIRTH: 1, SAME_PHONE: 1}
ENOUGH: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """What tells people apart at the desk; `name` as it is written."""

    name: str = field(repr=False)
    born: date | None = None
    phone: str | None = field(default=None, repr=False)


def likeness(one: Person, other: Person) -> tuple[str, ...]:
    """The reasons why two may be one person, weightiest first; none where they are hardly so.

    Names must agree in some way: twins share a date of birth and their mother's phone.
    """
    name = _name(search_key(one.name), search_key(other.name))
    if name is None:
        return ()
    found = [name]
    if one.born and other.born and (birth := _birth(one.born, other.born)):
        found.append(birth)
    if one.phone and one.phone == other.phone:
        found.append(SAME_PHONE)
    if weight(found) < ENOUGH:
        return ()
    return tuple(sorted(found, key=lambda reason: -_WEIGHTS[reason]))


def weight(reasons: tuple[str, ...] | list[str]) -> int:
    """How much reasons come to together."""
    return sum(_WEIGHTS[reason] for reason in reasons)


def one_slip(one: str, other: str) -> bool:
    """Whether one letter too many, too few or wrong, or two letters in the wrong order, make one of the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    at = next((place for place, letter in enumerate(shorter) if letter != longer[place]), len(shorter))
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    swapped = shorter[at + 1 : at + 2] + shorter[at : at + 1]
    return shorter[at + 1 :] == longer[at + 1 :] or swapped + shorter[at + 2 :] == longer[at:]


def _name(one: str, other: str) -> str | None:
    if not one or not other:
        return None
    if one == other:
        return SAME_NAME
    words, others = one.split(), other.split()
    if sorted(words) == sorted(others) or one_slip(one, other):
        return NEAR_NAME
    # A middle name that one of them leaves out; the family name and the given name stay.
    fewer, more = sorted((words, others), key=len)
    rest = iter(more)
    if 1 < len(fewer) == len(more) - 1 and all(word in rest for word in fewer) and fewer[0] == more[0]:
        return NEAR_NAME if fewer[-1] == more[-1] else None
    return None


def _birth(one: date, other: date) -> str | None:
    if one == other:
        return SAME_BIRTH
    if one.year == other.year and (one.day, one.month) == (other.month, other.day):
        return NEAR_BIRTH
    agreeing = (one.day == other.day) + (one.month == other.month) + (one.year == other.year)
    return NEAR_BIRTH if agreeing == 2 else None
