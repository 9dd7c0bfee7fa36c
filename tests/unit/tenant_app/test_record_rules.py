"""Contacts and history: codes, years, and who needs a guardian."""

from datetime import date

import pytest

from kernel.errors import InvalidFields
from tenant_app.patients.record_rules import check_year, lacks_guardian, read_icd10

TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("text", "code"),
    [("i10", "I10"), ("E119", "E11.9"), ("e11.9", "E11.9"), ("Z 98.0", "Z98.0"), ("", None), (None, None)],
)
def test_codes_of_icd10_are_read_as_they_are_typed(text: str | None, code: str | None) -> None:
    assert read_icd10(text) == code


@pytest.mark.parametrize("text", ["10", "EE1", "I1", "I10.123", "tăng huyết áp"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(InvalidFields):
        read_icd10(text)


def test_a_year_lies_in_the_patients_life_or_in_the_familys() -> None:
    born = date(1980, 5, 1)
    for year, kind, good in ((1980, "chronic", True), (2026, "surgery", True), (1950, "family", True)):
        assert (check_year(year, born=born, today=TODAY, kind=kind) == year) is good
    for year, kind in ((1979, "chronic"), (2027, "note"), (1870, "family")):
        with pytest.raises(InvalidFields):
            check_year(year, born=born, today=TODAY, kind=kind)


@pytest.mark.parametrize(
    ("born", "limit"),
    [
        (date(2020, 11, 22), 6),
        (date(2020, 11, 21), 16),
        (date(2010, 11, 22), 16),
        (date(2010, 11, 21), None),
        (date(1990, 1, 1), None),
    ],
)
def test_children_need_a_guardian_until_their_birthday(born: date, limit: int | None) -> None:
    assert lacks_guardian(born=born, guardians=[False], today=TODAY) == limit
    assert lacks_guardian(born=born, guardians=[False, True], today=TODAY) is None
