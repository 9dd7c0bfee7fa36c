"""Identifiers of a patient: (system, value) in one canonical form, so that one person has one blind index digest."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from central.patient_index.cccd import parse_cccd
from central.patient_index.errors import InvalidIdentifierValue
from kernel.text import N_

SYSTEMS: Final = ("cccd", "cmnd", "bhyt", "passport")

BAD_CMND: Final = N_("An old identity card number has 9 or 12 digits.")
BAD_BHYT: Final = N_("A health insurance number has 10, 12 or 15 characters, as on the card.")
BAD_PASSPORT: Final = N_("A passport number has 5 to 20 letters and digits.")
UNKNOWN_SYSTEM: Final = N_("This kind of identifier is not known.")

# CMND: 9 digits, or 12 on the last cards. BHYT: 2 letters of the group, benefit digit 1-5, 2 of the province, 10 of the
# number; or the 10 digits of social insurance; or a CCCD (since 2025-08-15). Passports: ICAO 9303 has at most nine
# characters; some states print longer national numbers.
_FORMS: Final = {
    "cmnd": (re.compile(r"\d{9}|\d{12}", re.ASCII), BAD_CMND),
    "bhyt": (re.compile(r"[A-Z]{2}[1-5]\d{12}|\d{10}|\d{12}", re.ASCII), BAD_BHYT),
    "passport": (re.compile(r"[A-Z0-9]{5,20}"), BAD_PASSPORT),
}
_BETWEEN: Final = re.compile(r"[\s.\-\u2010-\u2014]+")


@dataclass(frozen=True, slots=True)
class Identifier:
    """One normalised identifier; make it with `parse_identifier`. It never shows its value by itself."""

    system: str
    value: str = field(repr=False)

    @property
    def masked(self) -> str:
        """The last two characters, as many stars as the rest."""
        return "*" * (len(self.value) - 2) + self.value[-2:]

    def __str__(self) -> str:
        return f"{self.system}:{self.masked}"


def parse_identifier(system: str, text: str, *, field: str | None = None) -> Identifier:
    """The canonical form of an identifier; raises InvalidIdentifierValue (422) naming `field` or the system."""
    named = field or system
    if system == "cccd":
        return Identifier(system, parse_cccd(text, field=named).value)
    if system not in _FORMS:
        raise InvalidIdentifierValue(UNKNOWN_SYSTEM, field=named)
    form, message = _FORMS[system]
    value = _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()
    if not form.fullmatch(value):
        raise InvalidIdentifierValue(message, field=named)
    return Identifier(system, value)
