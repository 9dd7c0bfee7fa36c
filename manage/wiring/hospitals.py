"""The way to the hospitals."""

from dataclasses import dataclass
from typing import Any

from central.router.public import RouteLookup, RouteReader, RouterLimits, TenantRouter
from kernel.redis_client import HelpfulRedis
from kernel.settings import Settings
from keys.public import PROCESSES, BlindIndex, Keychain, KeyProvider, load_blind_index
from manage.wiring.sources import helpful_redis, key_provider, route_reader
from tenant_app.live.public import LiveBus

# An import has one connection for its patients and one to say how far it is; the largest takes a minute or two.
IMPORT_CONNECTIONS = 2
IMPORT_SECONDS = 600


@dataclass(frozen=True)
class Routing:
    """What a process needs to reach hospitals."""

    provider: KeyProvider
    keychain: Keychain
    reader: RouteReader
    router: TenantRouter
    redis: HelpfulRedis | None
    blind_index: BlindIndex | None

    @property
    def checks(self) -> dict[str, Any]:
        """What a web process looks at that it can do without for a while, by the name that /readyz gives it."""
        checks: dict[str, Any] = {"keys": self.provider.check}
        if self.redis is not None:
            checks["redis"] = self.redis.check
        return checks


def routing(settings: Settings, *, process: str, purpose: str, with_index: bool = False) -> Routing:
    """The router of a process (its name in keys.policy) for one purpose.

    Raises RoutesUnavailable or KeySourceUnavailable when central or the key source is away: a process that starts cold
    without them refuses to start, and says so.
    """
    provider = key_provider(settings, PROCESSES[process])
    keychain = Keychain(provider)
    redis = helpful_redis(settings)
    reader = route_reader(settings)
    blind_index = load_blind_index(provider, reader.blind_index_keys()) if with_index else None
    limits = RouterLimits(
        budget=settings.connection_budget,
        wait_seconds=settings.connection_wait_ms / 1000,
        statement_ms=settings.statement_timeout_ms,
        lease_seconds=settings.transaction_seconds,
    )
    router = TenantRouter(
        reader=reader,
        lookup=RouteLookup(reader=reader, redis=redis, purpose=purpose, blind_index=blind_index),
        keychain=keychain,
        purpose=purpose,
        limits=limits,
        tls_root_certificate=settings.tls_root_certificate,
        session_info=LiveBus(redis).session_info,
    )
    return Routing(provider, keychain, reader, router, redis, blind_index)


def import_router(routed: Routing, settings: Settings) -> TenantRouter:
    """A second way to the hospitals for the staff portal, for imports: few connections, and transactions that may last.

    So an import takes no connection from the requests, and a request that hangs is cut off as before.
    """
    return TenantRouter(
        reader=routed.reader,
        lookup=routed.router.lookup,
        keychain=routed.keychain,
        purpose=routed.router.purpose,
        limits=RouterLimits(
            budget=IMPORT_CONNECTIONS,
            share=IMPORT_CONNECTIONS,
            wait_seconds=settings.connection_wait_ms / 1000,
            statement_ms=IMPORT_SECONDS * 1000,
            lease_seconds=IMPORT_SECONDS,
        ),
        tls_root_certificate=settings.tls_root_certificate,
        session_info=LiveBus(routed.redis).session_info,
    )
