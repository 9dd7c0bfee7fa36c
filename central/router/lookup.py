"""Three layers: this process (bounded, at most 5 s), Redis, central's database. An older version replaces no newer one.

When central is away, what was known is used on, for at most a day: a hospital goes on working. What is known to be
suspended stays suspended. A suspension holds everywhere within 10 s: 5 s in Redis and 5 s in the process, whatever
messages are lost.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from central.router.errors import HospitalUnknown, RoutesUnavailable
from central.router.reader import RouteReader
from central.router.route import PersonRoute, TenantRoute
from kernel.ids import TenantId, parse_tenant_code
from kernel.redis_client import HelpfulRedis
from keys.public import BlindIndex

FRESH_SECONDS = 5.0
STALE_SECONDS = 24 * 3600.0


def tenant_key(purpose: str, tenant: TenantId) -> str:
    """Where a hospital's route for a purpose stands in Redis, before the `:f` or `:s` of its copies."""
    return f"sokham:route:{purpose}:t:{tenant}"


V = TypeVar("V", TenantRoute, PersonRoute)

# KEYS: the fresh and the stale copy. ARGV: version, value, milliseconds of freshness, seconds of staleness.
# Both copies hold `version|value`; a write with an older version than either leaves everything as it is.
_STORE = """
for i = 1, 2 do
  local held = redis.call('GET', KEYS[i])
  if held and tonumber(string.match(held, '^(%d+)|')) > tonumber(ARGV[1]) then return 0 end
end
local value = ARGV[1] .. '|' .. ARGV[2]
redis.call('SET', KEYS[1], value, 'PX', ARGV[3])
redis.call('SET', KEYS[2], value, 'EX', ARGV[4])
return 1
"""


@dataclass(slots=True)
class _Held(Generic[V]):
    value: V
    fresh_until: float
    usable_until: float


class LocalLayer(Generic[V]):
    """A bounded map with versions, least recently used out first. Safe to share between threads."""

    def __init__(self, *, size: int, version: Callable[[V], int], monotonic: Callable[[], float]) -> None:
        self._size = size
        self._version: Callable[[V], int] = version
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._entries: OrderedDict[str | bytes, _Held[V]] = OrderedDict()

    def fresh(self, key: str | bytes) -> V | None:
        """The value, if it was confirmed within the last 5 s."""
        with self._lock:
            held = self._entries.get(key)
            if held is None or held.fresh_until <= self._monotonic():
                return None
            self._entries.move_to_end(key)
            return held.value

    def stale(self, key: str | bytes) -> V | None:
        """The value, if it was confirmed within the last day."""
        with self._lock:
            held = self._entries.get(key)
            return held.value if held is not None and held.usable_until > self._monotonic() else None

    def keep(self, key: str | bytes, value: V) -> V:
        """Keep what was just read; returns what is held then, which may be newer."""
        return self._keep(key, value, usable_seconds=STALE_SECONDS)

    def keep_unconfirmed(self, key: str | bytes, value: V) -> V:
        """Use on for 5 s what could not be confirmed; the day that it may be used in all does not begin anew."""
        return self._keep(key, value, usable_seconds=FRESH_SECONDS)

    def _keep(self, key: str | bytes, value: V, *, usable_seconds: float) -> V:
        with self._lock:
            now = self._monotonic()
            usable_until = now + usable_seconds
            held = self._entries.get(key)
            if held is not None:
                if self._version(held.value) > self._version(value):
                    return held.value
                usable_until = max(usable_until, held.usable_until)
            self._entries[key] = _Held(value, now + FRESH_SECONDS, usable_until)
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
            return value

    def forget(self, key: str | bytes) -> None:
        """Drop an entry."""
        with self._lock:
            self._entries.pop(key, None)


class RedisLayer(Generic[V]):
    """The same knowledge for all processes; a fresh copy of 5 s and a stale one of a day."""

    def __init__(self, redis: HelpfulRedis | None, kind: type[V], *, version: Callable[[V], int]) -> None:
        self._redis = redis
        self._version: Callable[[V], int] = version
        self._encode = msgspec.json.Encoder().encode
        self._decoder: msgspec.json.Decoder[V] = msgspec.json.Decoder(kind)
        self._script = redis.client.register_script(_STORE) if redis is not None else None

    def fresh(self, key: str) -> V | None:
        """The value, if some process confirmed it within the last 5 s."""
        return self._read(f"{key}:f")

    def stale(self, key: str) -> V | None:
        """The value, if some process confirmed it within the last day."""
        return self._read(f"{key}:s")

    def keep(self, key: str, value: V) -> None:
        """Offer what was just read; Redis keeps the newer version."""
        if self._redis is None or self._script is None:
            return
        script = self._script
        arguments: list[bytes | int] = [
            self._version(value),
            self._encode(value),
            int(FRESH_SECONDS * 1000),
            int(STALE_SECONDS),
        ]
        self._redis.ask(lambda client: script([f"{key}:f", f"{key}:s"], arguments, client=client))

    def _read(self, key: str) -> V | None:
        if self._redis is None:
            return None
        raw = self._redis.ask(lambda client: client.get(key))
        if not isinstance(raw, bytes):
            return None
        try:
            return self._decoder.decode(raw.partition(b"|")[2])
        except msgspec.DecodeError:
            # A mark that the route changed, or written by another release: central is asked instead.
            return None


