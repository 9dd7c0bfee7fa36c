"""An audit log and its seals in a database, as the sealer and the verifier read and write them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Row,
    Select,
    Table,
    Text,
    Uuid,
    cast,
    func,
    insert,
    literal,
    select,
    tuple_,
)

from central.audit.models import AdminAuditLog, SecurityAuditLog
from central.audit.models import AuditSeal as CentralSeal
from central.database import CentralBase, Xid8
from jobs.sealing.chain import BEFORE_ALL, LogRow, Position, Seal, SealBody, genesis
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from tenant_app.audit.public import AuditLog, AuditSeal
from tenant_app.database import HospitalBase

_MICROSECONDS: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PAGE: Final = 1_000


class Head(NamedTuple):
    """Where a chain stands: the last seal's number, digest and last row; zero and the genesis where there is none."""

    sequence: int
    digest: bytes
    last: Position
    next_xid: int


@dataclass(frozen=True, kw_only=True)
class ChainedLog:
    """One audit log. `key_column` names the column of the key's id, `fixed` what tells its seals from other logs'."""

    chain: str
    rows: Table
    seals: Table
    key_column: str
    fixed: dict[str, str] = field(default_factory=dict)

    def head(self, uow: UnitOfWork) -> Head:
        """Where the chain stands, and the transaction id that comes next in this server."""
        seals = self.seals.c
        # Transaction ids come as text: their type is none that the driver knows.
        next_xid = cast(cast(func.pg_snapshot_xmax(func.pg_current_snapshot()), Text), BigInteger)
        last = (
            select(seals.sequence, seals.digest, _number(seals.last_xid).label("last_xid"), seals.last_id)
            .where(*self._ours())
            .order_by(seals.sequence.desc())
            .limit(1)
            .subquery()
        )
        one = select(next_xid.label("next_xid")).subquery()
        row = uow.session.execute(select(one, last).select_from(one.outerjoin(last, literal(value=True)))).one()
        if row.sequence is None:
            return Head(0, genesis(self.chain), BEFORE_ALL, row.next_xid)
        return Head(row.sequence, row.digest, Position(row.last_xid, row.last_id), row.next_xid)

    def settled_rows(self, uow: UnitOfWork, *, after: Position, limit: int) -> Iterator[LogRow]:
        """Rows after a place whose transactions, and all before them, have ended: nothing can come between them."""
        horizon = func.pg_snapshot_xmin(func.pg_current_snapshot(), type_=Xid8())
        chosen = self._select().where(self._after(after), self.rows.c.xid < horizon).limit(limit)
        return map(self._row, uow.session.execute(chosen))

    def rows_between(self, uow: UnitOfWork, *, after: Position, last: Position) -> Iterator[LogRow]:
        """All rows after `after` up to `last`, streamed."""
        upto = tuple_(self.rows.c.xid, self.rows.c.id) <= _place(last)
        chosen = self._select().where(self._after(after), upto)
        return map(self._row, uow.session.execute(chosen, execution_options={"yield_per": _PAGE}))

    def unsealed(self, uow: UnitOfWork, *, after: Position) -> tuple[int, float]:
        """How many rows wait for a seal, and for how many seconds the oldest has."""
        age = func.extract("epoch", func.now() - func.min(self.rows.c.created_at))
        row = uow.session.execute(select(func.count(), func.coalesce(age, 0)).where(self._after(after))).one()
        return int(row[0]), max(0.0, float(row[1]))

    def seal_of(self, uow: UnitOfWork, sequence: int) -> Seal | None:
        """The seal with this number."""
        row = uow.session.execute(self._select_seals().where(self.seals.c.sequence == sequence)).first()
        return None if row is None else self._seal(row)

    def seals_after(self, uow: UnitOfWork, sequence: int, *, limit: int) -> list[Seal]:
        """The next seals by number."""
        chosen = self._select_seals().where(self.seals.c.sequence > sequence)
        rows = uow.session.execute(chosen.order_by(self.seals.c.sequence).limit(limit))
        return [self._seal(row) for row in rows]

    def add(self, uow: UnitOfWork, seal: Seal) -> None:
        """Add a seal; the database refuses a second one with this number or this predecessor."""
        body = seal.body
        uow.session.execute(
            insert(self.seals)
            .values(
                **self.fixed,
                sequence=body.sequence,
                first_xid=_xid(body.first.xid),
                first_id=body.first.id,
                last_xid=_xid(body.last.xid),
                last_id=body.last.id,
                row_count=body.row_count,
                digest=seal.digest,
                previous=body.previous,
                signature=seal.signature,
                sealed_at=_EPOCH + timedelta(microseconds=body.sealed_at),
                **{self.key_column: seal.kid},
            )
            .inline()
        )

    def now(self, uow: UnitOfWork) -> int:
        """The database's clock, in microseconds since 1970."""
        return int(uow.session.execute(select(_microseconds(func.clock_timestamp()))).scalar_one())

    def _ours(self) -> list[ColumnElement[bool]]:
        return [self.seals.c[name] == value for name, value in self.fixed.items()]

    def _after(self, place: Position) -> ColumnElement[bool]:
        return tuple_(self.rows.c.xid, self.rows.c.id) > _place(place)

    def _select(self) -> Select[Any]:
        # Everything as text in one form, whatever the session's time zone and the driver's types are.
        columns = sorted(self.rows.columns, key=lambda column: column.name)
        as_text = [_text(column).label(column.name) for column in columns]
        place = (_number(self.rows.c.xid).label("place_xid"), self.rows.c.id.label("place_id"))
        return select(*place, *as_text).order_by(self.rows.c.xid, self.rows.c.id)

    def _row(self, row: Row[Any]) -> LogRow:
        values, names = tuple(row), row._fields
        return LogRow(Position(values[0], values[1]), tuple(zip(names[2:], values[2:], strict=True)))

    def _select_seals(self) -> Select[Any]:
        seals = self.seals.c
        return select(
            seals.sequence,
            seals.previous,
            _number(seals.first_xid).label("first_xid"),
            seals.first_id,
            _number(seals.last_xid).label("last_xid"),
            seals.last_id,
            seals.row_count,
            seals.digest,
            seals[self.key_column].label("kid"),
            seals.signature,
            _microseconds(seals.sealed_at).label("sealed_at"),
        ).where(*self._ours())

    def _seal(self, row: Row[Any]) -> Seal:
        body = SealBody(
            chain=self.chain,
            sequence=row.sequence,
            previous=bytes(row.previous),
            first=Position(row.first_xid, row.first_id),
            last=Position(row.last_xid, row.last_id),
            row_count=row.row_count,
            sealed_at=row.sealed_at,
        )
        return Seal(body=body, digest=bytes(row.digest), kid=row.kid, signature=row.signature)


