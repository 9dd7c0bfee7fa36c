"""When a doctor can still be booked on a day. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import LOCAL_ZONE
from tenant_app.appointments.queries import BusyTime
from tenant_app.schedules.public import Window, WorkingTime

# An appointment ends on the day on which it begins, so the last one ends before midnight.
_WHOLE_DAY: Final = Window(start=time(0), end=time(23, 59), origin=time(0))
LENGTHS: Final = (15, 30, 60)
# How long an appointment is where neither a schedule nor anybody says so.
USUAL_MINUTES: Final = 30


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be booked; `department_id` is where the doctor is then, None: wherever the patient goes."""

    start: time
    end: time
    department_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DoctorDay:
    """When a doctor works on a day, and when they are taken."""

    day: date
    working: WorkingTime
    busy: tuple[BusyTime, ...]

    def free(self, *, now: datetime, minutes: int | None = None, department_id: UUID | None = None) -> list[Slot]:
        """What can be booked: hours ∩ schedule, without holidays, absences and what is taken."""
        windows = self.working.windows_on(self.day, department_id=department_id)
        return free_slots(day=self.day, windows=windows, busy=self.busy, now=now, minutes=minutes)

    def untaken(self, *, now: datetime, minutes: int) -> list[Slot]:
        """The whole day but for what is taken, whether the doctor works or not."""
        return free_slots(day=self.day, windows=[_WHOLE_DAY], busy=self.busy, now=now, minutes=minutes)


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


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, tzinfo=LOCAL_ZONE)
