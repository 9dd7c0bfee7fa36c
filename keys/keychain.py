"""The data keys a process holds: a bounded cache in front of the key source.

- Decrypted keys are held for at most `max_age` (24 h) after the source last confirmed them; they are confirmed again
  after `refresh_after` on use, so that a short outage of the source is not noticed and a long one ends in time.
- No lock is held while the source is asked, and one question a key is asked at a time: others wait for its answer.
- `forget(tenant)` drops a suspended hospital's keys; what was being fetched meanwhile is not kept.
"""

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock, utc_now
from kernel.errors import SokhamError
from kernel.ids import TenantId, new_row_id
from keys.data_keys import DataKeyRow, DataKeyStore
from keys.envelope import ROTATE_AFTER_SEALS, DataKey, FieldContext, dek_id_of, open_sealed, seal
from keys.errors import KeyRefused, KeySourceUnavailable, Undecryptable
from keys.provider import KeyProvider

MAX_AGE: Final = timedelta(hours=24)
REFRESH_AFTER: Final = timedelta(hours=1)

# After the source failed to confirm a key that is still good, it is left alone for this long: otherwise each request
# would wait for the source's time-out, for as long as it is away.
_REFRESH_PAUSE: Final = timedelta(seconds=30)

# How long a caller waits for another thread that is asking for the same key. The providers' own time-outs are shorter.
_FLIGHT_SECONDS: Final = 30.0


_Place = tuple[TenantId | None, str, UUID]


@dataclass(slots=True)
class _Entry:
    key: DataKey
    row: DataKeyRow
    confirmed_at: datetime
    refreshing: bool = False


