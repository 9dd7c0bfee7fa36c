"""Which of a hospital's times a patient may book by themselves. Pure; dates and times are local.

What the hospital's own free times are, tenant_app says; here stands what is left of them for patients.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import local_today
from tenant_app.appointments.public import BusyTime, Slot, free_slots
from tenant_app.schedules.public import WorkingTime

Period = tuple[time, time]


@dataclass(frozen=True, kw_only=True, slots=True)
class PatientBooking:
    """How patients may book; `weekdays` count from Monday, 0, and hold where neither hospital nor doctor has set hours.

    `minutes` is the length where the doctor's schedule says none.
    """

    weekdays: frozenset[int] = frozenset(range(6))
    minutes: int = 30
    days_ahead: int = 60
    notice: timedelta = timedelta(hours=1)
    at_once: int = 5


RULE: Final = PatientBooking()
HOSPITAL_HOURS: Final = WorkingTime()


def last_day(now: datetime, rule: PatientBooking = RULE) -> date:
    """The last day that can be booked now."""
    return local_today(now) + timedelta(days=rule.days_ahead)


def bookable_days(
    *,
    now: datetime,
    working: WorkingTime = HOSPITAL_HOURS,
    rule: PatientBooking = RULE,
    count: int = 12,
    department_id: UUID | None = None,
) -> list[date]:
    """The next `count` days on which there is any time left to book."""
    today = local_today(now)
    days = (today + timedelta(days=ahead) for ahead in range(rule.days_ahead + 1))
    return [
        day
        for day in days
        if offered_times(day, busy=(), now=now, working=working, rule=rule, department_id=department_id)
    ][:count]


def offered_times(
    day: date,
    *,
    busy: Iterable[BusyTime],
    now: datetime,
    working: WorkingTime = HOSPITAL_HOURS,
    rule: PatientBooking = RULE,
    department_id: UUID | None = None,
) -> list[Slot]:
    """The times of a day that a patient may book with a doctor who works at `working` and is taken at `busy`."""
    if not local_today(now) <= day <= last_day(now, rule):
        return []
    own_hours = working.calendar.is_set or working.is_scheduled(day)
    if not own_hours and day.weekday() not in rule.weekdays:
        return []
    windows = working.windows_on(day, department_id=department_id)
    return free_slots(day=day, windows=windows, busy=busy, now=now + rule.notice, usual=rule.minutes)


def overlap(one: Period, other: Period) -> bool:
    """Whether two times of one day have a moment in common; that one ends when the other begins is none."""
    return one[0] < other[1] and other[0] < one[1]
