"""What a health insurance card says, and whether it is good on a day. Pure.

Sources: the card of social insurance, Decision 1666/QĐ-BHXH (2020): the number, "giá trị sử dụng từ ngày", and the code
of the facility of first registration: two digits of the province, three characters of the facility. New cards name no
last day, so that it may be empty.
"""

import re
from datetime import date, timedelta
from typing import Final

from kernel.errors import InvalidFields
from kernel.text import N_

BAD_FACILITY: Final = N_("The code has 5 characters, the first two of them digits: 01004, 79A12.")
NO_FIRST_DAY: Final = N_("Enter the first day of the card.")
ENDS_BEFORE: Final = N_("The last day lies before the first.")

ENDS_SOON: Final = timedelta(days=30)
_FACILITY: Final = re.compile(r"\d{2}[0-9A-Z]{3}", re.ASCII)


def read_facility(text: str | None) -> str | None:
    """The code of the facility of first registration; None where nothing was given. Raises InvalidFields."""
    bare = "".join((text or "").split()).upper()
    if not bare:
        return None
    if not _FACILITY.fullmatch(bare):
        raise InvalidFields(errors={"facility_code": [BAD_FACILITY]})
    return bare


def check_days(valid_from: date | None, valid_to: date | None) -> date:
    """The first day, which there has to be; the last may not lie before it. Raises InvalidFields."""
    if valid_from is None:
        raise InvalidFields(errors={"valid_from": [NO_FIRST_DAY]})
    if valid_to is not None and valid_to < valid_from:
        raise InvalidFields(errors={"valid_to": [ENDS_BEFORE]})
    return valid_from


def card_state(valid_from: date, valid_to: date | None, *, on: date) -> str:
    """`not_yet`, `expired`, `ends_soon` (within 30 days) or `valid`; both days belong to it."""
    if on < valid_from:
        return "not_yet"
    if valid_to is None:
        return "valid"
    if on > valid_to:
        return "expired"
    return "ends_soon" if valid_to - on <= ENDS_SOON else "valid"
