"""A doctor's windows and free slots: hours ∩ schedule, without holidays, absences and what is taken."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidFields
from tenant_app.appointments.free_times import free_slots
from tenant_app.appointments.public import BusyTime
from tenant_app.calendar.public import Calendar, Closure, read_hours
from tenant_app.schedules.checks import check_block, check_exception
from tenant_app.schedules.public import AWAY, EXTRA, Block, Change, WorkingTime

MONDAY = date(2026, 11, 23)
SUNDAY = date(2026, 11, 29)
LONG_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
INTERNAL, CHILDREN = uuid4(), uuid4()
WEEK = read_hours(
    {
        **{day: [["07:00", "11:30"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")},
        "sun": [],
    }
)
HOURS = Calendar(business_hours=WEEK)


def clock(text: str) -> time:
    return time.fromisoformat(text)


def block(start: str, end: str, *, day: date = MONDAY, minutes: int = 20, where: UUID = INTERNAL) -> Block:
    return Block(
        weekday=day.weekday(),
        start_time=clock(start),
        end_time=clock(end),
        slot_minutes=minutes,
        department_id=where,
        valid_from=date(2026, 1, 1),
    )


def away(first: date, last: date | None = None, start: str | None = None, end: str | None = None) -> Change:
    return Change(
        kind=AWAY,
        first_day=first,
        last_day=last or first,
        start_time=clock(start) if start else None,
        end_time=clock(end) if end else None,
    )


def extra(day: date, start: str, end: str) -> Change:
    return Change(
        kind=EXTRA,
        first_day=day,
        last_day=day,
        start_time=clock(start),
        end_time=clock(end),
        department_id=CHILDREN,
        slot_minutes=30,
    )


def windows(working: WorkingTime, day: date = MONDAY, where: UUID | None = None) -> list[str]:
    return [f"{each.start:%H:%M}-{each.end:%H:%M}" for each in working.windows_on(day, department_id=where)]


def starts(working: WorkingTime, day: date = MONDAY, minutes: int | None = None) -> list[str]:
    found = free_slots(day=day, windows=working.windows_on(day), busy=(), now=LONG_BEFORE, minutes=minutes)
    return [f"{slot.start:%H:%M}" for slot in found]


def test_without_a_schedule_the_hospitals_hours_hold_as_they_did() -> None:
    free = WorkingTime(calendar=HOURS)
    assert windows(free) == ["07:00-11:30", "13:00-17:00"]
    assert windows(free, SUNDAY) == []
    assert starts(free)[:2] == ["07:00", "07:30"]
    assert not free.is_scheduled(MONDAY)
    assert free.allows(MONDAY, (clock("03:00"), clock("04:00"))), "the desk itself minds the hospital's hours"


def test_a_schedule_is_cut_by_the_hours_and_into_its_own_slots() -> None:
    working = WorkingTime(calendar=HOURS, blocks=(block("06:30", "12:00"), block("13:30", "15:00", minutes=45)))
    assert windows(working) == ["07:00-11:30", "13:30-15:00"]
    # The slots count from half past six: what lies before the opening is left out.
    assert starts(working)[:3] == ["07:10", "07:30", "07:50"]
    assert starts(working)[-2:] == ["13:30", "14:15"]
    assert starts(working, minutes=60)[-1] == "13:30"
    assert windows(working, MONDAY + timedelta(days=1)) == []


def test_a_day_before_the_first_schedule_keeps_the_hours_and_one_after_the_last_has_none() -> None:
    first = Block(
        weekday=0,
        start_time=clock("08:00"),
        end_time=clock("10:00"),
        slot_minutes=30,
        department_id=INTERNAL,
        valid_from=MONDAY,
        valid_until=MONDAY + timedelta(days=6),
    )
    working = WorkingTime(calendar=HOURS, blocks=(first,))
    assert windows(working, MONDAY - timedelta(days=7)) == ["07:00-11:30", "13:00-17:00"]
    assert windows(working) == ["08:00-10:00"]
    assert windows(working, MONDAY + timedelta(days=7)) == []


def test_holidays_and_absences_take_away_and_slots_stay_where_they_were() -> None:
    blocks = (block("07:30", "11:30"),)
    holiday = Closure(first_day=MONDAY, last_day=MONDAY, start_time=clock("10:00"), end_time=clock("23:00"))
    closed = Calendar(business_hours=WEEK, closures=(holiday,))
    assert windows(WorkingTime(calendar=closed, blocks=blocks)) == ["07:30-10:00"]
    gone = WorkingTime(calendar=HOURS, blocks=blocks, changes=(away(MONDAY, start="08:00", end="09:00"),))
    assert windows(gone) == ["07:30-08:00", "09:00-11:30"]
    assert starts(gone)[:3] == ["07:30", "09:10", "09:30"]
    assert not gone.allows(MONDAY, (clock("08:40"), clock("09:10")))
    assert gone.allows(MONDAY, (clock("09:00"), clock("09:20")))
    whole = WorkingTime(calendar=HOURS, blocks=blocks, changes=(away(MONDAY - timedelta(days=1), MONDAY),))
    assert windows(whole) == []


def test_extra_hours_hold_beyond_the_hours_but_neither_on_holidays_nor_while_away() -> None:
    evening = extra(SUNDAY, "18:00", "20:00")
    assert windows(WorkingTime(calendar=HOURS, changes=(evening,)), SUNDAY) == ["18:00-20:00"]
    closed = Calendar(business_hours=WEEK, closures=(Closure(first_day=SUNDAY, last_day=SUNDAY),))
    assert windows(WorkingTime(calendar=closed, changes=(evening,)), SUNDAY) == []
    late = away(SUNDAY, start="19:00", end="21:00")
    assert windows(WorkingTime(calendar=HOURS, changes=(evening, late)), SUNDAY) == ["18:00-19:00"]
    longer = WorkingTime(calendar=HOURS, blocks=(block("14:00", "16:00"),), changes=(extra(MONDAY, "15:00", "18:00"),))
    assert windows(longer) == ["14:00-16:00", "16:00-18:00"]
    assert longer.allows(MONDAY, (clock("15:40"), clock("16:20")))
    twice = WorkingTime(calendar=HOURS, changes=(evening, extra(SUNDAY, "19:00", "21:00")))
    assert windows(twice, SUNDAY) == ["18:00-20:00", "20:00-21:00"]


def test_a_department_sees_its_own_windows_only() -> None:
    working = WorkingTime(calendar=HOURS, blocks=(block("07:30", "11:30"), block("13:00", "16:00", where=CHILDREN)))
    assert windows(working, where=CHILDREN) == ["13:00-16:00"]
    assert working.department_at(MONDAY, clock("13:40")) == CHILDREN
    assert working.department_at(MONDAY, clock("12:00")) is None
    assert windows(WorkingTime(calendar=HOURS), where=CHILDREN) == ["07:00-11:30", "13:00-17:00"]


_TIMES = st.integers(0, 23 * 60 + 58).map(lambda at: time(at // 60, at % 60))


@given(
    st.lists(st.tuples(_TIMES, _TIMES).filter(lambda pair: pair[0] < pair[1]), max_size=3),
    st.lists(st.tuples(_TIMES, _TIMES).filter(lambda pair: pair[0] < pair[1]), max_size=3),
    st.lists(st.tuples(_TIMES, _TIMES).filter(lambda pair: pair[0] < pair[1]), max_size=3),
    st.sampled_from([None, 15, 30, 60]),
)
def test_no_slot_is_ever_outside_of_what_holds(
    blocks: list[tuple[time, time]],
    absences: list[tuple[time, time]],
    taken: list[tuple[time, time]],
    minutes: int | None,
) -> None:
    """Whatever the schedule: a free slot lies within the hours and the doctor's own, away and taken by nothing."""
    working = WorkingTime(
        calendar=HOURS,
        blocks=tuple(block(f"{start:%H:%M}", f"{end:%H:%M}") for start, end in blocks),
        changes=tuple(away(MONDAY, start=f"{start:%H:%M}", end=f"{end:%H:%M}") for start, end in absences),
    )
    busy = [BusyTime(*each) for each in taken]
    slots = free_slots(day=MONDAY, windows=working.windows_on(MONDAY), busy=busy, now=LONG_BEFORE, minutes=minutes)
    for slot in slots:
        assert working.allows(MONDAY, (slot.start, slot.end))
        assert any(opens <= slot.start and slot.end <= closes for opens, closes in HOURS.hours_on(MONDAY))
        assert all(slot.end <= start or end <= slot.start for start, end in (*absences, *taken))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": time(22), "end": time(2)}, "end_time"),
        ({"start": time(8), "end": time(8)}, "end_time"),
        ({"start": time(8, 0, 30)}, "start_time"),
        ({"slot_minutes": 4}, "slot_minutes"),
        ({"slot_minutes": 241}, "slot_minutes"),
        ({"end": time(8, 15)}, "slot_minutes"),
        ({"valid_until": date(2025, 12, 31)}, "valid_until"),
    ],
)
def test_hours_that_cannot_be(change: dict[str, object], field: str) -> None:
    """Least of all across midnight."""
    good = {
        "start": time(8),
        "end": time(12),
        "slot_minutes": 30,
        "valid_from": date(2026, 1, 1),
        "valid_until": None,
    }
    check_block(**good)  # type: ignore[arg-type]  # the table above holds each field's own type
    with pytest.raises(InvalidFields) as refusal:
        check_block(**{**good, **change})  # type: ignore[arg-type]  # as above
    assert set(refusal.value.errors) == {field}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"reason": None}, {"reason"}),
        ({"reason": "tired"}, {"reason"}),
        ({"kind": "maybe"}, {"kind"}),
        ({"last_day": date(2026, 11, 22)}, {"last_day"}),
        ({"last_day": date(2028, 1, 1)}, {"last_day"}),
        ({"start": time(8)}, {"end_time"}),
        ({"start": time(8), "end": time(7)}, {"end_time"}),
        ({"has_department": True, "slot_minutes": 30}, {"department_id", "slot_minutes"}),
        ({"note": "x" * 201}, {"note"}),
        ({"kind": "extra", "reason": None}, {"start_time", "department_id"}),
        (
            {"kind": "extra", "start": time(8), "end": time(9), "has_department": True, "slot_minutes": 90},
            {"reason", "slot_minutes"},
        ),
    ],
)
def test_exceptions_that_cannot_be(change: dict[str, object], fields: set[str]) -> None:
    good = {
        "kind": "away",
        "reason": "leave",
        "note": None,
        "first_day": MONDAY,
        "last_day": MONDAY,
        "start": None,
        "end": None,
        "has_department": False,
        "slot_minutes": None,
    }
    check_exception(**good)  # type: ignore[arg-type]  # the table above holds each field's own type
    with pytest.raises(InvalidFields) as refusal:
        check_exception(**{**good, **change})  # type: ignore[arg-type]  # as above
    assert set(refusal.value.errors) == fields
