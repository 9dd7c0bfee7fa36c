"""A believable line in front of a department: who came in the last hours, and how far they have got. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kernel.clock import local_today

PEOPLE: Final = 16
MINUTES_BETWEEN: Final = 11
MINUTES_INSIDE: Final = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class Came:
    """Somebody who came: when, with which priority (None: as the age says), and the steps that were taken."""

    came_at: datetime
    priority: str | None
    steps: tuple[tuple[str, datetime], ...]


def arrivals_of(*, now: datetime, chance: random.Random) -> Iterator[Came]:
    """Those who came in the last three hours of the same local day, in order; the last few still wait."""
    free_at = now - timedelta(minutes=PEOPLE * MINUTES_BETWEEN)
    for at in range(PEOPLE):
        came_at = now - timedelta(minutes=(PEOPLE - at) * MINUTES_BETWEEN - chance.randrange(MINUTES_BETWEEN))
        called_at = max(came_at, free_at) + timedelta(minutes=2 + chance.randrange(6))
        free_at = called_at + timedelta(minutes=MINUTES_INSIDE + chance.randrange(6))
        wanted = (
            ("call", called_at),
            ("start", called_at + timedelta(minutes=1)),
            ("finish", free_at),
        )
        priority = chance.choices((None, "pregnant", "disabled", "emergency"), weights=(85, 8, 4, 3))[0]
        if local_today(came_at) == local_today(now):
            yield Came(came_at=came_at, priority=priority, steps=tuple(each for each in wanted if each[1] <= now))
