"""The order of a line, whom the law lets go first, and which steps there are."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.queue.errors import StepNotAllowed
from tenant_app.queue.rules import (
    PRIORITY_IN_A_ROW,
    STEPS,
    Lane,
    Waiting,
    check_step,
    estimated_minutes,
    in_order,
    lane_of,
    masked_name,
    possible_steps,
    priority_by_age,
    status_after_miss,
)

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LANES: tuple[Lane, ...] = ("emergency", "priority", "ordinary")
lines = st.lists(st.tuples(st.sampled_from(LANES), st.integers(0, 240)), max_size=25).map(
    lambda found: [
        Waiting(id=UUID(int=at), lane=lane, since=MORNING + timedelta(minutes=minutes), number=at + 1)
        for at, (lane, minutes) in enumerate(found)
    ]
)


@given(lines, st.integers(0, 5))
def test_nobody_is_lost_and_emergencies_go_first(line: list[Waiting], row: int) -> None:
    order = in_order(line, called_in_a_row=row)
    assert sorted(order, key=lambda each: each.number) == line
    lanes = [each.lane == "emergency" for each in order]
    assert lanes == sorted(lanes, reverse=True)


@given(lines, st.integers(0, 5))
def test_within_a_lane_who_waits_longest_goes_first(line: list[Waiting], row: int) -> None:
    order = in_order(line, called_in_a_row=row)
    for lane in LANES:
        since = [each.since for each in order if each.lane == lane]
        assert since == sorted(since)


@given(lines, st.integers(0, 5))
def test_nobody_starves(line: list[Waiting], row: int) -> None:
    """Before an ordinary one, at most two later ones with priority go for each ordinary turn until theirs."""
    order = [each for each in in_order(line, called_in_a_row=row) if each.lane != "emergency"]
    turn = 0
    for place, each in enumerate(order):
        if each.lane == "ordinary":
            turn += 1
            later = [one for one in order[:place] if one.lane == "priority" and one.since > each.since]
            assert len(later) <= PRIORITY_IN_A_ROW * turn


@given(lines)
def test_calling_one_by_one_is_the_order_that_was_shown(line: list[Waiting]) -> None:
    """Nobody who looks at the screen sees their place change because somebody before them was called."""
    shown = in_order(line)
    left, row, called = list(line), 0, []
    while left:
        first = in_order(left, called_in_a_row=row)[0]
        row = {"emergency": row, "priority": row + 1, "ordinary": 0}[first.lane]
        called.append(first)
        left.remove(first)
    assert called == shown


def test_an_ordinary_one_who_waits_longer_comes_after_two_with_priority() -> None:
    def one(number: int, lane: Lane, minute: int) -> Waiting:
        since = MORNING + timedelta(minutes=minute)
        return Waiting(id=UUID(int=number), lane=lane, since=since, number=number)

    line = [one(1, "ordinary", 0), one(2, "ordinary", 1), *(one(at, "priority", at) for at in (3, 4, 5, 6, 7))]
    assert [each.number for each in in_order(line)] == [3, 4, 1, 5, 6, 2, 7]
    assert in_order(line, called_in_a_row=2)[0].number == 1
    early = [one(1, "ordinary", 9), one(2, "priority", 1), one(3, "priority", 2), one(4, "priority", 3)]
    assert [each.number for each in in_order(early)] == [2, 3, 4, 1], "they have waited longer than the ordinary one"


@pytest.mark.parametrize(
    ("born", "day", "priority"),
    [
        (date(2020, 11, 24), date(2026, 11, 23), "child"),
        (date(2020, 11, 23), date(2026, 11, 23), "none"),
        (date(1951, 11, 23), date(2026, 11, 23), "elder"),
        (date(1951, 11, 24), date(2026, 11, 23), "none"),
        (date(1945, 1, 1), date(2023, 12, 31), "none"),
        (date(1945, 1, 1), date(2024, 1, 1), "elder"),
        (date(1900, 1, 1), date(2009, 1, 1), "none"),
    ],
)
def test_the_law_of_the_day_says_who_goes_first_by_age(born: date, day: date, priority: str) -> None:
    assert priority_by_age(born, day=day) == priority


def test_a_booked_time_counts_when_it_is_near_and_they_came_for_it() -> None:
    def lane(*, booked: int | None, taken: int = 0, now: int, priority: str = "none") -> str:
        at = [MORNING + timedelta(minutes=minutes) for minutes in (booked or 0, taken, now)]
        return lane_of(priority=priority, booked_for=None if booked is None else at[0], taken_at=at[1], now=at[2])

    assert lane(booked=None, now=0) == "ordinary"
    assert lane(booked=60, now=44) == "ordinary"
    assert lane(booked=60, now=45) == "priority"
    assert lane(booked=60, now=600) == "priority", "who came in time does not lose it by waiting"
    assert lane(booked=60, taken=91, now=91) == "ordinary", "who came too late has lost it"
    assert lane(booked=60, now=0, priority="pregnant") == "priority"
    assert lane(booked=None, now=0, priority="emergency") == "emergency"


def test_steps_lead_where_they_may() -> None:
    assert possible_steps("waiting") == ("call", "leave", "transfer")
    assert possible_steps("called") == ("recall", "miss", "start", "leave", "transfer")
    assert possible_steps("in_room") == ("finish", "transfer")
    for ended in ("done", "left", "no_show", "transferred"):
        assert possible_steps(ended) == ()
        for action in STEPS:
            with pytest.raises(StepNotAllowed):
                check_step(ended, action)
    assert [status_after_miss(missed) for missed in (1, 2)] == ["waiting", "no_show"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Nguyễn Văn An", "Nguyễn V. A."),
        ("Đặng Ân", "Đặng Â."),
        ("Hoa", "H."),
        ("  ", "."),
        ("Tôn Nữ Thị Ninh", "Tôn N. T. N."),
    ],
)
def test_a_name_on_the_wall_is_not_a_name(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize(
    ("ahead", "calls", "apart", "usual", "waited", "minutes"),
    [
        (0, 3, 4, None, 0, 5),
        (2, 6, 7, 90, 0, 25),
        (9, 60, 1, None, 0, 10),
        (3, 2, 7, 40, 12, 30),
        (3, 2, 7, 40, 40, None),
        (3, 0, None, None, 5, None),
    ],
)
def test_an_estimate_goes_by_the_calls_of_the_last_hour_or_by_the_day(
    ahead: int, calls: int, apart: int | None, usual: float | None, waited: int, minutes: int | None
) -> None:
    found = estimated_minutes(
        ahead,
        calls=calls,
        apart=None if apart is None else timedelta(minutes=apart),
        usual=usual,
        waited=timedelta(minutes=waited),
    )
    assert found == minutes
