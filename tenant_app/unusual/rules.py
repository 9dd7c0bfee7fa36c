"""What stands out in a person's reading of one day. Pure: no database; thresholds come from the hospital's settings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self
from uuid import UUID

from kernel.clock import LOCAL_ZONE
from tenant_app.calendar.rules import Calendar

# Opening somebody's data. Lists and searches show many at once and are the day's work.
READS: Final = ("patient.read", "patient.reveal", "history.read", "appointment.read")
# Those whose patients come to their department. Reception, cashiers and administrators serve the whole hospital.
CLINICAL: Final = frozenset({"doctor", "nurse", "lab_technician"})

USUAL_DAYS: Final = 28
# Fewer hours or days of others than this say nothing of what is usual.
USUAL_FROM: Final = 20
OWN_HOURS_DAYS: Final = 30
# An hour is one's own when one worked in it on so many days.
OWN_HOURS_FROM: Final = 3
# Who comes early or leaves late is at work.
AROUND: Final = timedelta(hours=1)
ROWS_KEPT: Final = 500
# A finding that somebody decided about is open again when it is so many times what it was.
GROWN_TIMES: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """A hospital's thresholds."""

    many: bool
    many_hour: int
    many_day: int
    many_times: int
    hours: bool
    hours_from: int
    night_roles: frozenset[str]
    visits: bool
    visits_from: int
    visits_days: int
    kin: bool

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Self:
        """Out of the settings `unusual.*`."""
        read = {key.removeprefix("unusual."): value for key, value in values.items() if key.startswith("unusual.")}
        roles = read.pop("night_roles")
        return cls(night_roles=frozenset(roles if isinstance(roles, tuple) else ()), **read)  # type: ignore[arg-type]  # the catalogue gives each key its type; a unit test holds the two together


@dataclass(frozen=True, slots=True)
class Read:
    """Somebody opened a patient's data."""

    id: UUID
    at: datetime
    patient_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What stood out."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    reads: Sequence[Read]
    usual: int | None = None

    @property
    def patients(self) -> int:
        """How many different patients."""
        return count_patients(self.reads)

    @property
    def row_ids(self) -> list[UUID]:
        """The rows behind it, the first ones of many."""
        return [read.id for read in self.reads[:ROWS_KEPT]]


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The moments at which a day in Việt Nam begins and ends."""
    begins = datetime.combine(day, time(), tzinfo=LOCAL_ZONE)
    return begins, begins + timedelta(days=1)


def count_patients(reads: Iterable[Read]) -> int:
    """Different patients among reads."""
    return len({read.patient_id for read in reads})


def by_hour(reads: Iterable[Read]) -> dict[datetime, list[Read]]:
    """Reads by the hour on the clock in which they happened."""
    hours: dict[datetime, list[Read]] = {}
    for read in reads:
        begins = read.at.astimezone(LOCAL_ZONE).replace(minute=0, second=0, microsecond=0)
        hours.setdefault(begins, []).append(read)
    return hours


def too_many(count: int, *, least: int, usual: int | None, times: int) -> bool:
    """Whether a count stands out against the usual; below `least` it never does."""
    return count >= least and (usual is None or count > times * usual)


def outside_hours(reads: Iterable[Read], *, calendar: Calendar, own_hours: Collection[int]) -> list[Read]:
    """Reads when the hospital was closed, with an hour before and after, and the person is not usually here."""
    found = []
    for read in reads:
        local = read.at.astimezone(LOCAL_ZONE)
        if local.hour not in own_hours and not _open_around(local, calendar):
            found.append(read)
    return found


def grown(patients: int, decided_patients: int | None) -> bool:
    """Whether a finding is so much more than when somebody decided about it that it must be looked at again."""
    return decided_patients is not None and patients >= GROWN_TIMES * decided_patients


def _open_around(local: datetime, calendar: Calendar) -> bool:
    """Whether it lies between the day's first opening and last closing, with an hour before and after."""
    hours = calendar.hours_on(local.date())
    if not hours:
        return False
    opens = datetime.combine(local.date(), min(start for start, _ in hours), tzinfo=LOCAL_ZONE)
    closes = datetime.combine(local.date(), max(end for _, end in hours), tzinfo=LOCAL_ZONE)
    return opens - AROUND <= local <= closes + AROUND
