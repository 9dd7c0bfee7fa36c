"""Blind index: find a person by an identifier without storing it readably.

A CCCD has 12 digits and few secrets (10^6 for a known province, sex and year of birth), so a plain hash is no
protection. The digest is HMAC-SHA256 under a 32-byte key that is stored wrapped and used in process: asking the key
source for each lookup would make it a single point of failure. The key's version stands beside each digest; while a key
is being exchanged both versions are written, and lookups ask for both.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from keys import scopes
from keys.encoding import encode
from keys.errors import KeyRefused
from keys.provider import KeyProvider

PATIENT_INDEX: Final = "patient-index"


class Digest(NamedTuple):
    """A blind index value: the key's version and 32 bytes."""

    version: int
    value: bytes


class BlindIndex:
    """Digests of (system, value) for one purpose, under one or more key versions.

    `system` names the kind of identifier ("cccd", "passport") and comes from code, never from a request. `normalised`
    is the canonical form: the caller normalises, so that one person has one digest.
    """

    def __init__(self, key_versions: Mapping[int, bytes], *, current: int, purpose: str = PATIENT_INDEX) -> None:
        """Raises KeyRefused when a key is not 32 bytes, two versions are the same key, or `current` is missing."""
        if current not in key_versions or any(len(key) != 32 for key in key_versions.values()):
            raise KeyRefused("the blind index needs its current key, and keys of 32 bytes")
        if len(set(key_versions.values())) != len(key_versions):
            raise KeyRefused("two versions of the blind index are the same key")
        self._keys = dict(key_versions)
        self._purpose = purpose
        self._current = current
        # The current version first: what is looked up most is found first.
        self._versions = (current, *sorted((v for v in key_versions if v != current), reverse=True))
        self._hashes: dict[str, dict[int, hmac.HMAC]] = {}

    @property
    def current_version(self) -> int:
        """The version that new digests carry."""
        return self._current

    @property
    def versions(self) -> tuple[int, ...]:
        """All versions held, the current one first."""
        return self._versions

    def digest(self, system: str, normalised: str) -> Digest:
        """The digest under the current key."""
        return Digest(self._current, _finish(self._of(system)[self._current], _tail(normalised)))

    def digests(self, system: str, normalised: str) -> tuple[Digest, ...]:
        """The digests under all versions, the current one first: for a lookup while a key is being exchanged."""
        hashes, message = self._of(system), _tail(normalised)
        return tuple(Digest(version, _finish(hashes[version], message)) for version in self._versions)

    def __repr__(self) -> str:
        return f"<BlindIndex {self._purpose} versions={self._versions}>"

    def _of(self, system: str) -> dict[int, hmac.HMAC]:
        """The keyed hashes of `system`, with the beginning of the message already taken in."""
        hashes = self._hashes.get(system)
        if hashes is None:
            prefix = encode(self._purpose, system)
            hashes = {version: hmac.new(key, prefix, "sha256") for version, key in self._keys.items()}
            self._hashes[system] = hashes
        return hashes


def _finish(begun: hmac.HMAC, message: bytes) -> bytes:
    # The begun hash is never changed, only copied: it is shared between threads.
    copy = begun.copy()
    copy.update(message)
    return copy.digest()


def _tail(normalised: str) -> bytes:
    # encode(purpose, system, value) is the prefix already hashed and this; written out because it is half the time.
    value = normalised.encode()
    return b"s" + len(value).to_bytes(4, "big") + value


@dataclass(frozen=True, slots=True)
class BlindIndexKeyRow:
    """A blind index key as stored: its version, and the key wrapped under `scope`."""

    version: int
    kek_version: int
    wrapped: str = field(repr=False)
    retired: bool = False


def new_blind_index_key(provider: KeyProvider, *, version: int, scope: str = scopes.INDEX) -> BlindIndexKeyRow:
    """Make a key for `version`, to be stored; raises as `KeyProvider.new_data_key`."""
    made = provider.new_data_key(scope=scope, tenant=None)
    return BlindIndexKeyRow(version, made.kek_version, made.wrapped)


def load_blind_index(
    provider: KeyProvider, rows: Iterable[BlindIndexKeyRow], *, purpose: str = PATIENT_INDEX, scope: str = scopes.INDEX
) -> BlindIndex:
    """Unwrap the keys that are not retired; the highest version is current.

    Raises KeyRefused when there is none, and as `KeyProvider.unwrap`.
    """
    keys = {
        row.version: provider.unwrap(scope=scope, tenant=None, wrapped=row.wrapped) for row in rows if not row.retired
    }
    if not keys:
        raise KeyRefused("there is no blind index key")
    return BlindIndex(keys, current=max(keys), purpose=purpose)
