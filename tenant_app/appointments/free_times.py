"""When a doctor can still be booked on a day. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import LOCAL_ZONE
from tenant_app.appointments.queries import BusyTime
from tenant_app.calendar.public import USUAL_HOURS, Hours
from tenant_app.schedules.public import Window

# An appointment ends on the day on which it begins, so the last one ends before midnight.
WHOLE_DAY: Final[Hours] = ((time(0), time(23, 59)),)
LENGTHS: Final = (15, 30, 60)
# How long an appointment is where neither a schedule nor anybody says so.
USUAL_MINUTES: Final = 30


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be booked; `department_id` is where the doctor is then, None: wherever the patient goes."""

    start: time
    end: time
    department_id: UUID | None = None


def windows_of(hours: Hours) -> list[Window]:
    """Hours as windows of any length, in any department."""
    return [Window(start=start, end=end, origin=start) for start, end in hours]


def free_slots(
    *,
    day: date,
    windows: Iterable[Window],
    busy: Iterable[BusyTime],
    now: datetime,
    minutes: int | None = None,
    usual: int = USUAL_MINUTES,
) -> list[Slot]:
    """The local times that are free, one after the other from each window's origin.

    `minutes` is the length that is wanted; without it the schedule's own, or `usual` where there is none. `now` is
    aware: what has begun is not offered.
    """
    taken = [(_at(day, each.start_time), _at(day, each.end_time)) for each in busy]
    found: list[Slot] = []
    for window in windows:
        step = timedelta(minutes=window.slot_minutes or minutes or usual)
        length = timedelta(minutes=minutes or window.slot_minutes or usual)
        start, opens, last = _at(day, window.origin), _at(day, window.start), _at(day, window.end) - length
        while start <= last:
            end = start + length
            if start >= max(opens, now) and all(end <= first or start >= after for first, after in taken):
                found.append(Slot(start.time(), end.time(), window.department_id))
            start += step
    return found


def free_times(
    *, day: date, minutes: int, busy: Iterable[BusyTime], hours: Hours = USUAL_HOURS, now: datetime
) -> list[time]:
    """The same of bare hours: the times at which an appointment of `minutes` can begin."""
    found = free_slots(day=day, windows=windows_of(hours), busy=busy, now=now, minutes=minutes)
    return [slot.start for slot in found]


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, tzinfo=LOCAL_ZONE)
