"""The doorbell: a list in Redis that wakes a sync worker at once. A lost ring does no harm: the worker also sweeps.

Hospitals ring when they published something, central when there is a change for a hospital to fetch.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from redis import Redis

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.redis_client import HelpfulRedis

# More rings than this tell a worker nothing that the sweep does not.
_KEPT: Final = 10_000
_SECONDS: Final = 600
KEY: Final = "sokham:doorbell"

_CHANGES: Final = "changes:"
_INFO: Final = "sokham.doorbell"
_RUNG: Final = "sokham.doorbell_rung"


class Ring(NamedTuple):
    """A hospital has something to push, or (`changes`) something to fetch."""

    tenant: TenantId
    changes: bool = False


class Doorbell(Protocol):
    """Wakes the workers for a hospital."""

    def ring(self, tenant: TenantId, *, changes: bool = False) -> None:
        """Wake a worker for this hospital; never raises for a bell that cannot be reached."""
        ...


class RedisDoorbell:
    """Rings through Redis; without it nothing happens, and the sweep comes by."""

    def __init__(self, redis: HelpfulRedis) -> None:
        self._redis = redis

    def ring(self, tenant: TenantId, *, changes: bool = False) -> None:
        """See Doorbell."""
        self._redis.ask(lambda client: _push(client, f"{_CHANGES if changes else ''}{tenant}"))


class RedisBellListener:
    """The worker's side: waits for rings. `client` must allow answers later than `seconds` of `wait`."""

    def __init__(self, redis: HelpfulRedis) -> None:
        self._redis = redis

    def wait(self, seconds: int) -> set[Ring] | None:
        """Who rang, as soon as somebody did, or nobody after `seconds`; None when Redis is away."""
        return self._redis.ask(lambda client: _pop(client, seconds))


def with_doorbell(uow: UnitOfWork, doorbell: Doorbell) -> UnitOfWork:
    """Give a hospital's transaction its bell: what `publish` adds to it rings once, after the commit."""
    uow.session.info[_INFO] = doorbell
    return uow


def ring_after_commit(uow: UnitOfWork) -> None:
    """Ring once for this transaction, if it was given a bell."""
    doorbell: Doorbell | None = uow.session.info.get(_INFO)
    tenant = uow.tenant
    if doorbell is None or tenant is None or uow.session.info.get(_RUNG):
        return
    uow.session.info[_RUNG] = True
    uow.after_commit(_ringing(uow, doorbell, tenant))


def _ringing(uow: UnitOfWork, doorbell: Doorbell, tenant: TenantId) -> Callable[[], None]:
    def ring() -> None:
        # A unit of work may commit more than once; each time something was published it rings again.
        uow.session.info.pop(_RUNG, None)
        doorbell.ring(tenant)

    return ring


def _push(client: Redis, ring: str) -> None:
    with client.pipeline(transaction=False) as pipe:
        pipe.lpush(KEY, ring)
        pipe.ltrim(KEY, 0, _KEPT - 1)
        pipe.expire(KEY, _SECONDS)
        pipe.execute()


def _pop(client: Redis, seconds: int) -> set[Ring]:
    # redis-py types each answer as perhaps awaitable, which it is for its asynchronous client only.
    first: Any = client.blpop([KEY], timeout=seconds)
    if not first:
        return set()
    # Whatever else is there by now is answered in the same round.
    rest: Any = client.lpop(KEY, _KEPT) or []
    return {_ring(value.decode() if isinstance(value, bytes) else value) for value in (first[1], *rest)}


def _ring(value: str) -> Ring:
    return Ring(TenantId.parse(value.removeprefix(_CHANGES)), value.startswith(_CHANGES))
