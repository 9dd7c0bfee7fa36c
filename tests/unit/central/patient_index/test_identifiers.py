"""Other identifiers have one form too."""

import pytest

from central.patient_index import identifiers as rules
from central.patient_index.public import InvalidIdentifierValue, parse_identifier


@pytest.mark.parametrize(
    ("system", "typed", "value"),
    [
        ("cccd", "079.090.001.234", "079090001234"),
        ("cmnd", "023 456 789", "023456789"),
        ("bhyt", "gd 4 79 7912345678", "GD4797912345678"),
        ("bhyt", "7912345678", "7912345678"),
        ("passport", "c-1234567", "C1234567"),
        ("passport", "Ｃ１２３４５６７", "C1234567"),
    ],
)
def test_canonical_form(system: str, typed: str, value: str) -> None:
    assert parse_identifier(system, typed).value == value


@pytest.mark.parametrize(
    ("system", "typed", "message"),
    [
        ("cmnd", "12345678", rules.BAD_CMND),
        ("bhyt", "GD9797912345678", rules.BAD_BHYT),
        ("passport", "C-1", rules.BAD_PASSPORT),
        ("loyalty", "1234567", rules.UNKNOWN_SYSTEM),
    ],
)
def test_refusals_name_the_field(system: str, typed: str, message: str) -> None:
    with pytest.raises(InvalidIdentifierValue) as refused:
        parse_identifier(system, typed, field="identifiers.0.value")
    assert refused.value.errors == {"identifiers.0.value": [message]}


def test_it_shows_only_the_end_of_its_value() -> None:
    passport = parse_identifier("passport", "C1234567")
    assert "1234567" not in f"{passport} {passport!r}"
    assert passport.masked == "******67"
