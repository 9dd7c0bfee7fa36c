"""The demo's doctors: everybody has hours, visits fit into them, and the leave begins soon."""

import random
from datetime import UTC, date, datetime

import pytest

from manage.demo.hours import leave_from, minutes_of, shifts_of, works
from manage.demo.week import week_of


@pytest.mark.parametrize("doctor", range(8))
def test_hours_are_those_of_a_working_week(doctor: int) -> None:
    shifts = list(shifts_of(doctor))
    assert all(shift.start < shift.end and shift.weekdays for shift in shifts)
    assert 6 not in {day for shift in shifts for day in shift.weekdays}
    assert minutes_of(doctor) in {20, 30}
    now = datetime(2026, 11, 23, 3, tzinfo=UTC)
    visits = list(week_of(doctor, now=now, chance=random.Random(doctor)))
    regular = [visit for visit in visits if works(doctor, visit.day, visit.start, visit.end)]
    assert len(regular) > len(visits) / 2


def test_the_leave_begins_within_the_days_that_are_booked() -> None:
    first, last = leave_from(date(2026, 11, 23))
    assert (first - date(2026, 11, 23)).days == 3
    assert (last - first).days == 6
