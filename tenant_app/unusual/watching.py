"""Watching the audit log: rows that are complete are taken once, and each person's day that they touch is judged anew.

Rows come in the order of (transaction, id) below the oldest transaction that still runs, as they are sealed: one that
commits late comes later and is not passed over, and its day is judged again with it. Judging twice changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    Uuid,
    cast,
    extract,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert

from kernel.clock import LOCAL_ZONE, utc_now
from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from tenant_app.audit.models import AuditLog, Xid8
from tenant_app.calendar.public import Calendar, read_calendar
from tenant_app.outbox.public import ACCESS_COUNTS, access_counts_payload, publish
from tenant_app.settings.public import values
from tenant_app.staff.models import User
from tenant_app.unusual import rules
from tenant_app.unusual.models import AccessFinding, AccessTally, AccessWatch
from tenant_app.unusual.rules import Found, Limits, Read

ROWS: Final = 10_000
# Days of people that one transaction judges, so that it stays far from the age at which transactions are cut off.
DAYS: Final = 60
COUNTED_EVENT: Final = "audit.unusual"
# One person's day is read up to here; more than that stands out long before.
_MOST_A_DAY: Final = 20_000
_ZONE: Final = "Asia/Ho_Chi_Minh"


@dataclass(kw_only=True, slots=True)
class Watched:
    """What a step did: rows taken, findings that are new by kind, and whether more rows may wait."""

    rows: int = 0
    found: dict[str, int] = field(default_factory=dict)
    more: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Person:
    id: UUID
    role: str
    department_id: UUID | None


def watch(*, uow: UnitOfWork, limit: int = ROWS, most_days: int = DAYS) -> Watched:
    """Take the next rows and judge what they touch, in the caller's transaction; two at once go one after another."""
    last_xid, last_id = _mark(uow)
    waiting = uow.session.execute(_next_rows(last_xid, last_id, limit)).all()
    batch, days = _within(waiting, most_days)
    done = Watched(rows=len(batch), more=len(waiting) == limit or len(batch) < len(waiting))
    if not batch:
        return done
    if days:
        judge = _Judge(uow, days)
        for user_id, day in sorted(days, key=lambda each: (each[1], each[0])):
            judge.day(user_id, day)
        done.found = judge.found
    uow.session.execute(
        update(AccessWatch).values(last_xid=_xid(batch[-1].place_xid), last_id=batch[-1].id, updated_at=utc_now()),
        execution_options={"synchronize_session": False},
    )
    if done.found:
        _tell_central(uow, done.found)
    return done


def _within(rows: Sequence[Any], most_days: int) -> tuple[Sequence[Any], set[tuple[UUID, date]]]:
    """The first of the rows, as many as touch no more than so many days of people; and these days."""
    days: set[tuple[UUID, date]] = set()
    for place, row in enumerate(rows):
        if row.action in rules.READS and row.actor_kind == "staff" and row.user_id and row.patient_id:
            touched = (row.user_id, row.created_at.astimezone(LOCAL_ZONE).date())
            if len(days) == most_days and touched not in days:
                return rows[:place], days
            days.add(touched)
    return rows, days