class RouteLookup:
    """Where hospitals are and which hospitals know a person."""

    def __init__(
        self,
        *,
        reader: RouteReader,
        redis: HelpfulRedis | None,
        purpose: str,
        blind_index: BlindIndex | None = None,
        size: int = 4096,
        persons: int = 50_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._purpose = purpose
        self._blind_index = blind_index
        self._local: LocalLayer[TenantRoute] = LocalLayer(size=size, version=_route_version, monotonic=monotonic)
        self._shared = RedisLayer(redis, TenantRoute, version=_route_version)
        self._local_persons: LocalLayer[PersonRoute] = LocalLayer(
            size=persons, version=_person_version, monotonic=monotonic
        )
        self._shared_persons = RedisLayer(redis, PersonRoute, version=_person_version)

    def by_id(self, tenant: TenantId) -> TenantRoute:
        """The route of a hospital; raises HospitalUnknown, or RoutesUnavailable when nothing is known of it."""
        return self._route(tenant_key(self._purpose, tenant), lambda: self._reader.tenant_route(tenant, self._purpose))

    def by_code(self, code: str) -> TenantRoute:
        """The same by its code."""
        code = parse_tenant_code(code)
        return self._route(self._key(f"c:{code}"), lambda: self._reader.tenant_route_by_code(code, self._purpose))

    def by_domain(self, domain: str) -> TenantRoute:
        """The same by its own domain."""
        domain = domain.strip().lower()[:253]
        return self._route(self._key(f"d:{domain}"), lambda: self._reader.tenant_route_by_domain(domain, self._purpose))

    def hospitals_of(self, system: str, value: str) -> tuple[TenantId, ...]:
        """The hospitals that know the person with this identifier (normalised), none when nobody does.

        The identifier itself is in no cache and no statement: only its keyed digest is.
        """
        if self._blind_index is None:
            raise RoutesUnavailable("this process has no blind index key")
        found: tuple[TenantId, ...] = ()
        for digest in self._blind_index.digests(system, value):
            person = self._person(system, digest.version, digest.value)
            if person is not None:
                # While a key is exchanged, both digests may lead to the same hospitals.
                found = tuple(dict.fromkeys((*found, *person.tenants))) if found else person.tenants
        return found

    def _key(self, suffix: str) -> str:
        return f"sokham:route:{self._purpose}:{suffix}"

    def _route(self, key: str, ask_central: Callable[[], TenantRoute | None]) -> TenantRoute:
        route = self._local.fresh(key)
        if route is not None:
            return route
        route = self._shared.fresh(key)
        if route is not None:
            return self._local.keep(key, route)
        try:
            route = ask_central()
        except RoutesUnavailable:
            known = _newer(self._local.stale(key), self._shared.stale(key))
            if known is None:
                raise
            # The same hospital may have been seen more lately by its id than by its code or domain.
            by_id = tenant_key(self._purpose, known.tenant)
            known = _newer(known, _newer(self._local.stale(by_id), self._shared.stale(by_id))) or known
            return self._local.keep_unconfirmed(key, known)
        if route is None:
            self._local.forget(key)
            raise HospitalUnknown
        self._shared.keep(key, route)
        return self._local.keep(key, route)

    def _person(self, system: str, key_version: int, digest: bytes) -> PersonRoute | None:
        # The digest alone is enough here: system and key are in the HMAC.
        person = self._local_persons.fresh(digest)
        if person is not None:
            return person
        key = f"sokham:person:{system}:{key_version}:{digest.hex()}"
        person = self._shared_persons.fresh(key)
        if person is not None:
            return self._local_persons.keep(digest, person)
        try:
            person = self._reader.person_route(system, key_version, digest)
        except RoutesUnavailable:
            person = self._local_persons.stale(digest) or self._shared_persons.stale(key)
            if person is None:
                raise
            return person
        # Who is not known yet may be known a second later, so absence is not kept.
        if person is None:
            self._local_persons.forget(digest)
            return None
        self._shared_persons.keep(key, person)
        return self._local_persons.keep(digest, person)


def _route_version(route: TenantRoute) -> int:
    return route.route_version


def _person_version(person: PersonRoute) -> int:
    return person.version


def _newer(one: TenantRoute | None, other: TenantRoute | None) -> TenantRoute | None:
    if one is None or other is None:
        return one or other
    return one if one.route_version >= other.route_version else other
