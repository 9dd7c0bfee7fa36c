"""Việt Nam's public holidays, to offer. Pure.

Labour Code 2019 (45/2019/QH14), Article 112. The second day of the National Day and the days given in place of weekends
are decided each year, so a hospital adds them itself. The names are data, in the hospital's language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicHoliday:
    """A holiday as it would be added."""

    name: str
    first_day: date
    last_day: date


# The first day of the lunar year, and the tenth of its third month, on the calendar of Việt Nam (UTC+7).
LUNAR_DAYS: Final[Mapping[int, tuple[date, date]]] = {
    2026: (date(2026, 2, 17), date(2026, 4, 26)),
    2027: (date(2027, 2, 6), date(2027, 4, 16)),
    2028: (date(2028, 1, 26), date(2028, 4, 4)),
}
# New Year's eve and four days from the first: five, as the law has it and as 2026 was decided.
_TET_BEFORE: Final = 1
_TET_AFTER: Final = 3


def public_holidays(year: int) -> list[PublicHoliday]:
    """Those of a year by day; where the lunar days of the year are not known here, only the solar ones."""
    found = [
        _days("Tết Dương lịch", date(year, 1, 1)),
        _days("Ngày Chiến thắng và Quốc tế Lao động", date(year, 4, 30), date(year, 5, 1)),
        _days("Quốc khánh", date(year, 9, 2)),
    ]
    if lunar := LUNAR_DAYS.get(year):
        new_year, kings = lunar
        found += [
            _days("Tết Nguyên đán", new_year - timedelta(days=_TET_BEFORE), new_year + timedelta(days=_TET_AFTER)),
            _days("Giỗ Tổ Hùng Vương", kings),
        ]
    return sorted(found, key=lambda each: each.first_day)


def _days(name: str, first: date, last: date | None = None) -> PublicHoliday:
    return PublicHoliday(name=name, first_day=first, last_day=last or first)
