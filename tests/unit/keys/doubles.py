"""Stand-ins for the keychain's neighbours: a store in memory, and a key source that can be counted and cut off."""

import os
import threading
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kernel.ids import TenantId
from keys import scopes
from keys.data_keys import DataKeyRow
from keys.envelope import DataKey, FieldContext
from keys.errors import KeyRefused, KeySourceUnavailable
from keys.keychain import Keychain
from keys.policy import EVERYTHING, KeyPolicy
from keys.provider import NewDataKey, Rewrapped

A = TenantId("aaaaaaaa-0000-4000-8000-000000000001")
B = TenantId("bbbbbbbb-0000-4000-8000-000000000002")
SCOPE = scopes.HOSPITAL


class FakeClock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class MemoryStore:
    """A DataKeyStore in memory; a test rolls back by taking rows out again."""

    def __init__(self) -> None:
        self.rows: list[DataKeyRow] = []
        self.reads = 0

    def current(self, tenant: TenantId | None, scope: str) -> DataKeyRow | None:
        fitting = [r for r in self.rows if (r.tenant_id, r.scope, r.retired_at) == (tenant, scope, None)]
        return fitting[-1] if fitting else None

    def get(self, dek_id: UUID) -> DataKeyRow | None:
        self.reads += 1
        return next((row for row in self.rows if row.dek_id == dek_id), None)

    def add(self, row: DataKeyRow) -> None:
        self.rows.append(row)

    def replace_wrapped(self, dek_id: UUID, wrapped: str, kek_version: int) -> None:
        self.rows = [
            DataKeyRow(r.tenant_id, r.scope, r.dek_id, kek_version, wrapped, r.retired_at) if r.dek_id == dek_id else r
            for r in self.rows
        ]


class FakeProvider:
    """A KeyProvider whose wrapping is a table. `gate` holds up unwrapping; `away` and `refusing` make it fail."""

    def __init__(self, policy: KeyPolicy = EVERYTHING) -> None:
        self.policy = policy
        self.away = False
        self.refusing: set[str] = set()
        self.unwraps = 0
        self.made = 0
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.version: dict[str, int] = defaultdict(lambda: 1)
        self._wrapped: dict[str, tuple[str, TenantId | None, bytes]] = {}

    def new_data_key(self, *, scope: str, tenant: TenantId | None) -> NewDataKey:
        self.policy.require_wrap(scope)
        self.check()
        self.made += 1
        plaintext = os.urandom(32)
        return NewDataKey(plaintext, self._put(scope, tenant, plaintext), self.version[scope])

    def unwrap(self, *, scope: str, tenant: TenantId | None, wrapped: str) -> bytes:
        self.policy.require_unwrap(scope)
        self.unwraps += 1
        self.entered.set()
        assert self.gate.wait(10)
        self.check()
        return self._get(scope, tenant, wrapped)

    def rewrap(self, *, scope: str, tenant: TenantId | None, wrapped: str) -> Rewrapped:
        self.policy.require_manage(scope)
        self.check()
        return Rewrapped(self._put(scope, tenant, self._get(scope, tenant, wrapped)), self.version[scope])

    def current_version(self, *, scope: str) -> int:
        self.check()
        return self.version[scope]

    def rotate(self, *, scope: str) -> int:
        self.policy.require_manage(scope)
        self.version[scope] += 1
        return self.version[scope]

    def ensure_scopes(self, names: Iterable[str]) -> list[str]:
        raise KeyRefused(f"the double makes no scopes: {list(names)}")

    def check(self) -> None:
        if self.away:
            raise KeySourceUnavailable

    def close(self) -> None:
        self.away = True

    def _put(self, scope: str, tenant: TenantId | None, plaintext: bytes) -> str:
        wrapped = f"fake:{len(self._wrapped)}"
        self._wrapped[wrapped] = (scope, tenant, plaintext)
        return wrapped

    def _get(self, scope: str, tenant: TenantId | None, wrapped: str) -> bytes:
        found = self._wrapped.get(wrapped)
        if found is None or found[:2] != (scope, tenant) or wrapped in self.refusing:
            raise KeyRefused
        return found[2]


class World:
    """A key source, a store and any number of processes that keep keys of `SCOPE`."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.provider = FakeProvider()
        self.store = MemoryStore()
        self.chain = self.process()

    def process(self, *, cache_size: int = 16) -> Keychain:
        return Keychain(self.provider, cache_size=cache_size, clock=self.clock)

    def new_key(self, tenant: TenantId | None = A) -> DataKey:
        return self.process().current(self.store, tenant=tenant, scope=SCOPE)

    def get(self, key: DataKey) -> DataKey:
        return self.chain.by_id(self.store, key.dek_id, tenant=key.tenant, scope=key.scope)


def place(tenant: TenantId | None = A) -> FieldContext:
    """Where the sealed values of these tests stand."""
    return FieldContext(tenant, "settings", "value", "1")
