"""What a cell of a spreadsheet means, and what spreadsheets do to numbers and days. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from central.patient_index.public import Cccd, parse_cccd
from kernel.errors import InvalidFields
from kernel.text import N_, canonical, search_key, storable
from tenant_app.patient_imports.decoding import UNREADABLE
from tenant_app.patient_imports.tables import Cell

ERROR: Final = "error"
DOUBT: Final = "doubt"
NOTE: Final = "note"

MISSING: Final = N_("This is needed.")
YEAR_ONLY: Final = N_("Only the year of birth is given. Enter the day and month too.")
SHORT_YEAR: Final = N_("Give the year with four digits.")
BAD_DAY: Final = N_("This is no day. Write it as day/month/year, such as 25/12/1990.")
BAD_GENDER: Final = N_("Write Nam or Nữ (male or female), or Khác (other).")
CUT_BY_EXCEL: Final = N_("Excel has shortened this number. Format the column as text and enter it again.")
FORMULA_IN_TEXT: Final = N_("This begins like a formula. Enter it without the sign in front.")
BAD_LETTERS: Final = N_("Some letters cannot be read. Choose another encoding, or write it again.")
BAD_BLOOD_TYPE: Final = N_("A blood type is A+, A-, B+, B-, AB+, AB-, O+ or O-.")
TOO_LONG: Final = N_("This is too long.")
ZEROS_GIVEN_BACK: Final = N_("Leading zeros that Excel had dropped were put back: %(value)s")
ZERO_OF_PHONE: Final = N_("The leading zero that Excel had dropped was put back: %(value)s")

BLOOD_TYPES: Final = ("A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-")
_GENDERS: Final = {
    **dict.fromkeys(("nam", "male", "m", "trai", "ong", "man"), "male"),
    **dict.fromkeys(("nu", "female", "f", "gai", "ba", "woman"), "female"),
    **dict.fromkeys(("khac", "other", "o"), "other"),
}
_DAY: Final = re.compile(r"(\d{1,2})[\s./-]+(\d{1,2})[\s./-]+(\d{4})(?:[ T]+0{1,2}:00(?::00)?)?", re.ASCII)
_ISO_DAY: Final = re.compile(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})(?:[ T]+0{1,2}:00(?::00(?:\.0+)?)?)?", re.ASCII)
_SHORT: Final = re.compile(r"\d{1,2}[\s./-]+\d{1,2}[\s./-]+\d{2}", re.ASCII)
_CUT: Final = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE | re.ASCII)
# Day 60 of the calendar that spreadsheets count by is 29/02/1900, which never was: from day 61 on the count is right.
_SERIAL_ZERO: Final = date(1899, 12, 30)
_FIRST_SERIAL: Final = 2_200
_LAST_SERIAL: Final = 75_000
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a cell: `level` error (stops the import), doubt (somebody decides) or note (only shown).

    `column` is a name of headings.COLUMNS, or None for the whole row; `said` fills the message's places.
    """

    level: str
    column: str | None
    message: str
    said: dict[str, Any] = field(default_factory=dict)

    def stored(self) -> dict[str, Any]:
        """As it is kept with the row."""
        return {"level": self.level, "column": self.column, "message": self.message, "said": self.said}


def text_of(cell: Cell) -> str:
    """A cell as text: whole numbers without a point, days as dd/mm/yyyy."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        midnight = cell.time() == time()
        return cell.strftime("%d/%m/%Y") if midnight else cell.strftime("%d/%m/%Y %H:%M")
    if isinstance(cell, date):
        return f"{cell.day:02}/{cell.month:02}/{cell.year:04}"
    if isinstance(cell, timedelta | time | int):
        return str(cell)
    return canonical(cell.replace("\0", UNREADABLE))


def day_of(cell: Cell, text: str) -> date:
    """A date of birth out of a cell. Raises InvalidFields, with the reason for a year alone."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None
    if number is not None:
        if 1850 <= number <= 2100:
            raise InvalidFields(errors={"date_of_birth": [YEAR_ONLY]})
        if _FIRST_SERIAL <= number <= _LAST_SERIAL:
            return _SERIAL_ZERO + timedelta(days=number)
    parts: tuple[str, str, str] | None = None
    if found := _DAY.fullmatch(text):
        parts = found[3], found[2], found[1]
    elif found := _ISO_DAY.fullmatch(text):
        parts = found[1], found[2], found[3]
    elif len(text) == 8 and text.isascii() and text.isdecimal():
        parts = text[4:], text[2:4], text[:2]
    if parts is not None:
        try:
            return date(int(parts[0]), int(parts[1]), int(parts[2]))
        except ValueError as err:
            raise InvalidFields(errors={"date_of_birth": [BAD_DAY]}) from err
    raise InvalidFields(errors={"date_of_birth": [SHORT_YEAR if _SHORT.fullmatch(text) else BAD_DAY]})


def gender_of(text: str) -> str:
    """male, female or other. Raises InvalidFields."""
    gender = _GENDERS.get(search_key(text))
    if gender is None:
        raise InvalidFields(errors={"gender": [BAD_GENDER]})
    return gender


def blood_type_of(text: str) -> str:
    """`O Rh+`, `o+`, `O (+)` → `O+`. Raises InvalidFields."""
    bare = re.sub(r"rh|[\s()]", "", text, flags=re.IGNORECASE).upper().replace("−", "-").replace("–", "-")
    if bare not in BLOOD_TYPES:
        raise InvalidFields(errors={"blood_type": [BAD_BLOOD_TYPE]})
    return bare


def allergies_of(text: str) -> list[str]:
    """Substances between commas and semicolons."""
    return [canonical(word) for word in re.split(r"[;,\n]", text) if word.strip()]


def refuse_text(column: str, text: str) -> None:
    """Refuse what no cell of this column may hold, whatever it means. Raises InvalidFields."""
    if UNREADABLE in text or not storable(text):
        raise InvalidFields(errors={column: [BAD_LETTERS]})
    if column in {"cccd", "cmnd", "bhyt", "phone", "passport", "contact_phone"} and _CUT.fullmatch(text):
        raise InvalidFields(errors={column: [CUT_BY_EXCEL]})
    plus = column in {"phone", "contact_phone"} and text.startswith("+")
    if text.startswith(_FORMULA) and not plus:
        raise InvalidFields(errors={column: [FORMULA_IN_TEXT]})


def with_zeros(text: str, *, gender: str | None, born: date | None) -> Cccd | None:
    """A CCCD that lost its leading zeros, where what they make of it agrees with sex and year of birth."""
    if not (text.isascii() and text.isdecimal() and len(text) in {10, 11}) or gender is None or born is None:
        return None
    try:
        found = parse_cccd(text.zfill(12))
    except InvalidFields:
        return None
    return None if found.disagreements(gender, born) or gender == "other" else found


def phone_with_zero(text: str) -> str:
    """A mobile number that lost its leading zero, with it; anything else as it is."""
    return f"0{text}" if re.fullmatch(r"[35789]\d{8}", text) else text


def problems_of(level: str, errors: dict[str, list[str]], *, among: Iterable[str]) -> list[Problem]:
    """What a check said, as problems of the columns that exist; of a field without one, of the row."""
    named = set(among)
    return [
        Problem(level, name if name in named else None, message)
        for name, messages in errors.items()
        for message in messages
    ]
