"""Which column is what: by its heading, in Vietnamese or English, with and without diacritics. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from kernel.text import N_, search_key

# What a column can be → how the pages call it. The order is that of the template.
COLUMNS: Final[Mapping[str, str]] = {
    "full_name": N_("Full name"),
    "date_of_birth": N_("Date of birth"),
    "gender": N_("Sex"),
    "cccd": N_("CCCD"),
    "bhyt": N_("Health insurance"),
    "cmnd": N_("Old identity card"),
    "passport": N_("Passport"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "address": N_("Address"),
    "blood_type": N_("Blood type"),
    "allergies": N_("Allergies"),
    "contact_name": N_("Person to call: name"),
    "contact_phone": N_("Person to call: phone"),
    "contact_relation": N_("Person to call: relation"),
}
REQUIRED: Final = ("full_name", "date_of_birth", "gender")

# As search_key makes them: lower case, no diacritics.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "full_name": (
        "ho ten",
        "ho va ten",
        "ten benh nhan",
        "ho ten benh nhan",
        "ho va ten benh nhan",
        "ten nguoi benh",
        "ho ten nguoi benh",
        "ho va ten nguoi benh",
        "benh nhan",
        "nguoi benh",
        "full name",
        "name",
        "patient name",
        "patient",
        "fullname",
    ),
    "date_of_birth": (
        "ngay sinh",
        "ngay thang nam sinh",
        "ngay thang sinh",
        "nam sinh",
        "sinh ngay",
        "date of birth",
        "birth date",
        "birthdate",
        "birthday",
        "dob",
        "born",
    ),
    "gender": ("gioi tinh", "gioi", "phai", "gender", "sex", "nam nu"),
    "cccd": (
        "cccd",
        "so cccd",
        "ma so cccd",
        "can cuoc cong dan",
        "so can cuoc cong dan",
        "can cuoc",
        "so can cuoc",
        "so dinh danh",
        "so dinh danh ca nhan",
        "ma dinh danh",
        "cccd cmnd",
        "cmnd cccd",
        "citizen id",
        "citizen identity number",
        "national id",
    ),
    "bhyt": (
        "bhyt",
        "so bhyt",
        "the bhyt",
        "so the bhyt",
        "ma the bhyt",
        "ma bhyt",
        "bao hiem y te",
        "so bao hiem y te",
        "the bao hiem y te",
        "so the bao hiem y te",
        "health insurance",
        "insurance number",
        "health insurance number",
    ),
    "cmnd": ("cmnd", "so cmnd", "chung minh nhan dan", "cmt", "so cmt", "old identity card", "id card"),
    "passport": ("ho chieu", "so ho chieu", "passport", "passport number", "passport no"),
    "phone": (
        "dien thoai",
        "so dien thoai",
        "sdt",
        "so dt",
        "dt",
        "di dong",
        "so di dong",
        "dtdd",
        "phone",
        "phone number",
        "mobile",
        "telephone",
        "tel",
    ),
    "email": ("email", "e mail", "thu dien tu", "hop thu"),
    "address": ("dia chi", "noi o", "cho o", "dia chi thuong tru", "thuong tru", "noi cu tru", "address"),
    "blood_type": ("nhom mau", "blood type", "blood group"),
    "allergies": ("di ung", "tien su di ung", "allergies", "allergy"),
    "contact_name": (
        "nguoi lien he",
        "ho ten nguoi lien he",
        "nguoi than",
        "ho ten nguoi than",
        "nguoi nha",
        "lien he khan cap",
        "nguoi can bao tin",
        "emergency contact",
        "contact name",
        "person to call",
        "person to call name",
    ),
    "contact_phone": (
        "sdt nguoi lien he",
        "dien thoai nguoi lien he",
        "so dien thoai nguoi lien he",
        "sdt nguoi than",
        "dien thoai nguoi than",
        "so dien thoai nguoi than",
        "sdt nguoi nha",
        "contact phone",
        "emergency phone",
        "person to call phone",
    ),
    "contact_relation": (
        "quan he",
        "moi quan he",
        "quan he voi benh nhan",
        "quan he voi nguoi benh",
        "relation",
        "relationship",
        "contact relation",
        "person to call relation",
    ),
}
_BY_WORDS: Final = {words: column for column, listed in _WORDS.items() for words in listed}
_NOTE: Final = re.compile(r"\(.*?\)|\[.*?\]|\*")
_NO_LETTERS: Final = re.compile(r"[^a-z0-9]+")
_DAY: Final = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}", re.ASCII)
# A heading further down than this is none.
LOOKED_AT: Final = 15


def column_of(heading: str) -> str | None:
    """What a heading says its column is; what stands in brackets after it, and a star, say nothing."""
    words = _NO_LETTERS.sub(" ", search_key(_NOTE.sub(" ", heading))).strip()
    return _BY_WORDS.get(words)


def guess(headings: Sequence[str]) -> list[str | None]:
    """What each column is; the first that says so, where two say the same."""
    found: list[str | None] = []
    for heading in headings:
        column = column_of(heading)
        found.append(column if column not in found else None)
    return found


def heading_row(rows: Sequence[tuple[int, Sequence[str]]]) -> int | None:
    """Where in `rows` the headings stand: the row that names the most columns, or else the first.

    Above it there may be the hospital's name and a title. None where no row names any and the first holds somebody's
    date of birth: it is a patient already, who would be left out without a word.
    """
    best, most = 0, 0
    for place, (_, cells) in enumerate(rows[:LOOKED_AT]):
        named = len({column for cell in cells if (column := column_of(cell))})
        if named > most:
            best, most = place, named
    if not most and rows and any(_DAY.fullmatch(cell) for cell in rows[0][1]):
        return None
    return best if rows else None


def missing(mapping: Sequence[str | None]) -> list[str]:
    """Columns that every import needs and this one has not."""
    return [column for column in REQUIRED if column not in mapping]
