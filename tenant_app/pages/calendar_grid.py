"""The calendar as columns of five-minute rows: what is booked, free, closed. Pure; dates and times are local.

Places are whole rows, because a page carries no style of its own: each row is a class of `css/calendar-rows.css`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from uuid import UUID

from tenant_app.appointments.public import AppointmentRow, BusyTime, free_slots
from tenant_app.calendar.public import Span, without
from tenant_app.schedules.public import Window, WorkingTime

ROW_MINUTES: Final = 5
USUAL_FIRST, USUAL_LAST = 7, 17
_DAY_MINUTES: Final = 24 * 60
_SHORTEST_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where something stands in its column: the first row, from 1, and over how many."""

    row: int
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Booked:
    """An appointment in its place."""

    row: AppointmentRow
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Free:
    """A time that can be booked, in its place."""

    start: time
    end: time
    department_id: UUID | None
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Shade:
    """A time at which nobody can be booked, and why: `away`, `holiday`, `closed`, or taken `elsewhere`."""

    why: str
    start: time
    end: time
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One doctor's day."""

    doctor_id: UUID
    doctor_name: str
    day: date
    booked: tuple[Booked, ...]
    free: tuple[Free, ...]
    shades: tuple[Shade, ...]

    @property
    def whole_day(self) -> str | None:
        """Why nothing at all can be booked, where one reason fills the day."""
        reasons = {shade.why for shade in self.shades}
        return reasons.pop() if len(self.shades) == 1 and len(reasons) == 1 and not (self.free or self.booked) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """What a column is made of: a doctor's working time and appointments of a day, those cancelled left out.

    `elsewhere` are times of appointments that whoever looks does not see.
    """

    doctor_id: UUID
    doctor_name: str
    day: date
    working: WorkingTime
    rows: Sequence[AppointmentRow]
    elsewhere: Sequence[BusyTime] = ()
    department_id: UUID | None = None

    def windows(self) -> list[Window]:
        """When the doctor can be booked, in the department that is looked at."""
        return self.working.windows_on(self.day, department_id=self.department_id)


def hours_shown(days: Iterable[Day]) -> range:
    """The hours in which anything happens, whole ones, so that no column is longer than it must be."""
    first, last = USUAL_FIRST * 60, USUAL_LAST * 60
    for each in days:
        spans = [(window.start, window.end) for window in each.windows()]
        spans += [(row.start_time, row.end_time) for row in each.rows]
        spans += [(busy.start_time, busy.end_time) for busy in each.elsewhere]
        for start, end in spans:
            first, last = min(first, _minutes(start)), max(last, _minutes(end))
    return range(first // 60, min(24, -(-last // 60)))


def column(day: Day, *, hours: range, now: datetime) -> Column:
    """One column. `now` is aware: what has begun is not offered."""
    busy = [*(BusyTime(row.start_time, row.end_time) for row in day.rows), *day.elsewhere]
    windows = day.windows()
    shown = (time(hours.start), _end_of(hours))
    away = _within(day.working.away_on(day.day), shown)
    holidays = without(_within(day.working.calendar.closed_on(day.day), shown), away)
    open_spans = [(window.start, window.end) for window in windows]
    elsewhere = _within([(each.start_time, each.end_time) for each in day.elsewhere], shown)
    closed = without([shown], [*open_spans, *away, *holidays, *elsewhere])
    shades = [("away", span) for span in away]
    shades += [("holiday", span) for span in holidays] + [("closed", span) for span in closed]
    shades += [("elsewhere", span) for span in elsewhere]
    return Column(
        doctor_id=day.doctor_id,
        doctor_name=day.doctor_name,
        day=day.day,
        booked=tuple(
            Booked(row=row, place=place(row.start_time, row.end_time, hours=hours, least=_SHORTEST_SHOWN))
            for row in day.rows
        ),
        free=tuple(
            Free(
                start=slot.start,
                end=slot.end,
                department_id=slot.department_id,
                place=place(slot.start, slot.end, hours=hours),
            )
            for slot in free_slots(day=day.day, windows=windows, busy=busy, now=now)
        ),
        shades=tuple(
            Shade(why=why, start=span[0], end=span[1], place=place(*span, hours=hours))
            for why, span in sorted(shades, key=lambda each: each[1])
        ),
    )


def place(start: time, end: time, *, hours: range, least: int = 1) -> Place:
    """The rows of a time, rounded outwards; at least so many that a word can be read."""
    first = (_minutes(start) - hours.start * 60) // ROW_MINUTES
    last = -(-(_minutes(end) - hours.start * 60) // ROW_MINUTES)
    return Place(row=first + 1, rows=max(least, last - first))


def _within(spans: Iterable[Span], shown: Span) -> list[Span]:
    cut = [(max(start, shown[0]), min(end, shown[1])) for start, end in spans]
    return [span for span in cut if span[0] < span[1]]


def _end_of(hours: range) -> time:
    return time(hours.stop) if hours.stop < 24 else time.max


def _minutes(moment: time) -> int:
    return _DAY_MINUTES if moment == time.max else moment.hour * 60 + moment.minute