def hospital_log(tenant: TenantId) -> ChainedLog:
    """The audit log of a hospital."""
    return ChainedLog(
        chain=f"hospital:{tenant}:{AuditLog.__tablename__}",
        rows=HospitalBase.metadata.tables[AuditLog.__tablename__],
        seals=HospitalBase.metadata.tables[AuditSeal.__tablename__],
        key_column="key_id",
    )


def central_logs() -> list[ChainedLog]:
    """The audit logs of central."""
    tables = CentralBase.metadata.tables
    return [
        ChainedLog(
            chain=f"central:{name}",
            rows=tables[name],
            seals=tables[CentralSeal.__tablename__],
            key_column="signing_kid",
            fixed={"table_name": name},
        )
        for name in (AdminAuditLog.__tablename__, SecurityAuditLog.__tablename__)
    ]


def _number(xid: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(cast(xid, Text), BigInteger)


def _xid(number: int) -> ColumnElement[Any]:
    return cast(cast(literal(number), Text), Xid8())


def _place(place: Position) -> ColumnElement[Any]:
    return tuple_(_xid(place.xid), cast(literal(place.id), Uuid))


def _microseconds(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.extract("epoch", moment) * _MICROSECONDS, BigInteger)


def _text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, DateTime):
        return cast(_microseconds(column), Text)
    return cast(column, Text)
