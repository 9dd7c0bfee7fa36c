"""Which times a patient may book by themselves."""

from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import LOCAL_ZONE
from patient_portal.appointments.rules import RULE, bookable_days, offered_times, overlap
from tenant_app.appointments.public import BusyTime
from tenant_app.calendar.public import Calendar, Closure
from tenant_app.schedules.public import WorkingTime

TUESDAY = date(2026, 11, 24)
SUNDAY = date(2026, 11, 29)


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=LOCAL_ZONE)


def starts(day: date, now: datetime) -> list[str]:
    return [f"{slot.start:%H:%M}" for slot in offered_times(day, busy=(), now=now)]


def test_a_whole_day_has_morning_and_afternoon() -> None:
    found = starts(TUESDAY, at(TUESDAY - timedelta(days=1), "12:00"))
    assert found[0] == "07:00"
    assert "11:00" in found
    assert not {"11:30", "12:00", "12:30"} & set(found)
    assert found[-1] == "16:30"
    assert len(found) == 17


def test_today_leaves_an_hour_to_come() -> None:
    assert starts(TUESDAY, at(TUESDAY, "08:00"))[0] == "09:00"
    assert starts(TUESDAY, at(TUESDAY, "08:01"))[0] == "09:30"
    assert starts(TUESDAY, at(TUESDAY, "15:31")) == []


def test_neither_sundays_nor_the_past_nor_the_far_future() -> None:
    now = at(TUESDAY, "07:00")
    assert starts(SUNDAY, now) == []
    assert starts(TUESDAY - timedelta(days=1), now) == []
    assert starts(TUESDAY + timedelta(days=RULE.days_ahead), now) != []
    assert starts(TUESDAY + timedelta(days=RULE.days_ahead + 1), now) == []


def test_the_day_is_that_of_viet_nam() -> None:
    # 18:00 UTC on Monday is one in the morning of Tuesday there.
    now = datetime.fromisoformat("2026-11-23T18:00:00+00:00")
    assert bookable_days(now=now)[0] == TUESDAY


def test_days_skip_sundays_and_those_that_are_over() -> None:
    days = bookable_days(now=at(TUESDAY, "20:00"), count=6)
    assert TUESDAY not in days
    assert SUNDAY not in days
    assert len(days) == 6


def test_what_is_taken_is_not_free() -> None:
    now = at(TUESDAY, "00:00")
    busy = [BusyTime(time(8, 15), time(8, 45)), BusyTime(time(14, 0), time(15, 0))]
    free = {f"{slot.start:%H:%M}" for slot in offered_times(TUESDAY, busy=busy, now=now)}
    assert not {"08:00", "08:30", "14:00", "14:30"} & free
    assert {"07:30", "09:00", "13:30", "15:00"} <= free


_TIMES = st.times(min_value=time(0, 0), max_value=time(23, 58)).map(lambda each: each.replace(second=0, microsecond=0))


@given(_TIMES, _TIMES, _TIMES, _TIMES)
def test_overlap_is_the_same_from_both_sides(one: time, two: time, three: time, four: time) -> None:
    first, second = (min(one, two), max(one, two)), (min(three, four), max(three, four))
    assert overlap(first, second) == overlap(second, first)
    if first[0] < first[1]:
        assert overlap(first, first)
        assert not overlap(first, (first[1], time(23, 59)))


def test_a_hospitals_own_hours_and_holidays_hold_in_place_of_the_usual() -> None:
    """Sundays too, where the hospital is open then."""
    now = at(TUESDAY, "06:00")
    mornings = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ((time(8), time(9)),))
    holiday = Closure(first_day=TUESDAY, last_day=TUESDAY)
    working = WorkingTime(calendar=Calendar(business_hours=mornings, closures=(holiday,)))
    assert offered_times(TUESDAY, busy=(), now=now, working=working) == []
    assert len(offered_times(SUNDAY, busy=(), now=now, working=working)) == 2
    days = bookable_days(now=now, working=working)
    assert TUESDAY not in days
    assert SUNDAY in days
