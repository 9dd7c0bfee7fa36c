"""The worker's side of the outbox: each call is one of the functions that the sync role may execute."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from kernel.database.unit_of_work import UnitOfWork

# These two commits do not wait for the disk. What a server that falls forgets so is done again: a claim that is lost is
# as if it had run out, and an event that was not settled is pushed once more, and central answers that it has it.
_CLAIM: Final = """
SELECT claimed.* FROM set_config('synchronous_commit', 'off', true), sync_claim(%s, %s, %s) AS claimed
"""
_SETTLE: Final = """
SELECT settled FROM set_config('synchronous_commit', 'off', true), sync_settle(%s, %b::uuid[], %b::uuid[]) AS settled
"""


class Claimed(NamedTuple):
    """An event that this worker holds until its lease ends. `payload` is JSON text."""

    id: UUID
    aggregate_type: str
    aggregate_id: UUID
    event_type: str
    epoch: int
    n: int
    payload: str
    attempts: int
    created_at: datetime


class Failure(NamedTuple):
    """An event that failed by itself, why (a stable code), and after how many seconds it is tried again."""

    event: UUID
    reason: str
    after_seconds: float


class Backlog(NamedTuple):
    """What waits (claimed events too), since when the oldest, and how many are dead."""

    pending: int
    oldest_pending_at: datetime | None
    dead: int


def claim(*, uow: UnitOfWork, claim_id: UUID, limit: int, lease_seconds: float) -> list[Claimed]:
    """Take up to `limit` events that are due; whoever else claims at the same time gets others."""
    rows = _run(uow, _CLAIM, (claim_id, limit, lease_seconds))
    return [Claimed._make(row) for row in rows]


def settle(*, uow: UnitOfWork, claim_id: UUID, settled: Iterable[tuple[UUID, UUID | None]]) -> int:
    """Central has these (event, person): scrub them, write back who the patients are; returns how many were ours."""
    pairs = list(settled)
    events, persons = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return _number(uow, _SETTLE, (claim_id, events, persons))


def fail(*, uow: UnitOfWork, claim_id: UUID, failures: Sequence[Failure]) -> int:
    """Put these back for later, each with its reason in its history."""
    return _number(
        uow,
        "SELECT sync_fail(%s, %b::uuid[], %b::text[], %b::float8[])",
        (
            claim_id,
            [failure.event for failure in failures],
            [failure.reason for failure in failures],
            [failure.after_seconds for failure in failures],
        ),
    )


def bury(*, uow: UnitOfWork, claim_id: UUID, given_up: Sequence[tuple[UUID, str]]) -> int:
    """Give these (event, reason) up: they stay as dead letters."""
    events, reasons = [pair[0] for pair in given_up], [pair[1] for pair in given_up]
    return _number(uow, "SELECT sync_bury(%s, %b::uuid[], %b::text[])", (claim_id, events, reasons))


def release(*, uow: UnitOfWork, claim_id: UUID, events: Iterable[UUID]) -> int:
    """Give these back untouched."""
    return _number(uow, "SELECT sync_release(%s, %b::uuid[])", (claim_id, list(events)))


def decide(*, uow: UnitOfWork, event: UUID, decision: Literal["replay", "discard"]) -> str | None:
    """Apply an administrator's decision on a dead letter; the event's state after it, None where there is none."""
    state: str | None = _run(uow, "SELECT sync_decide(%s, %s)", (event, decision))[0][0]
    return state


def backlog(*, uow: UnitOfWork) -> Backlog:
    """The figures of this hospital's outbox."""
    return Backlog._make(_run(uow, "SELECT * FROM sync_backlog()", ())[0])


def due(*, uow: UnitOfWork) -> bool:
    """Whether anything may be claimed now."""
    return bool(_run(uow, "SELECT sync_due()", ())[0][0])


def changes_cursor(*, uow: UnitOfWork) -> str | None:
    """How far this hospital has read central's changes."""
    cursor: str | None = _run(uow, "SELECT changes_cursor FROM hospital_sync", ())[0][0]
    return cursor


def store_changes_cursor(*, uow: UnitOfWork, cursor: str) -> None:
    """Remember it, in the transaction that applied the changes."""
    _run(uow, "SELECT sync_store_cursor(%s)", (cursor,))


def settle_person(*, uow: UnitOfWork, patient: UUID, person: UUID) -> bool:
    """Central says who this patient is; whether there is such a patient."""
    return bool(_run(uow, "SELECT sync_settle_person(%s, %s)", (patient, person))[0][0])


def merge_person(*, uow: UnitOfWork, old: UUID, into: UUID) -> int:
    """Central says that two persons are one; how many patients here were concerned."""
    return _number(uow, "SELECT sync_merge_person(%s, %s)", (old, into))


def _run(uow: UnitOfWork, statement: str, arguments: tuple[Any, ...]) -> Sequence[Any]:
    # The driver's own arrays: a thousand rows in one parameter, without an expression for each.
    return uow.session.connection().exec_driver_sql(statement, arguments).fetchall()


def _number(uow: UnitOfWork, statement: str, arguments: tuple[Any, ...]) -> int:
    return int(_run(uow, statement, arguments)[0][0])