class _Judge:
    """Judges days of people by the hospital's settings and calendar, and writes down what stands out."""

    def __init__(self, uow: UnitOfWork, days: Iterable[tuple[UUID, date]]) -> None:
        wanted = list(days)
        self._uow = uow
        self._limits = Limits.of(values(uow=uow))
        self._calendar: Calendar = read_calendar(
            uow=uow, since=min(day for _, day in wanted), until=max(day for _, day in wanted)
        )
        people = select(User.id, User.role, User.department_id).where(User.id.in_({user for user, _ in wanted}))
        self._people = {row.id: _Person(**row._mapping) for row in uow.session.execute(people)}
        self.found: dict[str, int] = {}

    def day(self, user_id: UUID, day: date) -> None:
        """Judge what one person opened on one day."""
        person = self._people.get(user_id)
        reads = self._reads(user_id, day)
        if person is None or not reads:
            return
        self._tally(user_id, day, reads)
        for found in self._standing_out(person, day, reads):
            self._write(person, found)

    def _standing_out(self, person: _Person, day: date, reads: list[Read]) -> list[Found]:
        limits = self._limits
        found: list[Found] = []
        if limits.many:
            found += self._many(person, day, reads)
        begins, ends = rules.day_bounds(day)
        if limits.hours and person.role not in limits.night_roles:
            odd = rules.outside_hours(reads, calendar=self._calendar, own_hours=self._own_hours(person.id, begins))
            if rules.count_patients(odd) >= limits.hours_from:
                found.append(Found(kind="odd_hours", starts_at=begins, ends_at=ends, reads=odd))
        if limits.visits and person.role in rules.CLINICAL and person.department_id is not None:
            strangers = self._without_visit(person, day, reads)
            if rules.count_patients(strangers) >= limits.visits_from:
                found.append(Found(kind="no_visit", starts_at=begins, ends_at=ends, reads=strangers))
        if limits.kin:
            for kind, own_people in self._own_people(person, reads).items():
                found.append(Found(kind=kind, starts_at=begins, ends_at=ends, reads=own_people))
        return found

    def _many(self, person: _Person, day: date, reads: list[Read]) -> list[Found]:
        begins, ends = rules.day_bounds(day)
        hour = timedelta(hours=1)
        spans = [
            ("many_hour", "hour", at, at + hour, some, self._limits.many_hour)
            for at, some in rules.by_hour(reads).items()
        ]
        spans.append(("many_day", "day", begins, ends, reads, self._limits.many_day))
        found = []
        for kind, grain, starts_at, ends_at, some, least in spans:
            count = rules.count_patients(some)
            # What is usual is asked for only where it matters.
            usual = self._usual(person, grain, ends) if count >= least else None
            if rules.too_many(count, least=least, usual=usual, times=self._limits.many_times):
                found.append(Found(kind=kind, starts_at=starts_at, ends_at=ends_at, reads=some, usual=usual))
        return found

    def _reads(self, user_id: UUID, day: date) -> list[Read]:
        begins, ends = rules.day_bounds(day)
        chosen = (
            select(AuditLog.id, AuditLog.created_at.label("at"), AuditLog.patient_id)
            .where(
                AuditLog.user_id == user_id,
                AuditLog.actor_kind == "staff",
                AuditLog.created_at >= begins,
                AuditLog.created_at < ends,
                AuditLog.action.in_(rules.READS),
                AuditLog.patient_id.is_not(None),
            )
            .order_by(AuditLog.created_at, AuditLog.id)
            .limit(_MOST_A_DAY)
        )
        return rows_as(Read, self._uow.session.execute(chosen))

    def _tally(self, user_id: UUID, day: date, reads: list[Read]) -> None:
        spans = [("hour", at, some) for at, some in rules.by_hour(reads).items()]
        spans.append(("day", rules.day_bounds(day)[0], reads))
        rows = [
            {
                "user_id": user_id,
                "grain": grain,
                "starts_at": at,
                "patients": rules.count_patients(some),
                "reads": len(some),
            }
            for grain, at, some in spans
        ]
        statement = upsert(AccessTally).values(rows)
        fresh = {"patients": statement.excluded.patients, "reads": statement.excluded.reads}
        self._uow.session.execute(
            statement.on_conflict_do_update(index_elements=["user_id", "grain", "starts_at"], set_=fresh)
        )

    def _usual(self, person: _Person, grain: str, until: datetime) -> int | None:
        """The median of others in the role over four weeks; None where there are too few to say."""
        middle = func.percentile_cont(0.5).within_group(AccessTally.patients)
        asked = (
            select(func.count(), middle)
            .join(User, User.id == AccessTally.user_id)
            .where(
                User.role == person.role,
                AccessTally.user_id != person.id,
                AccessTally.grain == grain,
                AccessTally.starts_at >= until - timedelta(days=rules.USUAL_DAYS),
                AccessTally.starts_at < until,
            )
        )
        count, usual = self._uow.session.execute(asked).one()
        return round(usual) if count >= rules.USUAL_FROM else None

    def _own_hours(self, user_id: UUID, before: datetime) -> set[int]:
        """Hours of the day in which the person worked on several days of the last month."""
        hour = cast(extract("hour", func.timezone(_ZONE, AccessTally.starts_at)), Integer).label("hour")
        asked = (
            select(hour)
            .where(
                AccessTally.user_id == user_id,
                AccessTally.grain == "hour",
                AccessTally.starts_at >= before - timedelta(days=rules.OWN_HOURS_DAYS),
                AccessTally.starts_at < before,
            )
            .group_by(hour)
            .having(func.count() >= rules.OWN_HOURS_FROM)
        )
        return set(self._uow.session.scalars(asked))

    def _without_visit(self, person: _Person, day: date, reads: list[Read]) -> list[Read]:
        around = timedelta(days=self._limits.visits_days)
        patients = _uuids({read.patient_id for read in reads})
        asked = select(func.access_without_visit(literal(person.id, Uuid), patients, day - around, day + around))
        strangers = set(self._uow.session.scalars(asked))
        return [read for read in reads if read.patient_id in strangers]

    def _own_people(self, person: _Person, reads: list[Read]) -> Mapping[str, list[Read]]:
        patients = _uuids({read.patient_id for read in reads})
        table = func.access_to_own_people(literal(person.id, Uuid), patients).table_valued("patient_id", "own")
        own = {row.patient_id: row.own for row in self._uow.session.execute(select(table.c.patient_id, table.c.own))}
        found: dict[str, list[Read]] = {}
        for read in reads:
            if read.patient_id in own:
                found.setdefault("own_record" if own[read.patient_id] else "relative", []).append(read)
        return found

    def _write(self, person: _Person, found: Found) -> None:
        chosen = (
            AccessFinding.kind == found.kind,
            AccessFinding.user_id == person.id,
            AccessFinding.starts_at == found.starts_at,
        )
        known = self._uow.session.execute(
            select(AccessFinding.patients, AccessFinding.reads, AccessFinding.decided_patients).where(*chosen)
        ).one_or_none()
        counted: dict[str, Any] = {
            "patients": found.patients,
            "reads": len(found.reads),
            "usual": found.usual,
            "row_ids": found.row_ids,
        }
        if known is None:
            row = {
                "id": new_row_id(),
                "kind": found.kind,
                "user_id": person.id,
                "starts_at": found.starts_at,
                "ends_at": found.ends_at,
                **counted,
            }
            self._uow.session.execute(insert(AccessFinding).values(row))
            self.found[found.kind] = self.found.get(found.kind, 0) + 1
        elif (known.patients, known.reads) != (found.patients, len(found.reads)):
            if rules.grown(found.patients, known.decided_patients):
                undecided = dict.fromkeys(("decided_at", "decided_by", "decided_patients"))
                counted = {**counted, **undecided, "state": "open"}
            self._uow.session.execute(
                update(AccessFinding)
                .where(*chosen)
                .values(**counted, version=AccessFinding.version + 1, updated_at=utc_now()),
                execution_options={"synchronize_session": False},
            )