class Keychain:
    """Data keys by id and by place, for one process. Safe to share between threads."""

    def __init__(
        self,
        provider: KeyProvider,
        *,
        cache_size: int = 4096,
        max_age: timedelta = MAX_AGE,
        refresh_after: timedelta = REFRESH_AFTER,
        clock: Clock = utc_now,
    ) -> None:
        if cache_size < 1 or refresh_after > max_age:
            raise ValueError("the cache holds at least one key, and confirms it before it is too old")
        self._provider = provider
        self._cache_size = cache_size
        self._max_age = max_age
        self._refresh_after = refresh_after
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[_Place, _Entry] = OrderedDict()
        self._flights: dict[_Place, Future[DataKey]] = {}
        # Rises with each `forget`, so that an answer asked for before it is not kept after it.
        self._generation = 0
        self._refresh_not_before: datetime | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def current(self, store: DataKeyStore, *, tenant: TenantId | None, scope: str) -> DataKey:
        """The key to seal with at this place; made and added to `store` where there is none that can be used.

        A process that may wrap but not unwrap, or that sealed a great deal under the present key, gets a key of its
        own making. Raises KeyRefused when the policy allows neither, KeySourceUnavailable when the source is needed
        and away.
        """
        row = store.current(tenant, scope)
        grant = self._provider.policy.grant(scope)
        if row is not None:
            place = _place_of(row)
            if place != (tenant, scope, row.dek_id):
                raise KeyRefused("the store answered with a data key of another place")
            key = self._held(place)
            if key is None and (grant.unwrap or not grant.wrap):
                key = self._fetch(row)
            if key is not None and (key.sealed < ROTATE_AFTER_SEALS or not grant.wrap):
                return key
        return self._make(store, tenant=tenant, scope=scope)

    def by_id(self, store: DataKeyStore, dek_id: UUID, *, tenant: TenantId | None, scope: str) -> DataKey:
        """The key with this id at this place, from the cache or through `store` and the source.

        The place is part of the question, so that a row planted in one hospital's database answers for no other.
        Raises Undecryptable when no row of this place has the id, KeyRefused when the policy or the source says no,
        KeySourceUnavailable when the source is needed and away.
        """
        key = self._held((tenant, scope, dek_id))
        if key is not None:
            return key
        row = store.get(dek_id)
        if row is None or _place_of(row) != (tenant, scope, dek_id):
            raise Undecryptable
        return self._fetch(row)

    def seal(
        self, store: DataKeyStore, plaintext: bytes | str, *, scope: str, tenant: TenantId | None, context: FieldContext
    ) -> str:
        """Seal a value under the current key of (tenant, scope); raises as `current` and `envelope.seal`."""
        return seal(plaintext, key=self.current(store, tenant=tenant, scope=scope), context=context)

    def open(
        self, store: DataKeyStore, token: str, *, scope: str, tenant: TenantId | None, context: FieldContext
    ) -> bytes:
        """Open a value that `seal` made with the same scope, tenant and context; raises as `by_id`, and Undecryptable.

        The scope is part of it so that whoever may seal under another scope cannot plant a value here.
        """
        return open_sealed(token, key=self.by_id(store, dek_id_of(token), tenant=tenant, scope=scope), context=context)

    def forget(self, tenant: TenantId) -> int:
        """Drop all keys of a hospital (it was suspended); returns how many. Others are not touched."""
        with self._lock:
            self._generation += 1
            gone = [place for place in self._entries if place[0] == tenant]
            for place in gone:
                del self._entries[place]
        return len(gone)

    def _held(self, place: _Place) -> DataKey | None:
        """The cached key if it may still be used, confirmed on the way when its time has come."""
        now = self._clock()
        with self._lock:
            entry = self._entries.get(place)
            if entry is None:
                return None
            age = now - entry.confirmed_at
            if age >= self._max_age:
                del self._entries[place]
                return None
            self._entries.move_to_end(place)
            paused = self._refresh_not_before is not None and now < self._refresh_not_before
            # A clock that was set back makes a key look fresher than it is; such a key is due as well.
            due = age >= self._refresh_after or age < timedelta(0)
            if not due or entry.refreshing or paused or not self._provider.policy.grant(entry.row.scope).unwrap:
                return entry.key
            entry.refreshing = True
        return entry.key if self._confirm(place, entry, now) else None

    def _confirm(self, place: _Place, entry: _Entry, now: datetime) -> bool:
        """Ask the source for a held key again; False when it was dropped and must be fetched anew."""
        row = entry.row
        try:
            self._provider.unwrap(scope=row.scope, tenant=row.tenant_id, wrapped=row.wrapped)
        except KeySourceUnavailable:
            with self._lock:
                self._refresh_not_before = now + _REFRESH_PAUSE
            return True
        except KeyRefused:
            # The row may have been rewrapped since, and the old KEK version removed: the stored row decides.
            with self._lock:
                if self._entries.get(place) is entry:
                    del self._entries[place]
            return False
        else:
            with self._lock:
                entry.confirmed_at = now
                self._refresh_not_before = None
            return True
        finally:
            entry.refreshing = False

    def _fetch(self, row: DataKeyRow) -> DataKey:
        place = _place_of(row)
        with self._lock:
            flight = self._flights.get(place)
            leads = flight is None
            if flight is None:
                flight = self._flights[place] = Future()
        if not leads:
            try:
                return flight.result(timeout=_FLIGHT_SECONDS)
            except TimeoutError:
                raise KeySourceUnavailable("the key source took too long") from None
        try:
            key = self._ask(row)
        except SokhamError as err:
            self._land(place).set_exception(err)
            raise
        except BaseException:
            # What ended this thread (an interrupt, say) is not the others' error; they may ask again.
            self._land(place).set_exception(KeySourceUnavailable("the thread that asked was ended"))
            raise
        self._land(place).set_result(key)
        return key

    def _ask(self, row: DataKeyRow) -> DataKey:
        asked_at, generation = self._clock(), self._generation
        plaintext = self._provider.unwrap(scope=row.scope, tenant=row.tenant_id, wrapped=row.wrapped)
        key = DataKey(dek_id=row.dek_id, scope=row.scope, tenant=row.tenant_id, plaintext=plaintext)
        self._keep(key, row, asked_at=asked_at, generation=generation)
        return key

    def _land(self, place: _Place) -> Future[DataKey]:
        with self._lock:
            return self._flights.pop(place)

    def _make(self, store: DataKeyStore, *, tenant: TenantId | None, scope: str) -> DataKey:
        asked_at, generation = self._clock(), self._generation
        made = self._provider.new_data_key(scope=scope, tenant=tenant)
        row = DataKeyRow(tenant, scope, new_row_id(), made.kek_version, made.wrapped)
        store.add(row)
        key = DataKey(dek_id=row.dek_id, scope=scope, tenant=tenant, plaintext=made.plaintext)
        self._keep(key, row, asked_at=asked_at, generation=generation)
        return key

    def _keep(self, key: DataKey, row: DataKeyRow, *, asked_at: datetime, generation: int) -> None:
        """Put a key into the cache, unless a hospital was forgotten while the source was asked."""
        place = _place_of(row)
        with self._lock:
            if generation != self._generation:
                return
            self._entries[place] = _Entry(key, row, asked_at)
            self._entries.move_to_end(place)
            while len(self._entries) > self._cache_size:
                self._entries.popitem(last=False)


def _place_of(row: DataKeyRow) -> _Place:
    return row.tenant_id, row.scope, row.dek_id
