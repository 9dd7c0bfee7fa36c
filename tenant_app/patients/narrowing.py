"""What narrows a list of patients down and names nobody: age, sex, health insurance, the record's status. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

# From which birthday on, and before which; None without a bound. Older people by law: from 60 (Luật Người cao tuổi
# 39/2009/QH12, Điều 2); who goes first: from 75 (Luật 15/2023/QH15, Điều 3).
AGES: Final[Mapping[str, tuple[int | None, int | None]]] = {
    "under6": (None, 6),
    "under16": (None, 16),
    "16to59": (16, 60),
    "from60": (60, None),
    "from75": (75, None),
}
# No number of a card is known; one is, and its card is not past; its card is past.
INSURANCES: Final = ("missing", "present", "expired")


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowing:
    """What of it was chosen; all that is set must hold."""

    status: str | None = None
    age: str | None = None
    gender: str | None = None
    insurance: str | None = None

    @property
    def chosen(self) -> tuple[str, ...]:
        """The names of what was chosen, for the audit log."""
        return tuple(name for name in ("status", "age", "gender", "insurance") if getattr(self, name))

    def born(self, today: date) -> tuple[date | None, date | None]:
        """The first and the last day of birth that fit the age, both included."""
        since, below = AGES[self.age] if self.age else (None, None)
        return (
            None if below is None else _day_after_birthday(today, below),
            None if since is None else _years_before(today, since),
        )


EVERYBODY: Final = Narrowing()


def _years_before(today: date, years: int) -> date:
    """Who was born up to this day is so many years old; on 29 February also who was born on the 28th of a short one."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return date(today.year - years, 2, 28)


def _day_after_birthday(today: date, years: int) -> date:
    return date.fromordinal(_years_before(today, years).toordinal() + 1)
