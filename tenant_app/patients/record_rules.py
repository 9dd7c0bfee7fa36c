"""What may be written down of a patient's contacts and history, and who needs a guardian. Pure."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from kernel.errors import InvalidFields
from kernel.text import N_, canonical
from tenant_app.patients.rules import NO_NAME

NO_WORDS: Final = N_("Say what it is.")
BAD_ICD10: Final = N_("A code of ICD-10 is a letter and two digits, with more after a point: I10, E11.9.")
BAD_YEAR: Final = N_("Enter a year in the patient's life.")

# Below these ages, in years. Children until 16: Law on Children 2016, Art. 1; under 6 they have health insurance
# without a card of their own at first (Law on Health Insurance, Art. 12), so that somebody has to speak for them.
GUARDIAN_UNTIL: Final = 16
SMALL_UNTIL: Final = 6

_ICD10: Final = re.compile(r"([A-Z]\d{2})\.?(\d{0,2})")


def read_name(text: str, *, field: str = "full_name") -> str:
    """A name with single spaces. Raises InvalidFields."""
    return _words(text, field=field, missing=NO_NAME)


def read_what(text: str) -> str:
    """What a piece of history says, its spaces single. Raises InvalidFields."""
    return _words(text, field="what", missing=NO_WORDS)


def read_icd10(text: str | None) -> str | None:
    """`e119` is `E11.9`; None where nothing was given. Raises InvalidFields."""
    bare = "".join((text or "").split()).upper()
    if not bare:
        return None
    found = _ICD10.fullmatch(bare)
    if found is None:
        raise InvalidFields(errors={"icd10": [BAD_ICD10]})
    return f"{found[1]}.{found[2]}" if found[2] else found[1]


def check_year(year: int | None, *, born: date, today: date, kind: str) -> int | None:
    """A year from the patient's birth on; an illness in the family may be older. Raises InvalidFields."""
    if year is None:
        return None
    earliest = born.year - 100 if kind == "family" else born.year
    if not earliest <= year <= today.year:
        raise InvalidFields(errors={"since_year": [BAD_YEAR]})
    return year


def lacks_guardian(*, born: date, guardians: Iterable[bool], today: date) -> int | None:
    """The age limit, 6 or 16, below which the patient is while nobody is named as guardian; else None."""
    if any(guardians):
        return None
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return SMALL_UNTIL if age < SMALL_UNTIL else GUARDIAN_UNTIL if age < GUARDIAN_UNTIL else None


def _words(text: str, *, field: str, missing: str) -> str:
    words = canonical(text)
    if not words:
        raise InvalidFields(errors={field: [missing]})
    return words
