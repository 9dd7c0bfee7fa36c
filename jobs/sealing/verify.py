"""Walks a chain from its first seal to its last and names the first link that does not hold, and how."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from jobs.sealing.chain import BEFORE_ALL, LogRow, Position, RowsDigest, Seal, genesis
from jobs.sealing.heads import NotedHead
from jobs.sealing.log import ChainedLog
from jobs.sealing.restores import Restore, Undone, sort_out
from kernel.database.unit_of_work import UnitOfWork
from keys.encoding import to_base64url
from keys.public import InvalidToken, signed_seal
from keys.signing import Jwk

Fault = Literal["row_changed", "row_deleted", "row_inserted", "seal_changed", "seal_missing", "seal_replaced"]

SAID: Final[Mapping[str, str]] = {
    "row_changed": "a row that it covers was changed",
    "row_deleted": "rows that it covers are gone",
    "row_inserted": "rows were put among those that it covers, later",
    "seal_changed": "the seal itself was changed, or signed with a key that is not ours",
    "seal_missing": "the seal is not there",
    "seal_replaced": "another seal stands there than the one that was told to central or noted in the file",
}

_SEALS_A_PAGE: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """The first link that does not hold: its number, how, and between which rows."""

    sequence: int
    fault: Fault
    after: Position
    last: Position | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What was found: `seals` and `rows` that hold, up to the first broken link; rows that wait for a seal.

    `undone` are the restores on record, with what each took away: no fault, and worth knowing.
    """

    chain: str
    seals: int
    rows: int
    broken: Broken | None
    unsealed: int
    unsealed_seconds: float
    undone: Sequence[Undone] = ()


def verify(
    *,
    uow: UnitOfWork,
    log: ChainedLog,
    keys: Mapping[str, Jwk],
    heads: Iterable[NotedHead] = (),
    restores: Sequence[Restore] = (),
    progress: Callable[[int], None] = lambda _rows: None,
) -> Verification:
    """Check a chain against its rows, the public `keys` of central, and `heads` that were noted elsewhere.

    Without heads a chain whose end was cut off, seals and rows alike, looks like a shorter one. `restores` are those of
    this hospital that central has on record; heads that one of them undid are counted and not held against the chain.
    """
    told: dict[int, str] = {}
    contradicted: int | None = None
    hold, undone = sort_out((head for head in heads if head.chain == log.chain), restores)
    for head in hold:
        if told.setdefault(head.sequence, head.digest) != head.digest:
            # Two heads for one place: one of them is of a history that was thrown away.
            contradicted = min(head.sequence, contradicted or head.sequence)
    walk = _Walk(log=log, keys=keys, told=told)
    while walk.broken is None and (seals := log.seals_after(uow, walk.sequence, limit=_SEALS_A_PAGE)):
        walk.page(uow, seals)
        progress(walk.rows)
    broken = walk.broken
    if broken is None and any(sequence > walk.sequence for sequence in told):
        # The end was cut off: the first that is missing follows the last that is there.
        broken = Broken(sequence=walk.sequence + 1, fault="seal_missing", after=walk.place, last=None)
    if contradicted is not None and (broken is None or contradicted < broken.sequence):
        broken = Broken(sequence=contradicted, fault="seal_replaced", after=walk.place, last=None)
    count, seconds = log.unsealed(uow, after=walk.place) if broken is None else (0, 0.0)
    return Verification(
        chain=log.chain,
        seals=walk.sequence,
        rows=walk.rows,
        broken=broken,
        unsealed=count,
        unsealed_seconds=seconds,
        undone=undone,
    )


class _Walk:
    """Where the walk stands: the last seal that held."""

    def __init__(self, *, log: ChainedLog, keys: Mapping[str, Jwk], told: Mapping[int, str]) -> None:
        self._log = log
        self._keys = keys
        self._told = told
        self.sequence = 0
        self.place = BEFORE_ALL
        self.rows = 0
        self.broken: Broken | None = None
        self._digest = genesis(log.chain)

    def page(self, uow: UnitOfWork, seals: list[Seal]) -> None:
        """Check these seals and the rows that they cover, which are read in one go."""
        stream = self._log.rows_between(uow, after=self.place, last=max(seal.body.last for seal in seals))
        upcoming = next(stream, None)
        for seal in seals:
            fault = self._fault_of_seal(seal)
            if fault is None:
                rows = RowsDigest()
                while upcoming is not None and upcoming.position <= seal.body.last:
                    rows.add(upcoming)
                    upcoming = next(stream, None)
                fault = _fault_of_rows(seal, rows)
            if fault is not None:
                self._break(seal, fault)
                _drain(stream)
                return
            self.sequence, self.place, self._digest = seal.body.sequence, seal.body.last, seal.digest
            self.rows += seal.body.row_count

    def _fault_of_seal(self, seal: Seal) -> Fault | None:
        body = seal.body
        if body.sequence != self.sequence + 1:
            return "seal_missing"
        try:
            signed = signed_seal(seal.signature, kid=seal.kid, keys=self._keys)
        except InvalidToken:
            return "seal_changed"
        if signed != body.claims(seal.digest):
            return "seal_changed"
        if body.previous != self._digest or body.first <= self.place:
            return "seal_changed"
        if self._told.get(body.sequence, to_base64url(seal.digest)) != to_base64url(seal.digest):
            return "seal_replaced"
        return None

    def _break(self, seal: Seal, fault: Fault) -> None:
        sequence = self.sequence + 1 if fault == "seal_missing" else seal.body.sequence
        last = None if fault == "seal_missing" else seal.body.last
        self.broken = Broken(sequence=sequence, fault=fault, after=self.place, last=last)


def _fault_of_rows(seal: Seal, rows: RowsDigest) -> Fault | None:
    """The seal is ours and unchanged: do the rows still say what they said?"""
    if rows.count < seal.body.row_count:
        return "row_deleted"
    if rows.count > seal.body.row_count:
        return "row_inserted"
    return None if seal.body.digest(rows.digest()) == seal.digest else "row_changed"


def _drain(stream: Iterable[LogRow]) -> None:
    """Read a result to its end, so that its cursor is closed before the next statement."""
    for _ in stream:
        pass
