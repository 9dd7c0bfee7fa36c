"""How a hospital reminds, and what it may set. Pure; times are wall-clock time in Việt Nam."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Final

from kernel.errors import InvalidFields
from kernel.text import N_

NEEDED: Final = N_("This is needed.")
NO_SPAN: Final = N_("Quiet hours begin and end at whole minutes.")
OUT_OF_RANGE: Final = N_("This number is too small or too large.")

# From the least to the most that a hospital may set.
RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "hours_before": (1, 12),
    "most_a_day": (1, 20),
    "most_a_minute": (1, 600),
    "no_show_after": (15, 1440),
}
MAY_BE_EMPTY: Final = frozenset({"day_before_at", "hours_before", "no_show_after"})
SWITCHES: Final = ("email_on", "sms_on", "sms_unaccented", "needs_consent")
TIMES: Final = ("day_before_at", "quiet_from", "quiet_until")
SETTINGS: Final = (*SWITCHES, *TIMES, *RANGES)

# What is planned depends on these; the others are looked at when a message goes.
PLANNING: Final = frozenset({"email_on", "sms_on", "day_before_at", "hours_before", "quiet_from", "quiet_until"})

WISHES: Final[Mapping[str, tuple[str, ...]]] = {"email": ("on", "off"), "sms": ("on", "off"), "language": ("vi", "en")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What a patient wants: `on`, `off`, or None where nobody asked."""

    email: str | None = None
    sms: str | None = None
    language: str = "vi"


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that hold together, of those that were given. Raises InvalidFields with all faults."""
    errors: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for name in SETTINGS:
        if name not in given:
            continue
        value = given[name]
        if value is None and name not in MAY_BE_EMPTY:
            errors[name] = [NEEDED]
        elif isinstance(value, time) and (value.second or value.microsecond or value.tzinfo):
            errors[name] = [NO_SPAN]
        elif value is not None and name in RANGES and not RANGES[name][0] <= value <= RANGES[name][1]:
            errors[name] = [OUT_OF_RANGE]
        values[name] = value
    if errors:
        raise InvalidFields(errors=errors)
    return values
