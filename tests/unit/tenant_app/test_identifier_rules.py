"""What a health insurance number says, and on which days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidFields
from manage.demo.people import cccd_for
from tenant_app.patients.identifier_rules import BENEFIT_LEVELS, benefit_percent, read_bhyt

TODAY = date(2026, 11, 21)
CARDS = st.from_regex(r"[A-Z]{2}[1-5][0-9]{12}", fullmatch=True)
CCCD_SINCE = date(2025, 8, 15)


@given(CARDS, st.dates())
def test_a_cards_number_says_its_level_on_every_day(value: str, day: date) -> None:
    read = read_bhyt(value, on=day)
    assert (read.form, read.benefit_digit) == ("card", value[2])
    assert read.benefit_percent == {"1": 100, "2": 100, "3": 95, "4": 80, "5": 100}[value[2]]
    assert value not in repr(read)


@given(st.from_regex(r"[0-9]{10}", fullmatch=True))
def test_the_code_of_social_insurance_says_no_level(value: str) -> None:
    read = read_bhyt(value, on=TODAY)
    assert (read.form, read.benefit_digit, read.benefit_percent) == ("social_insurance", None, None)


def test_the_cccd_is_a_number_of_health_insurance_from_its_day_on() -> None:
    value = cccd_for(date_of_birth=date(1990, 5, 1), gender="female")
    assert read_bhyt(value, on=CCCD_SINCE).form == "cccd"
    with pytest.raises(InvalidFields):
        read_bhyt(value, on=CCCD_SINCE - timedelta(days=1))
    with pytest.raises(InvalidFields):
        read_bhyt("999999999999", on=TODAY)


@given(st.text(max_size=20))
def test_anything_else_is_refused_and_nothing_breaks(value: str) -> None:
    try:
        read = read_bhyt(value, on=TODAY)
    except InvalidFields:
        return
    assert read.value == value


def test_each_level_stands_once_for_each_day() -> None:
    assert len({level.digit for level in BENEFIT_LEVELS if level.until is None}) == 5
    assert benefit_percent("9", on=TODAY) is None
