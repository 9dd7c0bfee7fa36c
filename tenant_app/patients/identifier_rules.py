"""What a health insurance number says, by rules that hold for a time. Pure.

Sources: the formats and benefit levels as social insurance prints them on the card (Law on Health Insurance 25/2008 as
amended, Art. 22, for the levels); the CCCD as the number of health insurance from 15/08/2025.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from central.patient_index.public import InvalidCccd, parse_cccd
from kernel.errors import InvalidFields
from kernel.text import N_

NOT_A_FORM_NOW: Final = N_("A health insurance number of this form is not in use on this day.")
NOT_A_CCCD: Final = N_("A health insurance number of 12 digits is a citizen identity number, and this is none.")
OTHER_CCCD: Final = N_("A health insurance number of 12 digits is the patient's CCCD, and the CCCD here is another.")


@dataclass(frozen=True, kw_only=True, slots=True)
class BhytForm:
    """A form of number and the days on which it is accepted; None leaves that side open."""

    name: str
    pattern: re.Pattern[str]
    since: date | None = None
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether the form is accepted on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class BenefitLevel:
    """The share of the costs that a benefit digit stands for, and the days on which it does."""

    digit: str
    percent: int
    since: date | None = None
    until: date | None = None


BHYT_FORMS: Final = (
    BhytForm(name="card", pattern=re.compile(r"[A-Z]{2}[1-5]\d{2}\d{10}", re.ASCII)),
    BhytForm(name="social_insurance", pattern=re.compile(r"\d{10}", re.ASCII)),
    BhytForm(name="cccd", pattern=re.compile(r"\d{12}", re.ASCII), since=date(2025, 8, 15)),
)
BENEFIT_LEVELS: Final = (
    BenefitLevel(digit="1", percent=100),
    BenefitLevel(digit="2", percent=100),
    BenefitLevel(digit="3", percent=95),
    BenefitLevel(digit="4", percent=80),
    BenefitLevel(digit="5", percent=100),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BhytNumber:
    """A number and what it says: only the card's own form has a benefit digit and with it a share of the costs."""

    value: str = field(repr=False)
    form: str
    benefit_digit: str | None
    benefit_percent: int | None


def read_bhyt(value: str, *, on: date, name: str = "bhyt") -> BhytNumber:
    """What a canonical number says on a day. Raises InvalidFields where its form is not accepted then."""
    form = next((form for form in BHYT_FORMS if form.pattern.fullmatch(value) and form.holds(on)), None)
    if form is None:
        raise InvalidFields(errors={name: [NOT_A_FORM_NOW]})
    if form.name == "cccd":
        try:
            parse_cccd(value)
        except InvalidCccd as err:
            raise InvalidFields(errors={name: [NOT_A_CCCD]}) from err
    digit = value[2] if form.name == "card" else None
    return BhytNumber(
        value=value,
        form=form.name,
        benefit_digit=digit,
        benefit_percent=benefit_percent(digit, on=on) if digit else None,
    )


def benefit_percent(digit: str, *, on: date) -> int | None:
    """The share of the costs in per cent that a benefit digit stands for on a day."""
    for level in BENEFIT_LEVELS:
        begun = level.since is None or level.since <= on
        if level.digit == digit and begun and (level.until is None or on <= level.until):
            return level.percent
    return None
