"""Saved filters in words: which parameter chooses what."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from flask_babel import gettext

from kernel.database.unit_of_work import UnitOfWork
from kernel.text import N_
from tenant_app.pages.audit_words import action_options
from tenant_app.pages.patient_pages import KIND_NAMES
from tenant_app.pages.saved_lists import PARAMETER_NAMES
from tenant_app.pages.shown import AGE_NAMES, GENDER_NAMES, INSURANCE_NAMES, STATUS_NAMES
from tenant_app.pages.unusual_words import KIND_TITLES, STATE_NAMES
from tenant_app.saved_filters.public import LISTS, FilterRow, names_of, references
from tenant_app.staff.public import ROLE_NAMES

_VIEWS: Final = {"day": N_("Day"), "week": N_("Week")}
_RESULTS: Final = {"done": N_("Done"), "failed": N_("Failed")}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "view": _VIEWS,
    "role": ROLE_NAMES,
    "status": STATUS_NAMES,
    "age": AGE_NAMES,
    "gender": GENDER_NAMES,
    "insurance": INSURANCE_NAMES,
    "result": _RESULTS,
    "state": STATE_NAMES,
    "kind": KIND_TITLES,
    "who": KIND_NAMES,
}


def described(uow: UnitOfWork, rows: Iterable[FilterRow]) -> dict[UUID, str]:
    """What each filter chooses: `Role: Doctor · Department: Internal medicine`."""
    rows = list(rows)
    ids = {each for row in rows for _, _, each in references(LISTS[row.list_name], row.parameters)}
    names = {str(each): name for each, name in names_of(uow=uow, ids=ids).items()}
    actions = dict(action_options()) if any("action" in row.parameters for row in rows) else {}

    def said(name: str, value: str) -> str:
        if name == "action":
            return actions.get(value, value)
        words = _WORDS.get(name, {})
        return gettext(words[value]) if value in words else names.get(value, value)

    return {
        row.id: " · ".join(
            f"{gettext(PARAMETER_NAMES[name])}: {said(name, value)}" for name, value in sorted(row.parameters.items())
        )
        for row in rows
    }
