"""Who is called next, who goes first by law, and which steps there are. Pure.

The order of a line: emergencies first. Then priority and ordinary ones take turns: whoever has priority goes first, but
after two of them in a row an ordinary one who has waited longer than the next of them is called. Within a lane, who
waits longest. So behind an ordinary one who waits, each ordinary one before them lets at most two later ones by, and
nobody waits for ever.
"""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from tenant_app.queue.errors import StepNotAllowed

Lane = Literal["emergency", "priority", "ordinary"]

PRIORITY_IN_A_ROW: Final = 2
# Somebody booked is treated as priority from this long before their time, unless they came later than this after it.
BOOKED_BEFORE: Final = timedelta(minutes=15)
BOOKED_LATE: Final = timedelta(minutes=30)
# A number that nobody ended stays in line overnight for the emergency department, and not into the next day.
FORGOTTEN_AFTER: Final = timedelta(hours=12)
UNDO_WITHIN: Final = timedelta(minutes=1)
# Who does not come goes back in line once; the second time the number ends.
MISSES_ALLOWED: Final = 1
# Fewer calls than this say nothing of how fast a line moves.
CALLS_TO_JUDGE_BY: Final = 3
STEP_OF_ESTIMATES: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class PriorityAges:
    """Whom the law lets go first by age alone: children below one age, elders from another, since a day."""

    since: date
    child_below: int
    elder_from: int
    source: str


PRIORITY_AGES: Final = (
    PriorityAges(since=date(2010, 7, 1), child_below=6, elder_from=80, source="Luật 39/2009/QH12, Điều 12"),
    PriorityAges(since=date(2024, 1, 1), child_below=6, elder_from=75, source="Luật 15/2023/QH15, Điều 3 khoản 2"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step: the statuses that it starts from, the permission it needs, and whether it can be undone."""

    sources: tuple[str, ...]
    permission: str
    can_be_undone: bool


STEPS: Final[Mapping[str, Step]] = {
    "call": Step(("waiting",), "queue.call", can_be_undone=True),
    "recall": Step(("called",), "queue.call", can_be_undone=False),
    "miss": Step(("called",), "queue.call", can_be_undone=True),
    "start": Step(("called",), "queue.call", can_be_undone=True),
    "finish": Step(("in_room",), "queue.call", can_be_undone=True),
    "leave": Step(("waiting", "called"), "queue.take", can_be_undone=True),
    "transfer": Step(("waiting", "called", "in_room"), "queue.take", can_be_undone=False),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Somebody in line."""

    id: UUID
    lane: Lane
    since: datetime
    number: int


def possible_steps(status: str) -> tuple[str, ...]:
    """What may be done with an entry in this status."""
    return tuple(name for name, step in STEPS.items() if status in step.sources)


def check_step(status: str, action: str) -> None:
    """Raises StepNotAllowed where an entry in this status cannot take the step."""
    if status not in STEPS[action].sources:
        raise StepNotAllowed(data={"status": status, "possible": list(possible_steps(status))})


def status_after_miss(missed: int) -> str:
    """Where somebody goes who did not come, for the `missed`th time."""
    return "waiting" if missed <= MISSES_ALLOWED else "no_show"


def priority_by_age(born: date, *, day: date) -> str:
    """`child`, `elder` or `none`, by the law in force on a day."""
    law = max((each for each in PRIORITY_AGES if each.since <= day), key=lambda each: each.since, default=None)
    if law is None:
        return "none"
    years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    if years < law.child_below:
        return "child"
    return "elder" if years >= law.elder_from else "none"


def lane_of(*, priority: str, booked_for: datetime | None, taken_at: datetime, now: datetime) -> Lane:
    """In which lane somebody stands now. A booked time counts as priority when it is near and they came for it."""
    if priority == "emergency":
        return "emergency"
    if priority != "none":
        return "priority"
    in_time = booked_for is not None and taken_at <= booked_for + BOOKED_LATE and now >= booked_for - BOOKED_BEFORE
    return "priority" if in_time else "ordinary"


def in_order(waiting: Iterable[Waiting], *, called_in_a_row: int = 0) -> list[Waiting]:
    """The line as it will be called; `called_in_a_row`: how many with priority were called since an ordinary one."""
    lanes: dict[Lane, deque[Waiting]] = {"emergency": deque(), "priority": deque(), "ordinary": deque()}
    for each in sorted(waiting, key=lambda one: (one.since, one.number, one.id)):
        lanes[each.lane].append(each)
    first, ordinary = lanes["priority"], lanes["ordinary"]
    line = list(lanes["emergency"])
    row = called_in_a_row
    while first and ordinary:
        if row >= PRIORITY_IN_A_ROW and ordinary[0].since < first[0].since:
            line.append(ordinary.popleft())
            row = 0
        else:
            line.append(first.popleft())
            row += 1
    return [*line, *first, *ordinary]


def estimated_minutes(
    ahead: int, *, calls: int, apart: timedelta | None, usual: float | None, waited: timedelta
) -> int | None:
    """About how many minutes until somebody is called who has so many before them, in fives; None: nobody can say.

    By the time between the calls of the last hour, where there were enough; or else by what half of those who were
    called today waited at most (`usual`, minutes), as long as they have not waited that long already.
    """
    if apart is not None and calls >= CALLS_TO_JUDGE_BY:
        minutes = (ahead + 1) * apart.total_seconds() / 60
    elif usual is not None and usual * 60 > waited.total_seconds():
        minutes = usual - waited.total_seconds() / 60
    else:
        return None
    return max(1, math.ceil(minutes / STEP_OF_ESTIMATES)) * STEP_OF_ESTIMATES


def masked_name(full_name: str) -> str:
    """A name for a screen that everybody reads: `Nguyễn V. A.` for Nguyễn Văn An; the number says the rest."""
    family, *others = full_name.split() or [""]
    return " ".join([family if others else f"{family[:1]}.", *(f"{each[0]}." for each in others)])
