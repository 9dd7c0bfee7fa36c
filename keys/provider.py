"""The one interface to key sources. `keys.vault` and `keys.local` implement it and pass the same contract suite."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from kernel.ids import TenantId
from keys.policy import KeyPolicy

DATA_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class NewDataKey:
    """A fresh data key: 32 random bytes, the same wrapped, and the version of the KEK that wrapped it."""

    plaintext: bytes = field(repr=False)
    wrapped: str
    kek_version: int


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """A data key wrapped again, under the newest version of its KEK."""

    wrapped: str
    kek_version: int


class KeyProvider(Protocol):
    """Wraps data keys under KEKs that never leave the source.

    The scope and the tenant are part of the wrap: what was wrapped for one hospital, or for none, does not unwrap for
    another, and no scope's key unwraps under another scope. All methods may be called from many threads. Every method
    raises KeySourceUnavailable when the source does not answer in time, and KeyRefused when the policy or the source
    says no, or when the wrapped key is not one of this place.
    """

    @property
    def policy(self) -> KeyPolicy:
        """What this process may do."""
        ...

    def new_data_key(self, *, scope: str, tenant: TenantId | None) -> NewDataKey:
        """Make a data key. Needs `wrap`."""
        ...

    def unwrap(self, *, scope: str, tenant: TenantId | None, wrapped: str) -> bytes:
        """Open a data key: 32 bytes. Needs `unwrap`."""
        ...

    def rewrap(self, *, scope: str, tenant: TenantId | None, wrapped: str) -> Rewrapped:
        """Wrap a data key under the newest KEK version, without showing it. Needs `manage`."""
        ...

    def current_version(self, *, scope: str) -> int:
        """The newest version of the scope's KEK, from 1. Needs any grant on the scope."""
        ...

    def rotate(self, *, scope: str) -> int:
        """Add a KEK version and return it; older ones go on unwrapping. Needs `manage`. Never retried by itself."""
        ...

    def ensure_scopes(self, names: Iterable[str]) -> list[str]:
        """Make the KEKs that do not exist yet; returns which were made. Needs `manage` on each."""
        ...

    def check(self) -> None:
        """Return when the source answers this process (for readiness), else raise."""
        ...

    def close(self) -> None:
        """Give back connections. The provider is not used after."""
        ...
