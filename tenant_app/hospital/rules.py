"""What a hospital may say of itself. Pure."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from kernel.errors import InvalidFields
from kernel.text import N_, canonical
from tenant_app.calendar.rules import parse_business_hours
from tenant_app.patients.rules import Complaints, parse_phone
from tenant_app.staff.rules import parse_email

BAD_WEBSITE: Final = N_("Enter a website's address, such as https://benhvien.vn.")
BAD_TAX_CODE: Final = N_(
    "A tax code has 10 digits, a branch's three more after a hyphen: 0101234567 or 0101234567-001."
)
TOO_LONG: Final = N_("This is too long.")

# The name in the contract and in the licence is central's: a hospital chooses only what it is called for short.
LONGEST: Final[Mapping[str, int]] = {
    "display_name": 255,
    "address": 500,
    "phone": 20,
    "email": 255,
    "website": 255,
    "license_number": 100,
    "tax_code": 50,
}
DETAILS: Final = tuple(LONGEST)

_HOTLINE: Final = re.compile(r"1[89]00\d{4,6}")
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}(?::\d{1,5})?")
# Circular 105/2020/TT-BTC, Article 5: ten digits; a branch's own three after a hyphen.
_TAX_CODE: Final = re.compile(r"\d{10}(?:-\d{3})?")
_BLANKS: Final = re.compile(r"[\s.]+")


def parse_hospital_phone(text: str) -> str:
    """A phone as patients' (national form), or a hotline such as `19001234`. Raises InvalidFields."""
    bare = _BLANKS.sub("", text)
    return bare if _HOTLINE.fullmatch(bare) else parse_phone(text)


def parse_website(text: str) -> str:
    """The address with its scheme, https where none was written. Raises InvalidFields."""
    address = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(address)
    except ValueError as err:
        raise InvalidFields(errors={"website": [BAD_WEBSITE]}) from err
    # Never anything that a browser would run, nor a name and password before the host.
    if parts.scheme.lower() not in {"http", "https"} or not _HOST.fullmatch(parts.netloc.lower()) or " " in address:
        raise InvalidFields(errors={"website": [BAD_WEBSITE]})
    return address


def parse_tax_code(text: str) -> str:
    """`0101234567` or `0101234567-001`. Raises InvalidFields."""
    bare = _BLANKS.sub("", text)
    if not _TAX_CODE.fullmatch(bare):
        raise InvalidFields(errors={"tax_code": [BAD_TAX_CODE]})
    return bare


_PARSERS: Final[Mapping[str, Callable[[str], str]]] = {
    "phone": parse_hospital_phone,
    "email": parse_email,
    "website": parse_website,
    "tax_code": parse_tax_code,
}


def parse_details(given: Mapping[str, Any]) -> dict[str, Any]:
    """Canonical values of the details named; what is empty becomes None. Raises InvalidFields with all faults."""
    complaints = Complaints()
    values: dict[str, Any] = {}
    for name in DETAILS:
        if name not in given:
            continue
        text = canonical(given[name] or "")
        values[name] = complaints.read(partial(_parsed, name, text)) if text else None
    if "business_hours" in given:
        hours = given["business_hours"]
        values["business_hours"] = None if hours is None else complaints.read(partial(parse_business_hours, hours))
    complaints.raise_any()
    return values


def _parsed(name: str, text: str) -> str:
    value = _PARSERS[name](text) if name in _PARSERS else text
    if len(value) > LONGEST[name]:
        raise InvalidFields(errors={name: [TOO_LONG]})
    return value