def _mark(uow: UnitOfWork) -> tuple[int, UUID]:
    """How far the log was watched, held until the end of the transaction."""
    first = {"last_xid": _xid(0), "last_id": UUID(int=0)}
    uow.session.execute(upsert(AccessWatch).values(**first).on_conflict_do_nothing())
    row = uow.session.execute(
        select(_number(AccessWatch.last_xid).label("xid"), AccessWatch.last_id).with_for_update()
    ).one()
    return row.xid, row.last_id


def _next_rows(last_xid: int, last_id: UUID, limit: int) -> Any:
    horizon = func.pg_snapshot_xmin(func.pg_current_snapshot(), type_=Xid8())
    place = tuple_(_xid(last_xid), cast(literal(last_id), Uuid))
    return (
        select(
            _number(AuditLog.xid).label("place_xid"),
            AuditLog.id,
            AuditLog.created_at,
            AuditLog.actor_kind,
            AuditLog.user_id,
            AuditLog.action,
            AuditLog.patient_id,
        )
        .where(tuple_(AuditLog.xid, AuditLog.id) > place, AuditLog.xid < horizon)
        .order_by(AuditLog.xid, AuditLog.id)
        .limit(limit)
    )


def _tell_central(uow: UnitOfWork, found: Mapping[str, int]) -> None:
    """How many of which kind are new, and how many are open: numbers only, nobody's name and no patient's."""
    numbers = select(func.count(), func.count().filter(AccessFinding.state == "open"))
    total, waiting = uow.session.execute(numbers.select_from(AccessFinding)).one()
    if uow.tenant is None:
        raise ValueError("access is watched at a hospital")
    publish(
        uow=uow,
        aggregate_type=ACCESS_COUNTS,
        aggregate_id=uow.tenant,
        event_type=COUNTED_EVENT,
        n=total,
        payload=access_counts_payload(found=found, waiting=waiting),
    )


def _uuids(ids: Iterable[UUID]) -> ColumnElement[Sequence[UUID]]:
    return literal(list(ids), ARRAY(Uuid))


def _number(xid: Any) -> ColumnElement[int]:
    return cast(cast(xid, Text), BigInteger)


def _xid(number: int) -> ColumnElement[Any]:
    return cast(cast(literal(number), Text), Xid8())
