"""Opening hours, closures, and what is left of a day. Pure; times are wall-clock time in Việt Nam."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise
from typing import Any, Final

from kernel.errors import InvalidFields
from kernel.text import N_, canonical

Span = tuple[time, time]
Hours = Sequence[Span]
WeekHours = Mapping[str, Hours]

# As JSON spells them, from Monday.
WEEKDAY_NAMES: Final[Mapping[str, str]] = {
    "mon": N_("Monday"),
    "tue": N_("Tuesday"),
    "wed": N_("Wednesday"),
    "thu": N_("Thursday"),
    "fri": N_("Friday"),
    "sat": N_("Saturday"),
    "sun": N_("Sunday"),
}
WEEKDAYS: Final = tuple(WEEKDAY_NAMES)
# What most outpatient departments keep; it holds until a hospital sets hours of its own.
USUAL_HOURS: Final[Hours] = ((time(7), time(11, 30)), (time(13), time(17)))
MOST_SPANS: Final = 4

BAD_HOURS: Final = N_("Write hours as 07:00-11:30, 13:00-17:00; leave the day empty where it is closed.")
HOURS_OVERLAP: Final = N_("These hours overlap.")
TOO_MANY_SPANS: Final = N_("At most four spans a day.")
NEVER_OPEN: Final = N_("At least one day must be open.")

# As people write it: 7:00-11:30, 7h30 – 11h, 07.00-11.30.
_MOMENT: Final = r"(\d{1,2})(?:[:hg.](\d{2})?)?"
_SPAN: Final = re.compile(rf"{_MOMENT}\s*[-\u2013\u2014]\s*{_MOMENT}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which the hospital is closed, wholly or, where times are given, for that part of each day."""

    first_day: date
    last_day: date
    start_time: time | None = None
    end_time: time | None = None

    def on(self, day: date) -> Span | None:
        """What of this day is closed."""
        if not self.first_day <= day <= self.last_day:
            return None
        return self.start_time or time.min, self.end_time or time.max


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """What is known of a hospital's days. `business_hours` is None where the hospital has set none."""

    business_hours: WeekHours | None = None
    closures: tuple[Closure, ...] = ()

    @property
    def is_set(self) -> bool:
        """Whether the hours are the hospital's own."""
        return self.business_hours is not None

    def hours_on(self, day: date) -> Hours:
        """The hours of a day, without what is closed."""
        hours = USUAL_HOURS if self.business_hours is None else self.business_hours[WEEKDAYS[day.weekday()]]
        return without(hours, self.closed_on(day))

    def closed_on(self, day: date) -> list[Span]:
        """What of a day is closed by holidays."""
        return [span for closure in self.closures if (span := closure.on(day)) is not None]


NOT_SET: Final = Calendar()


def without(hours: Iterable[Span], closed: Iterable[Span]) -> list[Span]:
    """What is left of `hours`; an edge that only touches takes nothing away."""
    left = list(hours)
    for begins, ends in closed:
        parts = [((start, min(end, begins)), (max(start, ends), end)) for start, end in left]
        left = [span for pair in parts for span in pair if span[0] < span[1]]
    return left


def overlap_of(hours: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What both have in common."""
    within = list(others)
    parts = [(max(start, opens), min(end, closes)) for start, end in hours for opens, closes in within]
    return [span for span in parts if span[0] < span[1]]


def read_hours(stored: Mapping[str, Any] | None) -> WeekHours | None:
    """Hours as `hospital_info.business_hours` keeps them."""
    if stored is None:
        return None
    return {day: tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in stored[day]) for day in WEEKDAYS}


def parse_business_hours(given: Mapping[str, Any]) -> dict[str, list[list[str]]]:
    """`{"mon": [["07:00", "11:30"], …], …}`, each day there and in order; a day that is not named is closed.

    Raises InvalidFields by day, as `business_hours_mon`.
    """
    errors: dict[str, list[str]] = {}
    kept: dict[str, list[list[str]]] = {}
    for day in given.keys() - set(WEEKDAYS):
        errors[f"business_hours_{day}"[:50]] = [BAD_HOURS]
    for day in WEEKDAYS:
        try:
            kept[day] = [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in _ordered(_spans(given.get(day) or []))]
        except InvalidFields as wrong:
            errors[f"business_hours_{day}"] = wrong.errors["hours"]
    if not errors and not any(kept.values()):
        errors["business_hours_mon"] = [NEVER_OPEN]
    if errors:
        raise InvalidFields(errors=errors)
    return kept


def parse_hours_text(text: str) -> list[list[str]]:
    """`7h-11h30, 13:00-17:00` as the JSON of one day; what cannot be read is kept, so that it is refused."""
    spans: list[list[str]] = []
    for part in filter(None, (canonical(each) for each in re.split(r"[,;]", text))):
        found = _SPAN.fullmatch(part)
        spans.append([f"{found[1]:0>2}:{found[2] or '00'}", f"{found[3]:0>2}:{found[4] or '00'}"] if found else [part])
    return spans


def hours_text(hours: Hours) -> str:
    """`07:00-11:30, 13:00-17:00`."""
    return ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in hours)


def grouped(week: WeekHours) -> list[tuple[int, int, Hours]]:
    """Days in a row with the same hours, as (first weekday, last weekday, hours); closed ones are left out."""
    found: list[tuple[int, int, Hours]] = []
    for number, day in enumerate(WEEKDAYS):
        hours = tuple(week[day])
        if hours and found and found[-1][1] == number - 1 and found[-1][2] == hours:
            found[-1] = (found[-1][0], number, hours)
        elif hours:
            found.append((number, number, hours))
    return found


def _spans(given: object) -> list[Span]:
    if not isinstance(given, list):
        raise InvalidFields(errors={"hours": [BAD_HOURS]})
    if len(given) > MOST_SPANS:
        raise InvalidFields(errors={"hours": [TOO_MANY_SPANS]})
    spans: list[Span] = []
    for each in given:
        try:
            start, end = (_moment(text) for text in each)
        except (TypeError, ValueError) as err:
            raise InvalidFields(errors={"hours": [BAD_HOURS]}) from err
        if start >= end:
            raise InvalidFields(errors={"hours": [BAD_HOURS]})
        spans.append((start, end))
    return spans


def _moment(text: object) -> time:
    if not isinstance(text, str) or not re.fullmatch(r"\d{2}:\d{2}", text, re.ASCII):
        raise ValueError("not a time of day")
    return time.fromisoformat(text)


def _ordered(spans: list[Span]) -> list[Span]:
    ordered = sorted(spans)
    if any(earlier[1] > later[0] for earlier, later in pairwise(ordered)):
        raise InvalidFields(errors={"hours": [HOURS_OVERLAP]})
    return ordered
