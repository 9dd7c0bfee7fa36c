"""Opening hours, closures and public holidays."""

from datetime import date, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidFields
from tenant_app.calendar.public import (
    USUAL_HOURS,
    WEEKDAYS,
    Calendar,
    Closure,
    grouped,
    hours_text,
    parse_hours_text,
    public_holidays,
    read_hours,
)
from tenant_app.calendar.rules import Span, parse_business_hours, without

MORNING, AFTERNOON = ["07:00", "11:30"], ["13:00", "17:00"]
TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("07:00-11:30, 13:00-17:00", [MORNING, AFTERNOON]),
        ("7h-11h30; 13:00 – 17h", [MORNING, AFTERNOON]),
        ("7-11.30", [MORNING]),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, spans: list[list[str]]) -> None:
    assert parse_hours_text(text) == spans
    if spans:
        assert parse_business_hours({"mon": parse_hours_text(text)})["mon"] == spans


@pytest.mark.parametrize(
    "hours",
    [
        {"mon": [["11:30", "07:00"]]},
        {"mon": [["07:00", "11:30"], ["11:00", "12:00"]]},
        {"mon": [["7", "11"]]},
        {"mon": [["07:00"]]},
        {"mon": [[7, 11]]},
        {"mon": ["07:00-11:00"]},
        {"mon": "07:00-11:00"},
        {"mon": [["07:00", "24:00"]]},
        {"mon": [["07:00", "07:30"]] * 5},
        {"funday": [MORNING], "mon": [MORNING]},
        {"mon": parse_hours_text("bảy giờ")},
        {},
    ],
)
def test_hours_of_another_shape_are_refused(hours: dict[str, Any]) -> None:
    with pytest.raises(InvalidFields) as refusal:
        parse_business_hours(hours)
    assert all(name.startswith("business_hours_") for name in refusal.value.errors)


def test_what_is_kept_has_every_day_in_order_and_can_be_read_again() -> None:
    kept = parse_business_hours({"sat": [AFTERNOON, MORNING], "sun": None})
    assert list(kept) == list(WEEKDAYS)
    week = read_hours(kept)
    assert week is not None
    assert hours_text(week["sat"]) == "07:00-11:30, 13:00-17:00"
    assert grouped(week) == [(5, 5, week["sat"])]
    assert read_hours(None) is None


def test_days_in_a_row_with_the_same_hours_are_said_once() -> None:
    week = read_hours(parse_business_hours({**{day: [MORNING] for day in WEEKDAYS[:5]}, "sun": [MORNING]}))
    assert week is not None
    assert [(first, last) for first, last, _ in grouped(week)] == [(0, 4), (6, 6)]


def test_a_calendar_without_hours_has_the_usual_ones_and_holidays_close_them() -> None:
    whole = Closure(first_day=TUESDAY, last_day=TUESDAY)
    meeting = Closure(first_day=TUESDAY, last_day=TUESDAY, start_time=time(10), end_time=time(14))
    assert list(Calendar().hours_on(TUESDAY)) == list(USUAL_HOURS)
    assert Calendar(closures=(whole,)).hours_on(TUESDAY) == []
    assert Calendar(closures=(whole,)).hours_on(date(2026, 11, 25)) != []
    left = Calendar(closures=(meeting,)).hours_on(TUESDAY)
    assert hours_text(left) == "07:00-10:00, 14:00-17:00"


_SPANS = st.lists(
    st.tuples(st.integers(0, 23 * 60), st.integers(1, 59)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=5
)


@given(_SPANS, _SPANS)
def test_what_is_left_is_exactly_what_was_open_and_is_not_closed(
    opened: list[tuple[int, int]], closed: list[tuple[int, int]]
) -> None:
    def times(spans: list[tuple[int, int]]) -> list[Span]:
        return [(time(a // 60, a % 60), time(b // 60, b % 60)) for a, b in spans]

    def minutes(spans: list[Span]) -> set[int]:
        return {at for a, b in spans for at in range(a.hour * 60 + a.minute, b.hour * 60 + b.minute)}

    left = without(times(opened), times(closed))
    assert minutes(left) == minutes(times(opened)) - minutes(times(closed))


def test_public_holidays_of_the_years_that_are_known() -> None:
    """Tết of 2026, 2027 and 2028, and the Hùng Kings; a later year has the solar ones only."""
    tet = {year: next(day for day in public_holidays(year) if "Nguyên đán" in day.name) for year in (2026, 2027, 2028)}
    assert [each.first_day for each in tet.values()] == [date(2026, 2, 16), date(2027, 2, 5), date(2028, 1, 25)]
    assert all((each.last_day - each.first_day).days == 4 for each in tet.values())
    assert len(public_holidays(2027)) == 5
    assert len(public_holidays(2035)) == 3
    names = [each.name for each in public_holidays(2026)]
    assert names.index("Giỗ Tổ Hùng Vương") == 2
