"""Rate limits, counted in Redis for all processes; in each process itself while Redis is away, so that nothing opens.

The library `limits` counts; Flask-Limiter around it counts by route, which a flood over many routes would pass.
"""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, TypeVar

from flask import Flask, request
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from kernel.errors import Forbidden, TooManyRequests
from kernel.pause import Pause
from kernel.redis_client import ANSWER_SECONDS, PAUSE_SECONDS
from kernel.settings import Settings
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter

log = get_logger(__name__)

View = TypeVar("View", bound=Callable[..., Any])
_GUESSABLE = "__sokham_guessable__"
_UNCOUNTED = frozenset({"static", "healthz", "readyz", "metrics_page"})

REFUSED = Counter("sokham_gateway_refused", "Requests refused before they reached a view", ["portal", "reason"])


def guess_limited(view: View) -> View:
    """Declare that a route takes a secret that could be guessed: it has the strict limit too, by address."""
    setattr(view, _GUESSABLE, True)
    return view


def one_caller(address: str | None) -> str:
    """What stands for one caller: an IPv4 address; of IPv6 the /64, of which each customer has all 2^64 addresses."""
    if not address:
        return "unknown"
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return str(ip)


class RateLimits:
    """Counts hits by key. While Redis is away each process counts by itself, with the same limits."""

    def __init__(self, *, redis_url: str, redis_password: str = "") -> None:
        self._memory = FixedWindowRateLimiter(MemoryStorage())
        self._pause = Pause(PAUSE_SECONDS)
        self._shared: FixedWindowRateLimiter | None = None
        if redis_url:
            options: dict[str, Any] = {
                "socket_timeout": ANSWER_SECONDS,
                "socket_connect_timeout": ANSWER_SECONDS,
                "key_prefix": "sokham:limit",
            }
            if redis_password:
                options["password"] = redis_password
            self._shared = FixedWindowRateLimiter(RedisStorage(redis_url, **options))

    def hit(self, limit: RateLimitItem, *key: str) -> None:
        """Count one; raises TooManyRequests with the seconds until the window ends."""
        if self._shared is not None and not self._pause.active:
            try:
                self._count(self._shared, limit, key)
            except RedisError as error:
                self._pause.begin()
                log.warning("limits.redis_away", error=type(error).__name__)
            else:
                return
        self._count(self._memory, limit, key)

    def _count(self, limiter: FixedWindowRateLimiter, limit: RateLimitItem, key: tuple[str, ...]) -> None:
        if not limiter.hit(limit, *key):
            ends = limiter.get_window_stats(limit, *key).reset_time
            raise TooManyRequests(retry_after=max(1, round(ends - time.time())))


def install(
    app: Flask, settings: Settings, *, limit_key: Callable[[], str], guess_key: Callable[[], str]
) -> RateLimits:
    """Refuse denied networks and count requests by `limit_key` (the session, else the caller), guesses by `guess_key`.

    Call before the gatekeeper is set, so that a flood does not reach the database.
    """
    denied = [ip_network(text.strip()) for text in settings.ip_deny.split(",") if text.strip()]
    limits = RateLimits(redis_url=settings.redis_url, redis_password=settings.redis_password)
    ordinary = RateLimitItemPerMinute(settings.rate_per_minute)
    strict = RateLimitItemPerMinute(settings.sign_in_per_minute)

    def refuse() -> None:
        if denied and request.remote_addr:
            address = ip_address(request.remote_addr)
            if any(address in network for network in denied):
                REFUSED.labels(app.name, "network").inc()
                raise Forbidden

    def count() -> None:
        if request.endpoint in _UNCOUNTED:
            return
        try:
            limits.hit(ordinary, limit_key())
            view = app.view_functions.get(request.endpoint or "")
            if getattr(view, _GUESSABLE, False) and request.method == "POST":
                limits.hit(strict, f"guess:{guess_key()}")
        except TooManyRequests:
            REFUSED.labels(app.name, "rate").inc()
            raise

    app.before_request(refuse)
    app.before_request(count)
    return limits
