"""Believable hours of the demo's doctors: mornings and afternoons, some of them off, and one doctor on leave. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

MORNING: Final = (time(7, 30), time(11, 30))
AFTERNOON: Final = (time(13, 30), time(16, 30))
MONDAY_TO_SATURDAY: Final = range(6)
# This doctor is away for a week, from the third day on: people are booked then, and have to be moved.
ON_LEAVE: Final = 2
_SATURDAY: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """The same hours on some weekdays (0 is Monday)."""

    weekdays: tuple[int, ...]
    start: time
    end: time


def minutes_of(doctor: int) -> int:
    """How long this doctor takes for one patient."""
    return 20 if doctor % 2 == 0 else 30


def shifts_of(doctor: int) -> Iterator[Shift]:
    """Every morning but Sunday's; afternoons with one of the week off, and none on Saturdays for every second."""
    yield Shift(weekdays=tuple(MONDAY_TO_SATURDAY), start=MORNING[0], end=MORNING[1])
    off = {doctor % 5, _SATURDAY if doctor % 2 else doctor % 5}
    yield Shift(
        weekdays=tuple(day for day in MONDAY_TO_SATURDAY if day not in off), start=AFTERNOON[0], end=AFTERNOON[1]
    )


def works(doctor: int, day: date, start: time, end: time) -> bool:
    """Whether a visit lies in the doctor's hours."""
    return any(
        day.weekday() in shift.weekdays and shift.start <= start and end <= shift.end for shift in shifts_of(doctor)
    )


def leave_from(today: date) -> tuple[date, date]:
    """The first and the last day of the leave."""
    return today + timedelta(days=3), today + timedelta(days=9)
