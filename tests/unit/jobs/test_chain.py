"""What a seal covers, byte for byte."""

import hashlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.sealing.chain import BEFORE_ALL, LogRow, Position, RowsDigest, SealBody, genesis
from keys.encoding import encode

NAMES = ("action", "actor_kind", "created_at", "id", "request_id", "xid")
columns = st.fixed_dictionaries({name: st.none() | st.text(max_size=8) for name in NAMES})
positions = st.builds(Position, st.integers(1, 2**63), st.uuids())
rows = st.builds(lambda place, values: LogRow(place, tuple(sorted(values.items()))), positions, columns)


def body(**changes: object) -> SealBody:
    whole: dict[str, object] = {
        "chain": "hospital:x:audit_logs",
        "sequence": 7,
        "previous": b"p" * 32,
        "first": Position(1, UUID(int=1)),
        "last": Position(2, UUID(int=2)),
        "row_count": 3,
        "sealed_at": 1_700_000_000_000_000,
    }
    return SealBody(**{**whole, **changes})  # type: ignore[arg-type]  # the values of a test


def digest_of(sequence: list[LogRow]) -> bytes:
    taken = RowsDigest()
    for row in sequence:
        taken.add(row)
    return taken.digest()


@given(rows, rows)
def test_two_rows_have_the_same_bytes_only_if_they_say_the_same(one: LogRow, other: LogRow) -> None:
    assert (one.content == other.content) == (one.columns == other.columns)


@given(st.lists(rows, max_size=4), st.lists(rows, max_size=4))
def test_two_lists_of_rows_have_the_same_digest_only_if_they_are_the_same(
    one: list[LogRow], other: list[LogRow]
) -> None:
    same = [row.columns for row in one] == [row.columns for row in other]
    assert (digest_of(one) == digest_of(other)) == same


def test_a_column_that_is_null_leaves_the_bytes_as_they_were_before_there_was_it() -> None:
    old = LogRow(BEFORE_ALL, (("action", "read"), ("id", "1")))
    new = LogRow(BEFORE_ALL, (("action", "read"), ("added_later", None), ("id", "1")))
    assert old.content == new.content
    assert new.content != LogRow(BEFORE_ALL, (("action", "read"), ("added_later", ""), ("id", "1"))).content


@pytest.mark.parametrize(
    "change",
    [
        {"chain": "hospital:y:audit_logs"},
        {"sequence": 8},
        {"previous": b"q" * 32},
        {"first": Position(1, UUID(int=3))},
        {"last": Position(3, UUID(int=2))},
        {"row_count": 4},
        {"sealed_at": 1_700_000_000_000_001},
    ],
)
def test_all_that_a_seal_says_is_in_its_digest_and_in_what_is_signed(change: dict[str, object]) -> None:
    rows_digest = b"r" * 32
    assert body().digest(rows_digest) != body(**change).digest(rows_digest)
    assert body().claims(b"d") != body(**change).claims(b"d")
    assert body().digest(rows_digest) != body().digest(b"s" * 32)


def test_the_format_is_the_one_that_is_written_down() -> None:
    """Old seals must verify for ever: whoever changes this makes a second version beside it."""
    assert genesis("c") == hashlib.sha256(encode("sokham/audit-chain/1", "c")).digest()
    row = LogRow(Position(5, UUID(int=9)), (("action", "patient.read"), ("id", "9"), ("reason", None)))
    assert row.content == encode("action", "patient.read", "id", "9")
    rows_digest = hashlib.sha256(encode(row.content)).digest()
    assert digest_of([row]) == rows_digest
    said = body()
    expected = encode(
        *("sokham/audit-seal/1", said.chain, "7", said.previous, str(said.first), str(said.last)),
        *("3", "1700000000000000", rows_digest),
    )
    assert said.digest(rows_digest) == hashlib.sha256(expected).digest()
