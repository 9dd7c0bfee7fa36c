"""What a patient's details may be, and what somebody means who searches. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Final, TypeVar

from central.patient_index.public import parse_identifier
from kernel.errors import InvalidFields
from kernel.text import N_, canonical, digits, search_key
from tenant_app.patients.narrowing import EVERYBODY, Narrowing

BAD_PHONE: Final = N_(
    "Enter a phone number of Việt Nam, such as 0912 345 678, or a foreign one with + and its country."
)
BORN_IN_FUTURE: Final = N_("The date of birth lies in the future.")
BORN_TOO_LONG_AGO: Final = N_("Please check the year of birth.")
NO_NAME: Final = N_("Enter the name.")
NO_SUBSTANCE: Final = N_("Enter what the patient is allergic to.")
ALREADY_NOTED: Final = N_("This allergy is written down already.")
EMPTY_SEARCH: Final = N_("Enter a name, a number, or a date of birth.")

OLDEST: Final = 130
MAX_WORDS: Final = 8

# Mobile numbers have ten digits, landlines ten or eleven (area code 02…). Source: the numbering plan of the Ministry of
# Information and Communications, Decision 798/2014; foreign ones by ITU-T E.164.
_MOBILE: Final = re.compile(r"0[35789]\d{8}")
_LANDLINE: Final = re.compile(r"02\d{8,9}")
_FOREIGN: Final = re.compile(r"\+(?!84|0)\d{7,15}")
_PHONE_MARKS: Final = re.compile(r"[\s.()\-\u2010-\u2014]+")
_WORD: Final = re.compile(r"[a-z0-9]+")
_CODE: Final = re.compile(r"BN-?(\d{1,12})", re.IGNORECASE)
_DAY: Final = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})|(\d{4})-(\d{1,2})-(\d{1,2})")

Value = TypeVar("Value")


def parse_phone(text: str, *, name: str = "phone") -> str:
    """`0912345678` or `+81312345678`: national form for Việt Nam, E.164 for others. Raises InvalidFields."""
    bare = _PHONE_MARKS.sub("", "".join(digits(letter) or letter for letter in text))
    if bare.startswith("+84"):
        bare = "0" + bare[3:].removeprefix("0")
    elif bare.startswith("84") and len(bare) in {11, 12}:
        bare = "0" + bare[2:]
    if not (_MOBILE.fullmatch(bare) or _LANDLINE.fullmatch(bare) or _FOREIGN.fullmatch(bare)):
        raise InvalidFields(errors={name: [BAD_PHONE]})
    return bare


def parse_contact(given: Mapping[str, str | None]) -> dict[str, str]:
    """Name, phone and relation of somebody to call, in canonical form. Raises InvalidFields."""
    said = {
        "name": canonical(given.get("name") or ""),
        "phone": parse_phone(given.get("phone") or "", name="emergency_contact"),
        "relation": canonical(given.get("relation") or ""),
    }
    if not said["name"]:
        raise InvalidFields(errors={"emergency_contact": [NO_NAME]})
    return {name: value for name, value in said.items() if value}


def check_date_of_birth(born: date, *, today: date, name: str = "date_of_birth") -> date:
    """Not in the future, and of somebody who can be alive. Raises InvalidFields."""
    if born > today:
        raise InvalidFields(errors={name: [BORN_IN_FUTURE]})
    if today.year - born.year > OLDEST:
        raise InvalidFields(errors={name: [BORN_TOO_LONG_AGO]})
    return born


def tidy_substances(texts: Iterable[str]) -> list[str]:
    """Substances with single spaces, each once whatever its capitals, in the order given."""
    words = (canonical(text) for text in texts)
    return list({word.lower(): word for word in reversed([word for word in words if word])}.values())[::-1]


class Complaints:
    """Collects what is wrong with each field, so that a form hears of all of it at once."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def note(self, error: InvalidFields) -> None:
        """Keep what one check said."""
        for name, messages in error.errors.items():
            self.errors.setdefault(name, []).extend(messages)

    def read(self, parse: Callable[[], Value]) -> Value | None:
        """What `parse` gives, or None where it complains."""
        try:
            return parse()
        except InvalidFields as err:
            self.note(err)
            return None

    def raise_any(self) -> None:
        """Raises InvalidFields if there is anything."""
        if self.errors:
            raise InvalidFields(errors=self.errors)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchTerms:
    """What a search is for; all that is set must hold, but the readings of one number are alternatives.

    `words` are prefixes without diacritics; `narrowed` is by what names nobody, and may stand alone.
    """

    words: tuple[str, ...] = ()
    patient_code: str | None = None
    date_of_birth: date | None = None
    phone: str | None = None
    identifiers: tuple[str, ...] = field(default=(), repr=False)
    narrowed: Narrowing = EVERYBODY

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of what is searched by, for the audit log."""
        named = {
            "name": self.words,
            "patient_code": self.patient_code,
            "date_of_birth": self.date_of_birth,
            "phone": self.phone,
            "identifier": self.identifiers,
        }
        return (*(name for name, value in named.items() if value), *self.narrowed.chosen)


def read_search(text: str, *, date_of_birth: date | None = None, narrowed: Narrowing = EVERYBODY) -> SearchTerms:
    """What was typed into one box: a patient's code, a date of birth, a phone or identifier, or the start of names.

    A date may stand beside a name (`an 01/02/1980`). Nothing need be typed where `narrowed` chooses. Raises
    InvalidFields where nothing can be searched by.
    """
    rest = canonical(text)
    born = date_of_birth
    if found := _DAY.search(rest):
        day = _day(found)
        if day is not None:
            born = day
            rest = canonical(rest[: found.start()] + " " + rest[found.end() :])
    if code := _CODE.fullmatch(rest):
        return SearchTerms(patient_code=f"BN-{int(code[1]):06d}", date_of_birth=born, narrowed=narrowed)
    phone = _or_none(lambda: parse_phone(rest))
    identifiers = _identifiers(rest)
    if phone or identifiers:
        return SearchTerms(phone=phone, identifiers=identifiers, date_of_birth=born, narrowed=narrowed)
    words = tuple(dict.fromkeys(_WORD.findall(search_key(rest))))[:MAX_WORDS]
    if not words and born is None and (rest or not narrowed.chosen):
        raise InvalidFields(errors={"query": [EMPTY_SEARCH]})
    return SearchTerms(words=words, date_of_birth=born, narrowed=narrowed)


def _identifiers(text: str) -> tuple[str, ...]:
    """The values that the text may be, were it an identifier; a word of letters only is a name."""
    if not any(letter.isdecimal() for letter in text):
        return ()
    systems = ("cccd", "cmnd", "bhyt", "passport")
    found = (_or_none(partial(parse_identifier, system, text)) for system in systems)
    return tuple(dict.fromkeys(identifier.value for identifier in found if identifier))


def _or_none(parse: Callable[[], Value]) -> Value | None:
    try:
        return parse()
    except InvalidFields:
        return None


def _day(found: re.Match[str]) -> date | None:
    day, month, year = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
