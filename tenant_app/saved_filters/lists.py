"""The lists whose filters can be kept.

What somebody types to find a person is never among the parameters: it holds names, phones and numbers.
"""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from kernel.errors import InvalidFields
from tenant_app.audit.public import ACTOR_KINDS, LONGEST_DAYS, parse_network
from tenant_app.patients.public import AGES, GENDERS, INSURANCES, PATIENT_STATUSES
from tenant_app.saved_filters.rules import SavedList, a_number, an_id, one_of
from tenant_app.staff.models import ROLES
from tenant_app.unusual.public import KINDS, STATES

_ACTION: Final = re.compile(r"[a-z_]{1,40}(\.[a-z_]{1,40})?", re.ASCII)


def _action(value: str) -> str:
    """An action or a group of them, by its shape: which there are, the page of the log knows."""
    if not _ACTION.fullmatch(value):
        raise ValueError("no action")
    return value


def _actor(value: str) -> str:
    return value if value in ACTOR_KINDS else str(UUID(value))


def _network(value: str) -> str:
    try:
        return str(parse_network(value))
    except InvalidFields as wrong:
        raise ValueError("no network") from wrong


_WHOSE: Final = {"doctor": "doctor", "department": "department"}

LISTS: Final[Mapping[str, SavedList]] = {
    "patients": SavedList(
        permission="patient.read",
        parameters={
            "status": one_of(*PATIENT_STATUSES),
            "age": one_of(*AGES),
            "gender": one_of(*GENDERS),
            "insurance": one_of(*INSURANCES),
        },
    ),
    "appointments": SavedList(
        permission="appointment.read", parameters={"doctor": an_id, "department": an_id}, refers=_WHOSE
    ),
    "calendar": SavedList(
        permission="appointment.read",
        parameters={"view": one_of("day", "week"), "doctor": an_id, "department": an_id},
        refers=_WHOSE,
    ),
    "queue": SavedList(permission="queue.read", parameters={"department": an_id}, refers={"department": "department"}),
    "staff": SavedList(
        permission="staff.read",
        parameters={"role": one_of(*ROLES), "department": an_id},
        # Colleagues of a closed department are found by it.
        refers={"department": "any_department"},
    ),
    "access_log": SavedList(
        permission="audit.read",
        parameters={
            "who": _actor,
            "action": _action,
            "result": one_of("done", "failed"),
            "address": _network,
            # How many days up to today: days of the calendar would soon be past.
            "days": a_number(1, LONGEST_DAYS),
        },
        refers={"who": "user"},
    ),
    "unusual_access": SavedList(permission="audit.read", parameters={"state": one_of(*STATES), "kind": one_of(*KINDS)}),
}
