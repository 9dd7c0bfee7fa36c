"""Every setting there is: its key, its type, its default and bounds, and what it says to people. Pure.

Only what some code reads stands here. A row whose key is not here, left by another version, is passed over.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from kernel.errors import InvalidFields
from kernel.text import N_
from tenant_app.staff.models import ROLES

Value = int | bool | tuple[str, ...]

NOT_A_NUMBER: Final = N_("Enter a whole number from %(lowest)s to %(highest)s.")
NOT_A_SWITCH: Final = N_("Choose yes or no.")
NOT_ROLES: Final = N_("Choose among the roles.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One setting. `lowest` and `highest` bound a number."""

    key: str
    group: str
    kind: Literal["number", "switch", "roles"]
    default: Value
    label: str
    help: str = ""
    lowest: int = 0
    highest: int = 0

    def parse(self, given: object) -> Value:
        """A value out of JSON. Raises InvalidFields by the setting's key."""
        match self.kind:
            case "number":
                if isinstance(given, bool) or not isinstance(given, int) or not self.lowest <= given <= self.highest:
                    raise self._wrong(NOT_A_NUMBER)
                return given
            case "switch":
                if not isinstance(given, bool):
                    raise self._wrong(NOT_A_SWITCH)
                return given
        if not isinstance(given, list | tuple) or not {str(name) for name in given} <= set(ROLES):
            raise self._wrong(NOT_ROLES)
        return tuple(name for name in ROLES if name in given)

    def read(self, stored: str) -> Value:
        """A value as a row keeps it; the default where this version would not take it."""
        try:
            return self.parse(json.loads(stored))
        except (ValueError, InvalidFields):
            return self.default

    def write(self, value: Value) -> str:
        """The value as a row keeps it."""
        return json.dumps(value)

    def _wrong(self, message: str) -> InvalidFields:
        return InvalidFields(errors={self.key: [message]})


GROUPS: Final[Mapping[str, str]] = {
    "many": N_("Many records by one person"),
    "hours": N_("At odd hours"),
    "visits": N_("Without a visit"),
    "kin": N_("Own people"),
}

_LISTED: Final[Sequence[Setting]] = (
    Setting(
        key="unusual.many",
        group="many",
        kind="switch",
        default=True,
        label=N_("Notice when somebody opens far more records than their colleagues"),
    ),
    Setting(
        key="unusual.many_hour",
        group="many",
        kind="number",
        default=30,
        lowest=5,
        highest=1000,
        label=N_("Patients in an hour"),
        help=N_("Fewer than this are never noticed."),
    ),
    Setting(
        key="unusual.many_day",
        group="many",
        kind="number",
        default=120,
        lowest=10,
        highest=5000,
        label=N_("Patients in a day"),
        help=N_("Fewer than this are never noticed."),
    ),
    Setting(
        key="unusual.many_times",
        group="many",
        kind="number",
        default=4,
        lowest=2,
        highest=50,
        label=N_("How many times the usual"),
        help=N_("The usual is the median of others in the same role over four weeks."),
    ),
    Setting(
        key="unusual.hours",
        group="hours",
        kind="switch",
        default=True,
        label=N_("Notice records opened outside business hours and the person's own usual hours"),
    ),
    Setting(
        key="unusual.hours_from",
        group="hours",
        kind="number",
        default=5,
        lowest=1,
        highest=500,
        label=N_("Patients from which it is noticed"),
    ),
    Setting(
        key="unusual.night_roles",
        group="hours",
        kind="roles",
        default=("doctor", "nurse", "lab_technician"),
        label=N_("Roles that work at night"),
        help=N_("They are not noticed for the hour."),
    ),
    Setting(
        key="unusual.visits",
        group="visits",
        kind="switch",
        default=True,
        label=N_("Notice records of patients who have neither an appointment nor a number in the person's department"),
    ),
    Setting(
        key="unusual.visits_from",
        group="visits",
        kind="number",
        default=10,
        lowest=1,
        highest=1000,
        label=N_("Such patients in a day from which it is noticed"),
    ),
    Setting(
        key="unusual.visits_days",
        group="visits",
        kind="number",
        default=7,
        lowest=0,
        highest=90,
        label=N_("Days before and after in which a visit counts"),
    ),
    Setting(
        key="unusual.kin",
        group="kin",
        kind="switch",
        default=True,
        label=N_("Notice one's own record, and people of the same family name with the same phone or address"),
    ),
)
CATALOGUE: Final[Mapping[str, Setting]] = {setting.key: setting for setting in _LISTED}
