"""When a doctor can still be booked on a day. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

from kernel.clock import LOCAL_ZONE
from tenant_app.appointments.queries import BusyTime
from tenant_app.calendar.rules import USUAL_HOURS, Hours

# An appointment ends on the day on which it begins, so the last one ends before midnight.
WHOLE_DAY: Final[Hours] = ((time(0), time(23, 59)),)
LENGTHS: Final = (15, 30, 60)


def free_times(
    *, day: date, minutes: int, busy: Iterable[BusyTime], hours: Hours = USUAL_HOURS, now: datetime
) -> list[time]:
    """The local times at which an appointment of `minutes` can begin, every `minutes` from the opening.

    `now` is aware: what has begun is not offered.
    """
    taken = [(_at(day, each.start_time), _at(day, each.end_time)) for each in busy]
    length = timedelta(minutes=minutes)
    found: list[time] = []
    for opens, closes in hours:
        start, last = _at(day, opens), _at(day, closes) - length
        while start <= last:
            end = start + length
            if start >= now and all(end <= first or start >= after for first, after in taken):
                found.append(start.time())
            start = end
    return found


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, tzinfo=LOCAL_ZONE)
