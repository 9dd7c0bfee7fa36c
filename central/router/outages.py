"""Hospitals that do not answer, as the sync worker found: said in Redis, for whoever must not find out by asking.

What a process learns by asking a hospital because of a person depends on the person, and so does whatever it tells
strangers of it: three sign-ins with somebody's number would open a breaker just where that somebody is a patient. The
sweep asks every hospital, whoever comes.
"""

import time
from collections.abc import Callable
from typing import Final

from redis import Redis

from kernel.ids import TenantId
from kernel.redis_client import HelpfulRedis

_KEY: Final = "sokham:hospitals:away"
# Several sweeps. A worker that ended cannot take back what it said.
HOLDS_SECONDS: Final = 180


class RedisOutages:
    """A sorted set of hospitals, each with the moment until which it counts. Without Redis none is known."""

    def __init__(self, redis: HelpfulRedis | None, *, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._clock = clock

    def away(self, tenant: TenantId) -> None:
        """The sweep had no answer from this hospital."""
        if self._redis is None:
            return
        now = self._clock()

        def say(client: Redis) -> None:
            with client.pipeline(transaction=False) as pipeline:
                pipeline.zadd(_KEY, {str(tenant): now + HOLDS_SECONDS})
                pipeline.zremrangebyscore(_KEY, "-inf", now)
                pipeline.expire(_KEY, HOLDS_SECONDS)
                pipeline.execute()

        self._redis.ask(say)

    def answers(self, tenant: TenantId) -> None:
        """It had one."""
        if self._redis is not None:
            self._redis.ask(lambda client: client.zrem(_KEY, str(tenant)))

    def known(self) -> tuple[TenantId, ...]:
        """The hospitals that did not answer when the sweep came by last."""
        if self._redis is None:
            return ()
        now = self._clock()
        found = self._redis.ask(lambda client: client.zrangebyscore(_KEY, now, "+inf"))
        return tuple(TenantId.parse(raw.decode()) for raw in found) if isinstance(found, list) else ()
