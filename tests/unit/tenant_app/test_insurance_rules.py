"""Health insurance cards: days, states, and the code of the facility."""

from datetime import date

import pytest

from kernel.errors import InvalidFields
from tenant_app.patients.insurance_rules import card_state, check_days, read_facility

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (date(2025, 12, 31), "not_yet"),
        (FIRST, "valid"),
        (date(2026, 11, 30), "valid"),
        (date(2026, 12, 1), "ends_soon"),
        (LAST, "ends_soon"),
        (date(2027, 1, 1), "expired"),
    ],
)
def test_both_days_belong_to_the_card(day: date, state: str) -> None:
    assert card_state(FIRST, LAST, on=day) == state


def test_a_card_without_a_last_day_stays_valid() -> None:
    assert card_state(FIRST, None, on=date(2040, 1, 1)) == "valid"


def test_days_that_cannot_be_are_refused() -> None:
    assert check_days(FIRST, None) == FIRST
    for wrong in ((None, None), (LAST, FIRST)):
        with pytest.raises(InvalidFields):
            check_days(*wrong)


def test_the_code_of_the_facility_has_five_characters() -> None:
    assert [read_facility(text) for text in (" 79a12 ", "01004", "", None)] == ["79A12", "01004", None, None]
    for wrong in ("1004", "A1004", "010045", "01-04"):
        with pytest.raises(InvalidFields):
            read_facility(wrong)
