"""What a seal says, byte for byte. Pure: no database, no key.

    previous of the first seal = SHA-256(encode("sokham/audit-chain/1", chain))
    rows                       = SHA-256(encode(row bytes) of every row, in order of (xid, id))
    digest                     = SHA-256(encode("sokham/audit-seal/1", chain, sequence, previous, first, last, count,
                                                sealed_at in microseconds since 1970, rows))

`encode` is `keys.encoding.encode`: different values never give the same bytes. A row's bytes are the names and values
of its columns that are not NULL, by name; so a column that a later revision adds leaves the old digests as they are.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from keys.encoding import encode, to_base64url

_CHAIN: Final = "sokham/audit-chain/1"
_SEAL: Final = "sokham/audit-seal/1"
_TIME_ORDERED: Final = 7
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Position(NamedTuple):
    """The place of a row in its log: the writing transaction, then the row's id."""

    xid: int
    id: UUID

    def __str__(self) -> str:
        return f"{self.xid}:{self.id}"

    @property
    def written_at(self) -> datetime | None:
        """When the row was written, to the millisecond, as an id of version 7 says; None for other ids."""
        if self.id.version != _TIME_ORDERED:
            return None
        return _EPOCH + timedelta(milliseconds=self.id.int >> 80)


BEFORE_ALL: Final = Position(0, UUID(int=0))


class LogRow(NamedTuple):
    """A row of an audit log: where it stands, and its columns as text (None: NULL), by name."""

    position: Position
    columns: tuple[tuple[str, str | None], ...]

    @property
    def content(self) -> bytes:
        """The canonical bytes; `columns` are in the order of their names."""
        return encode(*(part for name, value in self.columns if value is not None for part in (name, value)))


class RowsDigest:
    """Takes rows one by one and knows their digest, number, first and last."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0
        self.first: Position | None = None
        self.last: Position | None = None

    def add(self, row: LogRow) -> None:
        """The next row; rows come in order."""
        self._hash.update(encode(row.content))
        self.count += 1
        self.first = self.first or row.position
        self.last = row.position

    def digest(self) -> bytes:
        """32 bytes."""
        return self._hash.digest()


@dataclass(frozen=True, kw_only=True, slots=True)
class SealBody:
    """What a seal says, without its signature. `sealed_at` is in microseconds since 1970, of the database's clock."""

    chain: str
    sequence: int
    previous: bytes
    first: Position
    last: Position
    row_count: int
    sealed_at: int

    def digest(self, rows: bytes) -> bytes:
        """The seal's digest over these rows' digest."""
        return hashlib.sha256(
            encode(
                _SEAL,
                self.chain,
                str(self.sequence),
                self.previous,
                str(self.first),
                str(self.last),
                str(self.row_count),
                str(self.sealed_at),
                rows,
            )
        ).digest()

    def claims(self, digest: bytes) -> Mapping[str, str | int]:
        """What is signed: all of it."""
        return {
            "chain": self.chain,
            "sequence": self.sequence,
            "previous": to_base64url(self.previous),
            "first": str(self.first),
            "last": str(self.last),
            "count": self.row_count,
            "sealed_at": self.sealed_at,
            "digest": to_base64url(digest),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """A seal as it stands in the database."""

    body: SealBody
    digest: bytes
    kid: str
    signature: str


def genesis(chain: str) -> bytes:
    """What stands for the seal before the first: no two chains begin alike."""
    return hashlib.sha256(encode(_CHAIN, chain)).digest()
