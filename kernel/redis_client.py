"""Redis is never the only truth of anything: it is asked quickly, and done without when it does not answer."""

from collections.abc import Callable
from typing import TypeVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from kernel.pause import Pause
from kernel.telemetry.logs import get_logger

log = get_logger(__name__)

T = TypeVar("T")

ANSWER_SECONDS = 0.25
PAUSE_SECONDS = 1.0


def connect(
    url: str, *, password: str = "", answer_seconds: float = ANSWER_SECONDS, one_connection: bool = False
) -> Redis:
    """A client with short time-outs and no retries; the password may stand outside the URL.

    `one_connection` is made at once, and a break of it is an error, where a pool would quietly make another.
    """
    client: Redis = Redis.from_url(
        url,
        password=password or None,
        socket_timeout=answer_seconds,
        socket_connect_timeout=answer_seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
        single_connection_client=one_connection,
    )
    return client


class HelpfulRedis:
    """Redis as something that helps: an answer, or None when it is away; never an exception, never a long wait."""

    def __init__(self, client: Redis, *, pause_seconds: float = PAUSE_SECONDS) -> None:
        self.client = client
        self._pause = Pause(pause_seconds)

    def ask(self, call: Callable[[Redis], T]) -> T | None:
        """The result of `call`, or None when Redis is away (then it is left alone for a second)."""
        if self._pause.active:
            return None
        try:
            return call(self.client)
        except (RedisError, OSError) as error:
            self._pause.begin()
            log.warning("redis.away", error=type(error).__name__)
            return None

    def check(self) -> None:
        """For readiness: raises what Redis raises."""
        self.client.ping()
