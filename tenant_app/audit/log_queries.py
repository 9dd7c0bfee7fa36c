"""Looking through the audit log: who, whom, what, when, where from; how many by hour; where the seal stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Text, cast, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.sql.elements import ColumnElement

from kernel.database.rows import each_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.api import a_moment, read_cursor
from tenant_app.audit import rules
from tenant_app.audit.models import AuditCheck, AuditLog, AuditSeal
from tenant_app.patients.models import Patient
from tenant_app.staff.models import User

_PAGE: Final = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFilter:
    """Which rows: days in Việt Nam, both included; what is None or empty does not choose."""

    since: date
    until: date
    user_id: UUID | None = None
    actor_kind: str | None = None
    patient_id: UUID | None = None
    actions: Sequence[str] = ()
    network: str | None = None
    row_ids: Sequence[UUID] | None = None

    @property
    def named(self) -> list[str]:
        """What chooses, by name: that is written down of a look, and not whom it was for."""
        chosen = {
            "user_id": self.user_id,
            "actor_kind": self.actor_kind,
            "patient_id": self.patient_id,
            "action": self.actions,
            "address": self.network,
            "finding": self.row_ids,
        }
        return ["since", "until", *(name for name, value in chosen.items() if value)]


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of the log, with the names of those in it. `about_name` is the member of staff whom it is about."""

    id: UUID
    created_at: datetime
    actor_kind: str
    user_id: UUID | None
    actor_name: str | None
    actor_role: str | None
    username: str | None
    action: str
    resource_type: str
    resource_id: str | None
    about_name: str | None
    patient_id: UUID | None
    patient_name: str | None
    patient_code: str | None
    changed: list[str]
    old_values: dict[str, Any] | None
    new_values: dict[str, Any] | None
    request_id: str | None
    ip_address: str | None
    user_agent: str | None

    @property
    def failed(self) -> bool:
        """Whether what was tried did not succeed."""
        return rules.has_failed(self.action)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """How many rows an hour or a day has."""

    starts_at: datetime
    count: int
    stands_out: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SealState:
    """Up to when the log is sealed, and what the last check of the whole chain found."""

    sealed_up_to: datetime | None
    sealed_at: datetime | None
    seals: int
    checked_at: datetime | None
    checked_rows: int | None
    broken_sequence: int | None
    fault: str | None


def log_page(*, uow: UnitOfWork, wanted: LogFilter, limit: int = 50, cursor: str | None = None) -> Page[LogRow]:
    """The newest first. Raises InvalidFields for a foreign cursor and a period that is none."""
    rows = rows_as(LogRow, uow.session.execute(_page(wanted, limit=limit + 1, cursor=cursor)))
    return page_of(rows, limit=limit, key=lambda row: (row.created_at.isoformat(), row.id))


def log_rows(*, uow: UnitOfWork, wanted: LogFilter, limit: int) -> Iterator[LogRow]:
    """The newest `limit` rows, read a thousand at a time."""
    found = uow.session.execute(_page(wanted, limit=limit, cursor=None), execution_options={"yield_per": _PAGE})
    return each_row_as(LogRow, found)


def bars(*, uow: UnitOfWork, wanted: LogFilter) -> list[Bar]:
    """How many rows each hour, or each day of a longer period, has."""
    since, until = rules.period(wanted.since, wanted.until)
    step = rules.step_of(wanted.since, wanted.until)
    width = func.date_trunc(step, AuditLog.created_at, "Asia/Ho_Chi_Minh").label("starts_at")
    counted = select(width, func.count()).where(*_where(wanted)).group_by(width)
    counts = {row[0]: row[1] for row in uow.session.execute(counted)}
    moments = rules.moments(since, until, step)
    numbers = [counts.get(moment, 0) for moment in moments]
    return [
        Bar(starts_at=moment, count=number, stands_out=odd)
        for moment, number, odd in zip(moments, numbers, rules.stand_out(numbers), strict=True)
    ]


def seal_state(*, uow: UnitOfWork) -> SealState:
    """Where the chain over the log stands."""
    seal = (
        select(
            AuditSeal.sequence.label("seals"),
            AuditSeal.sealed_at,
            func.uuid_extract_timestamp(AuditSeal.last_id).label("sealed_up_to"),
        )
        .order_by(AuditSeal.sequence.desc())
        .limit(1)
        .subquery()
    )
    check = (
        select(
            AuditCheck.checked_at,
            AuditCheck.row_count.label("checked_rows"),
            AuditCheck.broken_sequence,
            AuditCheck.fault,
        )
        .order_by(AuditCheck.id.desc())
        .limit(1)
        .subquery()
    )
    one = select(literal(1).label("one")).subquery()
    joined = one.outerjoin(seal, literal(value=True)).outerjoin(check, literal(value=True))
    row = uow.session.execute(select(seal, check).select_from(joined)).one()
    return SealState(**{**row._mapping, "seals": row.seals or 0})


def _where(wanted: LogFilter) -> list[ColumnElement[bool]]:
    since, until = rules.period(wanted.since, wanted.until)
    chosen: list[ColumnElement[bool]] = [AuditLog.created_at >= since, AuditLog.created_at < until]
    if wanted.user_id:
        chosen.append(AuditLog.user_id == wanted.user_id)
    if wanted.actor_kind:
        chosen.append(AuditLog.actor_kind == wanted.actor_kind)
    if wanted.patient_id:
        chosen.append(AuditLog.patient_id == wanted.patient_id)
    if wanted.actions:
        chosen.append(AuditLog.action.in_(wanted.actions))
    if wanted.network:
        chosen.append(AuditLog.ip_address.op("<<=")(cast(literal(wanted.network), INET)))
    if wanted.row_ids is not None:
        chosen.append(AuditLog.id.in_(wanted.row_ids))
    return chosen


def _page(wanted: LogFilter, *, limit: int, cursor: str | None) -> Select[*tuple[Any, ...]]:
    """The rows are chosen first and named afterwards, so that no plan names a million rows to show fifty."""
    log = AuditLog
    chosen = select(log).where(*_where(wanted)).order_by(log.created_at.desc(), log.id.desc()).limit(limit)
    if after := read_cursor(cursor, a_moment, UUID):
        chosen = chosen.where(tuple_(log.created_at, log.id) < tuple_(*after))
    row = chosen.subquery().c
    about = select(User.id, User.full_name).subquery()
    return (
        select(
            row.id,
            row.created_at,
            row.actor_kind,
            row.user_id,
            User.full_name.label("actor_name"),
            User.role.label("actor_role"),
            User.username,
            row.action,
            row.resource_type,
            row.resource_id,
            about.c.full_name.label("about_name"),
            row.patient_id,
            Patient.full_name.label("patient_name"),
            Patient.patient_code,
            row.changed,
            row.old_values,
            row.new_values,
            row.request_id,
            func.host(row.ip_address).label("ip_address"),
            row.user_agent,
        )
        .outerjoin(User, User.id == row.user_id)
        .outerjoin(Patient, Patient.id == row.patient_id)
        .outerjoin(about, (row.resource_type == "user") & (cast(about.c.id, Text) == row.resource_id))
        .order_by(row.created_at.desc(), row.id.desc())
    )
