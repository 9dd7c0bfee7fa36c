"""Which times a patient may book. Pure; dates and times are local, the hospital's own wall clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from kernel.clock import LOCAL_ZONE, local_today

Period = tuple[time, time]


@dataclass(frozen=True, kw_only=True, slots=True)
class BookingHours:
    """When patients may be booked by themselves; `weekdays` count from Monday, 0.

    One rule for every hospital until doctors have schedules of their own.
    """

    periods: tuple[Period, ...] = ((time(7, 30), time(11, 30)), (time(13, 30), time(16, 30)))
    weekdays: frozenset[int] = frozenset(range(6))
    length: timedelta = timedelta(minutes=30)
    days_ahead: int = 60
    notice: timedelta = timedelta(hours=1)


HOURS: Final = BookingHours()
UPCOMING_AT_ONCE: Final = 5


def bookable_days(*, now: datetime, hours: BookingHours = HOURS, count: int = 12) -> list[date]:
    """The next `count` days on which there is any time left to book."""
    today = local_today(now)
    days = (today + timedelta(days=ahead) for ahead in range(hours.days_ahead + 1))
    return [day for day in days if times_of(day, now=now, hours=hours)][:count]


def times_of(day: date, *, now: datetime, hours: BookingHours = HOURS) -> list[Period]:
    """The times of a day that may be booked at all, whoever is taken."""
    if day.weekday() not in hours.weekdays or not 0 <= (day - local_today(now)).days <= hours.days_ahead:
        return []
    soonest = now + hours.notice
    found = []
    for begins, ends in hours.periods:
        start = datetime.combine(day, begins, tzinfo=LOCAL_ZONE)
        last = datetime.combine(day, ends, tzinfo=LOCAL_ZONE) - hours.length
        while start <= last:
            if start >= soonest:
                found.append((start.time(), (start + hours.length).time()))
            start += hours.length
    return found


def free_times(day: date, *, busy: Iterable[Period], now: datetime, hours: BookingHours = HOURS) -> list[Period]:
    """The same without those in which the doctor is taken."""
    taken = list(busy)
    return [
        period for period in times_of(day, now=now, hours=hours) if not any(overlap(period, each) for each in taken)
    ]


def overlap(one: Period, other: Period) -> bool:
    """Whether two times of one day have a moment in common; that one ends when the other begins is none."""
    return one[0] < other[1] and other[0] < one[1]
