"""Places of the calendar: rows of five minutes, free times, and what is shaded."""

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

import kernel
from tenant_app.calendar.public import Calendar, Closure
from tenant_app.pages.calendar_grid import Column, Day, Place, column, hours_shown, place
from tenant_app.schedules.public import AWAY, Block, Change, WorkingTime

MONDAY = date(2026, 11, 23)
LONG_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = Path(kernel.__file__).parent / "web" / "static" / "css" / "calendar-rows.css"


def a_day(*, start: str = "07:30", end: str = "11:30", changes: tuple[Change, ...] = (), closed: bool = False) -> Day:
    block = Block(
        weekday=0,
        start_time=time.fromisoformat(start),
        end_time=time.fromisoformat(end),
        slot_minutes=20,
        department_id=uuid4(),
        valid_from=MONDAY,
    )
    closures = (Closure(first_day=MONDAY, last_day=MONDAY),) if closed else ()
    working = WorkingTime(calendar=Calendar(closures=closures), blocks=(block,), changes=changes)
    return Day(doctor_id=uuid4(), doctor_name="BS", day=MONDAY, working=working, rows=[])


def made(day: Day, hours: range = range(7, 17)) -> Column:
    return column(day, hours=hours, now=LONG_BEFORE)


def test_the_style_sheet_has_a_rule_for_each_place() -> None:
    text = ROWS.read_text(encoding="utf-8")
    starts = [int(each) for each in re.findall(r"^\.ca-r\d+ \{ grid-row-start: (\d+); \}$", text, re.MULTILINE)]
    spans = [int(each) for each in re.findall(r"^\.ca-s\d+ \{ grid-row-end: span (\d+); \}$", text, re.MULTILINE)]
    assert (starts, spans) == (list(range(1, 290)), list(range(1, 289)))


@given(st.integers(0, 23 * 60), st.integers(1, 59))
def test_every_place_is_within_the_day(minute: int, length: int) -> None:
    end = minute + length
    found = place(time(minute // 60, minute % 60), time(end // 60, end % 60), hours=range(24))
    assert found.row >= 1
    assert found.row + found.rows - 1 <= 288
    assert (found.row - 1) * 5 <= minute
    assert (found.row - 1 + found.rows) * 5 >= end


def test_free_times_and_shades_fill_the_day() -> None:
    found = made(a_day())
    assert [f"{each.start:%H:%M}" for each in found.free][:3] == ["07:30", "07:50", "08:10"]
    assert found.free[0].place == Place(row=7, rows=4)
    assert [(each.why, each.place) for each in found.shades] == [
        ("closed", Place(row=1, rows=6)),
        ("closed", Place(row=55, rows=66)),
    ]
    assert found.whole_day is None


def test_absences_and_holidays_say_why_nothing_is_free() -> None:
    gone = Change(kind=AWAY, first_day=MONDAY, last_day=MONDAY)
    assert (made(a_day(changes=(gone,))).whole_day, made(a_day(closed=True)).whole_day) == ("away", "holiday")
    part = Change(kind=AWAY, first_day=MONDAY, last_day=MONDAY, start_time=time(9), end_time=time(10))
    found = made(a_day(changes=(part,)))
    assert [each.why for each in found.shades] == ["closed", "away", "closed"]
    assert "09:10" not in {f"{each.start:%H:%M}" for each in found.free}


def test_the_hours_shown_hold_all_that_happens() -> None:
    assert hours_shown([]) == range(7, 17)
    assert hours_shown([a_day(start="07:30", end="11:30")]) == range(7, 17)
    late = Change(
        kind="extra",
        first_day=MONDAY,
        last_day=MONDAY,
        start_time=time(18),
        end_time=time(19, 30),
        department_id=uuid4(),
        slot_minutes=30,
    )
    assert hours_shown([a_day(changes=(late,))]) == range(7, 20)
