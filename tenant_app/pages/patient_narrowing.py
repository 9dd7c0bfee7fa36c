"""Narrowing a list of patients down by what names nobody: reading the choices, and offering them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from flask_babel import gettext

from kernel.text import N_
from tenant_app.pages.shown import AGE_NAMES, GENDER_NAMES, INSURANCE_NAMES, STATUS_NAMES, options
from tenant_app.patients.public import Narrowing

_CHOICES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "age": (N_("Age"), AGE_NAMES),
    "gender": (N_("Sex"), GENDER_NAMES),
    "insurance": (N_("Health insurance"), INSURANCE_NAMES),
    "status": (N_("Status of the record"), STATUS_NAMES),
}


class Choice(NamedTuple):
    """A choice that narrows the list: its field, what it is called, and what may be chosen."""

    name: str
    label: str
    options: list[tuple[str, str]]
    chosen: str


def read_narrowing(given: Mapping[str, str]) -> Narrowing:
    """What an address or a form chooses; what is not offered chooses nothing."""
    return Narrowing(**{name: given[name] for name, (_, names) in _CHOICES.items() if given.get(name) in names})


def named(narrowed: Narrowing) -> dict[str, str]:
    """The same as an address has it."""
    return {name: getattr(narrowed, name) for name in narrowed.chosen}


def choices(narrowed: Narrowing) -> list[Choice]:
    """What is offered, with what is chosen."""
    return [
        Choice(name, gettext(label), options(names), getattr(narrowed, name) or "")
        for name, (label, names) in _CHOICES.items()
    ]
