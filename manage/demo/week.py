"""A believable week of appointments around a moment: what is past is done, what is now is going on. Pure."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from kernel.clock import LOCAL_ZONE
from manage.demo.hospitals import CANCELLATIONS
from manage.demo.hours import AFTERNOON, MORNING, minutes_of

FIRST, LAST = MORNING[0], AFTERNOON[1]
LUNCH: Final = (MORNING[1], AFTERNOON[0])
DAYS_BEFORE: Final = 2
DAYS_AFTER: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One appointment and how it went: `actions` are done at the moments given."""

    day: date
    start: time
    end: time
    kind: str
    booked_at: datetime
    actions: tuple[tuple[str, datetime], ...]
    cancellation: str | None = None


def week_of(doctor: int, *, now: datetime, chance: random.Random) -> Iterator[Visit]:
    """The visits of one doctor, in order; fuller in the mornings, none on Sundays. `now` is aware."""
    today = now.astimezone(LOCAL_ZONE).date()
    for offset in range(-DAYS_BEFORE, DAYS_AFTER + 1):
        day = today + timedelta(days=offset)
        if day.weekday() == 6 and offset != 0:
            continue
        # Days further ahead are emptier: most people book within the week.
        fullness = 0.75 if offset <= 0 else 0.55 - 0.08 * offset
        for start, end in _slots(doctor):
            likely = fullness + (0.15 if start < time(11) else -0.15)
            if chance.random() < likely:
                yield _visit(day, start, end, now=now, chance=chance)


def _slots(doctor: int) -> Sequence[tuple[time, time]]:
    minutes = minutes_of(doctor)
    slots, moment = [], datetime.combine(date(2000, 1, 1), FIRST)
    while moment.time() < LAST:
        end = moment + timedelta(minutes=minutes)
        if not (moment.time() < LUNCH[1] and end.time() > LUNCH[0]):
            slots.append((moment.time(), end.time()))
        moment = end
    return slots


def _visit(day: date, start: time, end: time, *, now: datetime, chance: random.Random) -> Visit:
    begins = datetime.combine(day, start, tzinfo=LOCAL_ZONE)
    ends = datetime.combine(day, end, tzinfo=LOCAL_ZONE)
    booked_at = min(now, begins) - timedelta(days=1 + chance.randrange(6), minutes=chance.randrange(600))
    confirmed_at = booked_at + timedelta(hours=1 + chance.randrange(12))
    kind = chance.choices(("consultation", "follow_up", "emergency"), weights=(60, 35, 5))[0]
    actions: list[tuple[str, datetime]] = []
    cancellation = None
    if chance.random() < 0.07:
        cancellation = chance.choice(CANCELLATIONS)
        actions.append(("cancel", confirmed_at))
    elif begins <= now or chance.random() < 0.7:
        actions.append(("confirm", confirmed_at))
        if begins <= now:
            actions.append(("start", begins + timedelta(minutes=chance.randrange(8))))
        if ends <= now:
            actions.append(("complete", ends + timedelta(minutes=chance.randrange(5))))
    return Visit(
        day=day, start=start, end=end, kind=kind, booked_at=booked_at, actions=tuple(actions), cancellation=cancellation
    )
