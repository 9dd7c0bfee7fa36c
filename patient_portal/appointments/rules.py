"""Which of a hospital's times a patient may book by themselves. Pure; dates and times are local.

What the hospital's own free times are, tenant_app says; here stands what is left of them for patients.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from kernel.clock import LOCAL_ZONE, local_today
from tenant_app.appointments.public import BusyTime, free_times
from tenant_app.calendar.public import NOT_SET, Calendar

Period = tuple[time, time]


@dataclass(frozen=True, kw_only=True, slots=True)
class PatientBooking:
    """How patients may book; `weekdays` count from Monday, 0, and hold where a hospital has set no hours."""

    weekdays: frozenset[int] = frozenset(range(6))
    minutes: int = 30
    days_ahead: int = 60
    notice: timedelta = timedelta(hours=1)
    at_once: int = 5


RULE: Final = PatientBooking()


def last_day(now: datetime, rule: PatientBooking = RULE) -> date:
    """The last day that can be booked now."""
    return local_today(now) + timedelta(days=rule.days_ahead)


def bookable_days(
    *, now: datetime, calendar: Calendar = NOT_SET, rule: PatientBooking = RULE, count: int = 12
) -> list[date]:
    """The next `count` days on which there is any time left to book."""
    today = local_today(now)
    days = (today + timedelta(days=ahead) for ahead in range(rule.days_ahead + 1))
    return [day for day in days if offered_times(day, busy=(), now=now, calendar=calendar, rule=rule)][:count]


def offered_times(
    day: date,
    *,
    busy: Iterable[BusyTime],
    now: datetime,
    calendar: Calendar = NOT_SET,
    rule: PatientBooking = RULE,
) -> list[Period]:
    """The times of a day that a patient may book with a doctor who is taken at the times `busy`."""
    if not local_today(now) <= day <= last_day(now, rule):
        return []
    if not calendar.is_set and day.weekday() not in rule.weekdays:
        return []
    length = timedelta(minutes=rule.minutes)
    starts = free_times(day=day, minutes=rule.minutes, busy=busy, hours=calendar.hours_on(day), now=now + rule.notice)
    return [(start, (datetime.combine(day, start, tzinfo=LOCAL_ZONE) + length).time()) for start in starts]


def overlap(one: Period, other: Period) -> bool:
    """Whether two times of one day have a moment in common; that one ends when the other begins is none."""
    return one[0] < other[1] and other[0] < one[1]
