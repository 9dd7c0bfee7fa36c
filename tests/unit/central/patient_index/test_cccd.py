"""A CCCD has one form, however it is typed, and never shows itself."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.patient_index import cccd as rules
from central.patient_index.public import Cccd, InvalidCccd, parse_cccd, province_codes

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    "typed",
    [
        "079090001234",
        " 079 090 001 234 ",
        "079.090.001.234",
        "079-090-001-234",
        "０７９０９０００１２３４",
        "079\u00a0090\u2013001\u3000234",
    ],
)
def test_one_form_however_it_is_typed(typed: str) -> None:
    assert parse_cccd(typed, today=TODAY).value == "079090001234"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", rules.NOT_TEXT),
        (" - ", rules.NOT_TEXT),
        ("07909000123", rules.WRONG_LENGTH),
        ("0790900012345", rules.WRONG_LENGTH),
        ("07909000123a", rules.FOREIGN_CHARACTERS),
        ("٠٧٩٠٩٠٠٠١٢٣٤", rules.FOREIGN_CHARACTERS),
        ("003090001234", rules.NO_SUCH_PROVINCE),
        ("999090001234", rules.NO_SUCH_PROVINCE),
        ("000090001234", rules.NO_SUCH_PROVINCE),
        ("079490001234", rules.NO_SUCH_CENTURY),
        ("079990001234", rules.NO_SUCH_CENTURY),
        ("079250001234", rules.BORN_IN_FUTURE),
    ],
)
def test_what_cannot_be_one_is_said_clearly_and_without_the_number(typed: str, message: str) -> None:
    with pytest.raises(InvalidCccd) as refused:
        parse_cccd(typed, today=TODAY, field="cccd")
    assert refused.value.errors == {"cccd": [message]}
    assert refused.value.status == 422
    assert not typed.strip(" -") or typed not in str(refused.value)


def test_gender_and_century_come_from_the_fourth_digit() -> None:
    assert (parse_cccd("001090000000", today=TODAY).gender, parse_cccd("001090000000", today=TODAY).birth_year) == (
        "male",
        1990,
    )
    girl = parse_cccd("001320000000", today=TODAY)
    assert (girl.gender, girl.birth_year, girl.place) == ("female", 2020, "Hà Nội")


def test_born_abroad_is_accepted() -> None:
    assert parse_cccd("101090000000", today=TODAY).place is None


def test_a_disagreement_names_the_field_and_is_no_error() -> None:
    number = parse_cccd("079090001234", today=TODAY)
    assert number.disagreements("male", date(1990, 12, 31)) == []
    assert number.disagreements(None, None) == []
    assert number.disagreements("other", None) == []
    assert [found.field for found in number.disagreements("female", date(1991, 1, 1))] == ["gender", "date_of_birth"]


def test_a_code_is_judged_by_the_day() -> None:
    with pytest.raises(InvalidCccd):
        parse_cccd("079090001234", today=date(2015, 12, 31))


def test_all_63_issue_codes_are_there() -> None:
    codes = province_codes()
    assert len(codes) == 63
    assert (codes["001"], codes["096"]) == ("Hà Nội", "Cà Mau")


def numbers() -> st.SearchStrategy[str]:
    """Well-formed numbers of people born until 2025."""
    return st.builds(
        lambda place, digit, year, rest: f"{place}{digit}{year % 26 if digit in '23' else year:02d}{rest:06d}",
        st.sampled_from(sorted(province_codes())),
        st.sampled_from("0123"),
        st.integers(0, 99),
        st.integers(0, 999_999),
    )


@given(numbers(), st.lists(st.sampled_from(" .-\u00a0\u2013"), max_size=12))
def test_separators_and_width_never_change_the_number(number: str, between: list[str]) -> None:
    separators = [*between, *[""] * (12 - len(between))]
    typed = "".join(digit + separator for digit, separator in zip(number, separators, strict=True))
    wide = typed.translate({ord(str(digit)): chr(ord("０") + digit) for digit in range(10)})
    assert parse_cccd(typed, today=TODAY) == parse_cccd(wide, today=TODAY) == parse_cccd(number, today=TODAY)


@given(numbers())
def test_it_shows_itself_only_masked(number: str) -> None:
    parsed = parse_cccd(number, today=TODAY)
    shown = f"{parsed} {parsed!r} {[parsed]} {parsed.masked}"
    assert number not in shown
    assert number[6:10] not in shown.replace(parsed.masked, "")
    assert parsed.masked == f"{number[:4]}******{number[-2:]}"


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_clear_refusal(text: str) -> None:
    try:
        message = None if isinstance(parse_cccd(text, today=TODAY), Cccd) else "neither"
    except InvalidCccd as refused:
        message = refused.message
    assert message is None or message in vars(rules).values()
