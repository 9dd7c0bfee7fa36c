"""Which days of birth an age means."""

from datetime import date

import pytest

from tenant_app.pages.patient_narrowing import choices, named, read_narrowing
from tenant_app.pages.shown import months_between
from tenant_app.patients.narrowing import AGES, INSURANCES, Narrowing
from tenant_app.patients.rules import SearchTerms, read_search

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("age", "first", "last"),
    [
        ("under6", date(2020, 11, 22), None),
        ("under16", date(2010, 11, 22), None),
        ("16to59", date(1966, 11, 22), date(2010, 11, 21)),
        ("from60", None, date(1966, 11, 21)),
        ("from75", None, date(1951, 11, 21)),
    ],
)
def test_ages_begin_and_end_on_birthdays(age: str, first: date | None, last: date | None) -> None:
    assert Narrowing(age=age).born(TODAY) == (first, last)


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 29), date(2027, 2, 28), date(2027, 3, 1), date(2026, 12, 31)])
def test_ages_are_those_that_the_list_shows(today: date) -> None:
    for age, (since, below) in AGES.items():
        first, last = Narrowing(age=age).born(today)
        for edge in {first, last} - {None}:
            assert edge is not None
            for born in (date.fromordinal(edge.toordinal() + days) for days in (-2, -1, 0, 1, 2)):
                years = months_between(born, today) // 12
                fits = (since is None or years >= since) and (below is None or years < below)
                assert fits is ((first is None or born >= first) and (last is None or born <= last)), (age, born, today)


def test_nothing_need_be_typed_where_something_is_chosen() -> None:
    old = Narrowing(age="from60")
    assert read_search(" ", narrowed=old) == SearchTerms(narrowed=old)
    assert read_search("đào", narrowed=old) == SearchTerms(words=("dao",), narrowed=old)
    assert read_search("0912 345 678", narrowed=old).narrowed is old
    assert read_search("đào", narrowed=old).kinds == ("name", "age")


def test_a_form_chooses_what_is_offered() -> None:
    sent = {"age": "from60", "gender": "king", "insurance": "", "query": "an", "status": "deceased"}
    narrowed = read_narrowing(sent)
    assert narrowed == Narrowing(age="from60", status="deceased")
    assert named(narrowed) == {"status": "deceased", "age": "from60"}
    offered = {each.name: {value for value, _ in each.options} for each in choices(narrowed)}
    assert offered["age"] == AGES.keys()
    assert offered["insurance"] == set(INSURANCES)
