"""Phones, dates of birth, and what somebody means who searches."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import InvalidFields
from manage.demo.people import cccd_for
from tenant_app.patients.rules import Complaints, SearchTerms, check_date_of_birth, parse_phone, read_search

TODAY = date(2026, 11, 21)
MOBILES = st.from_regex(r"0[35789][0-9]{8}", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("0912 345 678", "0912345678"),
        ("+84 912.345.678", "0912345678"),
        ("84912345678", "0912345678"),
        ("+84 (0)912-345-678", "0912345678"),
        ("０９１２３４５６７８", "0912345678"),
        ("024 3825 3531", "02438253531"),
        ("+81 3-1234-5678", "+81312345678"),
    ],
)
def test_a_phone_has_one_form(written: str, canonical: str) -> None:
    assert parse_phone(written) == canonical


@given(MOBILES, st.sampled_from(["", " ", ".", "-", "\u2011", "  "]))
def test_every_mobile_survives_every_way_of_writing_it(number: str, between: str) -> None:
    grouped = between.join([number[:4], number[4:7], number[7:]])
    for written in (number, grouped, f"+84{number[1:]}", f"84{number[1:]}", f"+84 {grouped[1:]}"):
        assert parse_phone(written) == number


@pytest.mark.parametrize("written", ["", "12", "0112345678", "091234567", "09123456789", "+84", "+0123456789", "abc"])
def test_what_is_no_phone(written: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        parse_phone(written)
    assert set(refusal.value.errors) == {"phone"}


@given(st.text(max_size=40))
def test_no_text_breaks_a_phone(written: str) -> None:
    """Either a canonical number, which is its own canonical form, or a complaint."""
    try:
        found = parse_phone(written)
    except InvalidFields:
        return
    assert parse_phone(found) == found


def test_dates_of_birth() -> None:
    assert check_date_of_birth(TODAY, today=TODAY) == TODAY
    for born in (date(2026, 11, 22), date(1890, 1, 1)):
        with pytest.raises(InvalidFields):
            check_date_of_birth(born, today=TODAY)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Nguyễn Thị Đào", SearchTerms(words=("nguyen", "thi", "dao"))),
        ("  đào  ", SearchTerms(words=("dao",))),
        ("bn-12", SearchTerms(patient_code="BN-000012")),
        ("BN1234567", SearchTerms(patient_code="BN-1234567")),
        ("0912 345 678", SearchTerms(phone="0912345678", identifiers=("0912345678",))),
        ("B1234567", SearchTerms(identifiers=("B1234567",))),
        ("1/5/1990", SearchTerms(date_of_birth=date(1990, 5, 1))),
        ("Đào 01-05-1990", SearchTerms(words=("dao",), date_of_birth=date(1990, 5, 1))),
        ("1990-05-01 an", SearchTerms(words=("an",), date_of_birth=date(1990, 5, 1))),
        ("O'Brien & !:*|()", SearchTerms(words=("o", "brien"))),
    ],
)
def test_one_box_for_all(typed: str, meant: SearchTerms) -> None:
    assert read_search(typed) == meant


def test_a_cccd_is_searched_as_a_number_and_stays_out_of_sight() -> None:
    number = cccd_for(date_of_birth=date(1990, 5, 1), gender="female")
    terms = read_search(f"{number[:3]} {number[3:]}")
    assert number in terms.identifiers
    assert terms.kinds == ("identifier",)
    assert number not in repr(terms)


@pytest.mark.parametrize("typed", ["", "  ", "!?", "99/99/9999 "])
def test_nothing_to_search_by(typed: str) -> None:
    if typed.strip(" !?"):
        assert read_search(typed).date_of_birth is None
        return
    with pytest.raises(InvalidFields) as refusal:
        read_search(typed)
    assert set(refusal.value.errors) == {"query"}


@given(st.text(max_size=60))
def test_no_search_holds_an_operator(typed: str) -> None:
    """The words go into a query of the text search: letters a-z and digits only, whatever was typed."""
    try:
        terms = read_search(typed)
    except InvalidFields:
        return
    assert all(word.isascii() and word.isalnum() and word == word.lower() for word in terms.words)
    assert len(terms.words) <= 8


def test_complaints_come_together() -> None:
    complaints = Complaints()
    assert complaints.read(lambda: parse_phone("1")) is None
    assert complaints.read(lambda: parse_phone("2", name="other")) is None
    assert complaints.read(lambda: 5) == 5
    with pytest.raises(InvalidFields) as refusal:
        complaints.raise_any()
    assert set(refusal.value.errors) == {"phone", "other"}
    Complaints().raise_any()
