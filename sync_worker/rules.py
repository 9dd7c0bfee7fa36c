"""The worker's decisions, without a clock, a network or a database."""

from collections.abc import Sequence
from enum import Enum
from typing import Final, TypeVar

from kernel.backoff import backoff_seconds

T = TypeVar("T")

# Central's or a hospital's absence: retried without end, at most this far apart.
AWAY_BASE_SECONDS: Final = 0.5
AWAY_CAP_SECONDS: Final = 60.0

# An event that fails alone while others pass: half an hour, on average, until it is a dead letter.
OWN_BASE_SECONDS: Final = 2.0
OWN_CAP_SECONDS: Final = 1_800.0
MAX_ATTEMPTS: Final = 12

_MISSING_OR_BUSY: Final = frozenset({408, 425, 429, 502, 503, 504})
_BATCH_REFUSED: Final = frozenset({400, 409, 413, 422})


class Step(Enum):
    """What an answer to a push means."""

    ACCEPTED = "accepted"
    AWAY = "away"  # Nothing is wrong with the events: later, all of it again.
    REFUSED = "refused"  # This hospital may not push now, or not like this: later, whatever its events are.
    HALVE = "halve"  # Something in the batch: smaller, until what is wrong stands alone.


def step_after(status: int | None) -> Step:
    """What to do after an HTTP status; None is no answer at all."""
    if status is None or status in _MISSING_OR_BUSY:
        return Step.AWAY
    if status == 200:
        return Step.ACCEPTED
    if status in _BATCH_REFUSED or status >= 500:
        return Step.HALVE
    return Step.REFUSED


def refuses_the_batch(status: int | None) -> bool:
    """Whether central understood who asks and will not take what was sent, now or later."""
    return status in _BATCH_REFUSED


def wait_seconds(attempt: int, *, chance: float, retry_after: int | None = None) -> float:
    """How long to leave central or a hospital alone; at least what it asked for, but never beyond the cap."""
    own = backoff_seconds(attempt, chance=chance, base=AWAY_BASE_SECONDS, cap=AWAY_CAP_SECONDS)
    return max(own, min(float(retry_after or 0), AWAY_CAP_SECONDS))


def next_try_seconds(attempts: int, *, chance: float) -> float:
    """When an event that failed by itself is tried again; `attempts` counts the failures before this one."""
    return backoff_seconds(attempts, chance=chance, base=OWN_BASE_SECONDS, cap=OWN_CAP_SECONDS)


def given_up(attempts: int) -> bool:
    """Whether an event that has now failed `attempts` times by itself is a dead letter."""
    return attempts >= MAX_ATTEMPTS


def halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """Two parts of at least two items, the first no smaller."""
    middle = (len(items) + 1) // 2
    return items[:middle], items[middle:]


def reason_of(status: int) -> str:
    """The reason that goes into an event's history."""
    return f"central_answered_{status}"
