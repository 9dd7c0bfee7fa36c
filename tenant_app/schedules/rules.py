"""What is left of a doctor's day for appointments. Pure; dates and times are wall-clock time in Việt Nam.

A doctor's windows are the hospital's hours ∩ the schedule, without holidays and absences; extra hours come on top, and
hold beyond the hospital's weekly hours, because somebody wrote them down for that very day, but never on a holiday.
A doctor without a schedule keeps the hospital's hours. So do days before the first schedule begins; after the last one
has ended, nobody can be booked.
"""

from dataclasses import dataclass
from datetime import date, time
from typing import Final
from uuid import UUID

from tenant_app.calendar.public import NOT_SET, Calendar, Span, overlap_of, without

AWAY: Final = "away"
EXTRA: Final = "extra"
_WHOLE_DAY: Final[Span] = (time.min, time.max)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Hours of one weekday (0 is Monday), valid from one day until another (None: without end)."""

    weekday: int
    start_time: time
    end_time: time
    slot_minutes: int
    department_id: UUID
    valid_from: date
    valid_until: date | None = None

    def on(self, day: date) -> Span | None:
        """Its hours on a day, if it has any."""
        valid = self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
        return (self.start_time, self.end_time) if valid and day.weekday() == self.weekday else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Days that are otherwise than the schedule says: `away`, or `extra` hours."""

    kind: str
    first_day: date
    last_day: date
    start_time: time | None = None
    end_time: time | None = None
    department_id: UUID | None = None
    slot_minutes: int | None = None

    def on(self, day: date) -> Span | None:
        """What of this day it concerns."""
        if not self.first_day <= day <= self.last_day:
            return None
        return self.start_time or time.min, self.end_time or time.max


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Time in which a doctor can be booked.

    Slots are counted from `origin`, so that an absence in the middle of a morning does not shift those after it.
    `slot_minutes` and `department_id` are None where the doctor has no schedule: any length, any department.
    """

    start: time
    end: time
    origin: time
    slot_minutes: int | None = None
    department_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkingTime:
    """All that is known of when one doctor works, in the days that it was read for."""

    calendar: Calendar = NOT_SET
    blocks: tuple[Block, ...] = ()
    changes: tuple[Change, ...] = ()

    def is_scheduled(self, day: date) -> bool:
        """Whether a schedule rules this day, rather than the hospital's hours."""
        return any(block.valid_from <= day for block in self.blocks)

    def away_on(self, day: date) -> list[Span]:
        """When the doctor is away."""
        return [span for change in self.changes if change.kind == AWAY and (span := change.on(day)) is not None]

    def windows_on(self, day: date, *, department_id: UUID | None = None) -> list[Window]:
        """When the doctor can be booked on a day, in order; with a department, only there."""
        found = self._regular(day)
        for change in self.changes:
            span = change.on(day) if change.kind == EXTRA else None
            if span is None:
                continue
            new = without(without([span], self.calendar.closed_on(day)), [(each.start, each.end) for each in found])
            found += [
                Window(
                    start=start,
                    end=end,
                    origin=start,
                    slot_minutes=change.slot_minutes,
                    department_id=change.department_id,
                )
                for start, end in new
            ]
        away = self.away_on(day)
        left = [
            Window(
                start=start,
                end=end,
                origin=window.origin,
                slot_minutes=window.slot_minutes,
                department_id=window.department_id,
            )
            for window in found
            for start, end in without([(window.start, window.end)], away)
        ]
        fitting = [each for each in left if department_id is None or each.department_id in {None, department_id}]
        return sorted(fitting, key=lambda window: window.start)

    def allows(self, day: date, span: Span) -> bool:
        """Whether the doctor works in all of a time, as far as the doctor's own schedule and absences say.

        The hospital's hours and holidays are not asked: the desk books outside of them where it says so.
        """
        own = [hours for block in self.blocks if (hours := block.on(day)) is not None]
        if not self.is_scheduled(day):
            own = [_WHOLE_DAY]
        own += [hours for each in self.changes if each.kind == EXTRA and (hours := each.on(day)) is not None]
        return not without([span], without(own, self.away_on(day)))

    def department_at(self, day: date, start: time) -> UUID | None:
        """In which department the doctor's own hours put them at a moment, if they do."""
        here = (each for each in self.windows_on(day) if each.start <= start < each.end)
        return next((each.department_id for each in here), None)

    def _regular(self, day: date) -> list[Window]:
        hours = self.calendar.hours_on(day)
        if not self.is_scheduled(day):
            return [Window(start=start, end=end, origin=start) for start, end in hours]
        return [
            Window(
                start=start,
                end=end,
                origin=block.start_time,
                slot_minutes=block.slot_minutes,
                department_id=block.department_id,
            )
            for block in self.blocks
            if (span := block.on(day)) is not None
            for start, end in overlap_of([span], hours)
        ]
