"""The citizen identity number (CCCD): its one canonical form, what it says, and what cannot be one.

Twelve digits: three of the province (or country) where the birth was registered, one of century and gender, two of the
year of birth, six random. There is no check digit. Source: Decree 137/2015/ND-CP Art. 13, Circular 59/2021/TT-BCA; the
codes stand with their periods of validity in `data/cccd_provinces.json`.
"""

import functools
import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from central.patient_index.errors import InvalidCccd
from kernel.clock import local_today
from kernel.text import N_

LENGTH: Final = 12

NOT_TEXT: Final = N_("Enter the citizen identity number.")
FOREIGN_CHARACTERS: Final = N_("A citizen identity number has digits only.")
WRONG_LENGTH: Final = N_("A citizen identity number has 12 digits.")
NO_SUCH_PROVINCE: Final = N_("The first three digits are not the code of a province or country.")
NO_SUCH_CENTURY: Final = N_("The fourth digit does not belong to a century that has begun.")
BORN_IN_FUTURE: Final = N_("By its digits, the year of birth has not come yet.")
OTHER_GENDER: Final = N_("The number says another gender. Please check both.")
OTHER_BIRTH_YEAR: Final = N_("The number says another year of birth. Please check both.")

# Blanks of every width, dots and hyphens are how people group the digits; full-width digits come from some keyboards.
_SEPARATORS: Final = frozenset(
    " \t\u00a0\u2002\u2003\u2007\u2009\u202f\u3000.-\u2010\u2011\u2012\u2013\u2014\uff0e\uff0d"
)
_FULL_WIDTH: Final = {ord("０") + number: str(number) for number in range(10)}
_DIGITS: Final = frozenset("0123456789")


class Disagreement(NamedTuple):
    """A field of the form that says otherwise than the number: to be confirmed by a person, not an error."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Cccd:
    """A well-formed CCCD. It shows itself only masked, so that no log, trace or page spells it by accident.

    `value` is the number itself: twelve ASCII digits. `birth_year` has four digits; `gender` is male or female.
    """

    value: str = field(repr=False)
    birth_year: int = field(repr=False)
    gender: str = field(repr=False)
    place: str | None = field(repr=False)

    @property
    def masked(self) -> str:
        """`0790******12`."""
        return f"{self.value[:4]}******{self.value[-2:]}"

    def disagreements(self, gender: str | None, date_of_birth: date | None) -> list[Disagreement]:
        """Where the form says otherwise than the number; what is not given, or is `other`, disagrees with nothing."""
        found = []
        if gender in {"male", "female"} and gender != self.gender:
            found.append(Disagreement("gender", OTHER_GENDER))
        if date_of_birth is not None and date_of_birth.year != self.birth_year:
            found.append(Disagreement("date_of_birth", OTHER_BIRTH_YEAR))
        return found

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"Cccd({self.masked})"


def parse_cccd(text: str, *, field: str = "cccd", today: date | None = None) -> Cccd:
    """Read a CCCD as people write it; raises InvalidCccd (422, naming `field`) with what is wrong.

    Blanks, dots, hyphens and full-width digits are accepted. `today` is the day by which codes are valid and years have
    begun; by default the present day in Việt Nam.
    """
    day = today or local_today()
    value = _digits(text, field=field)
    codes = _codes()
    place, known = codes.place(value[:3], day)
    if not known:
        raise InvalidCccd(NO_SUCH_PROVINCE, field=field)
    meaning = codes.meaning(value[3], day)
    if meaning is None or meaning.century > day.year:
        raise InvalidCccd(NO_SUCH_CENTURY, field=field)
    year = meaning.century + int(value[4:6])
    if year > day.year:
        raise InvalidCccd(BORN_IN_FUTURE, field=field)
    return Cccd(value, year, meaning.gender, place)


def _digits(text: str, *, field: str) -> str:
    value = "".join(letter for letter in text.translate(_FULL_WIDTH).strip() if letter not in _SEPARATORS)
    if not value:
        raise InvalidCccd(NOT_TEXT, field=field)
    if not _DIGITS.issuperset(value):
        raise InvalidCccd(FOREIGN_CHARACTERS, field=field)
    if len(value) != LENGTH:
        raise InvalidCccd(WRONG_LENGTH, field=field)
    return value


class _Period(NamedTuple):
    first: date
    last: date | None

    def holds(self, day: date) -> bool:
        return self.first <= day and (self.last is None or day <= self.last)


class _Meaning(NamedTuple):
    gender: str
    century: int


class _Codes:
    """The rules as data: which codes are valid on a day, and what they mean."""

    def __init__(self, data: dict[str, list[dict[str, str | None]]]) -> None:
        self._provinces = {row["code"]: (row["name"], _period(row)) for row in data["provinces"]}
        self._countries = [(str(row["first"]), str(row["last"]), _period(row)) for row in data["countries"]]
        self._meanings = {
            row["digit"]: (_Meaning(str(row["gender"]), int(str(row["century"]))), _period(row))
            for row in data["genders_and_centuries"]
        }

    def place(self, code: str, day: date) -> tuple[str | None, bool]:
        """The province's name (None for a country), and whether the code is valid at all."""
        name, period = self._provinces.get(code, (None, None))
        if period is not None and period.holds(day):
            return name, True
        return None, any(first <= code <= last and period.holds(day) for first, last, period in self._countries)

    def meaning(self, digit: str, day: date) -> _Meaning | None:
        meaning, period = self._meanings.get(digit, (None, None))
        return meaning if period is not None and period.holds(day) else None


def _period(row: dict[str, str | None]) -> _Period:
    last = row["valid_to"]
    return _Period(date.fromisoformat(str(row["valid_from"])), date.fromisoformat(last) if last else None)


@functools.cache
def _codes() -> _Codes:
    path = Path(__file__).parent / "data" / "cccd_provinces.json"
    return _Codes(json.loads(path.read_text(encoding="utf-8")))


def province_codes() -> dict[str, str]:
    """The issue codes of provinces, with their names: for forms and for made-up data."""
    rows = json.loads((Path(__file__).parent / "data" / "cccd_provinces.json").read_text(encoding="utf-8"))["provinces"]
    return {row["code"]: row["name"] for row in rows}
