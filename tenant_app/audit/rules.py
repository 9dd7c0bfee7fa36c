"""What is decided about the audit log without a database: kinds of actions, steps of a chart, what stands out in it."""

import ipaddress
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final, Literal

from kernel.clock import LOCAL_ZONE
from kernel.errors import InvalidFields
from kernel.text import N_

Step = Literal["hour", "day"]

BAD_NETWORK: Final = N_("Enter an address such as 10.0.3.17, or a network such as 10.0.3.0/24.")
BAD_PERIOD: Final = N_("The period ends before it begins.")
PERIOD_TOO_LONG: Final = N_("At most a year at a time.")
LONGEST_DAYS: Final = 366

# A chart of so many days has a bar an hour; a longer one a bar a day.
HOURLY_DAYS: Final = 2
# A bar stands out when it is so many times the median of those that are not empty, and no small number.
ODD_TIMES: Final = 3
ODD_FROM: Final = 20

_FAILED: Final = ("_failed", "_refused")


def has_failed(action: str) -> bool:
    """Whether an action's name says that it did not succeed."""
    return action.endswith(_FAILED)


def failures(actions: Sequence[str]) -> list[str]:
    """Those of these actions that did not succeed."""
    return [action for action in actions if has_failed(action)]


def parse_network(text: str) -> str:
    """An address, or a network of them, as PostgreSQL reads it. Raises InvalidFields."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError as err:
        raise InvalidFields(errors={"address": [BAD_NETWORK]}) from err


def period(since: date, until: date) -> tuple[datetime, datetime]:
    """The moments between which the days from `since` to `until` lie, both included. Raises InvalidFields."""
    if until < since:
        raise InvalidFields(errors={"until": [BAD_PERIOD]})
    if (until - since).days >= LONGEST_DAYS:
        raise InvalidFields(errors={"since": [PERIOD_TOO_LONG]})
    return starts(since), starts(until + timedelta(days=1))


def starts(day: date) -> datetime:
    """Midnight in Việt Nam at which a day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL_ZONE)


def step_of(since: date, until: date) -> Step:
    """What a bar of the chart stands for."""
    return "hour" if (until - since).days < HOURLY_DAYS else "day"


def moments(since: datetime, until: datetime, step: Step) -> list[datetime]:
    """Where the bars begin."""
    width = timedelta(hours=1) if step == "hour" else timedelta(days=1)
    return [since + width * turn for turn in range((until - since) // width)]


def stand_out(counts: Sequence[int]) -> list[bool]:
    """Which bars are far above the others."""
    filled = [count for count in counts if count]
    usual = median(filled) if filled else 0
    return [count >= ODD_FROM and count > ODD_TIMES * usual for count in counts]
