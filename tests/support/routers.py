"""Routers for tests, over a test's own central database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from central import roles
from central.router.public import RouteLookup, RouteReader, RouterLimits, TenantRouter
from kernel.redis_client import HelpfulRedis, connect
from keys.public import BlindIndex, Keychain
from tests.support.databases import CentralDatabase


@contextmanager
def router_on(
    central: CentralDatabase,
    keychain: Keychain,
    *,
    purpose: str = "app",
    redis_url: str | None = None,
    limits: RouterLimits | None = None,
    parameters: dict[str, Any] | None = None,
    blind_index: BlindIndex | None = None,
    **lookup: Any,
) -> Iterator[TenantRouter]:
    """A router of its own caches and connections; `parameters` lead to central (through a proxy, perhaps)."""
    reader = RouteReader(parameters or central.parameters(roles.ROUTE))
    redis = HelpfulRedis(connect(redis_url), pause_seconds=0.05) if redis_url else None
    router = TenantRouter(
        reader=reader,
        lookup=RouteLookup(reader=reader, redis=redis, purpose=purpose, blind_index=blind_index, **lookup),
        keychain=keychain,
        purpose=purpose,
        limits=limits or RouterLimits(budget=4, wait_seconds=2),
    )
    try:
        yield router
    finally:
        router.close()
