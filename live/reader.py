"""Reads the hospitals' streams of changes and hands them to the hub; says when it cannot, and when it can again.

Every live process reads for itself, so any number of them may run. Nothing that was read is kept here: a browser that
comes back names the last change that it saw, and gets what stands in the stream after it.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from redis import Redis
from redis.exceptions import RedisError

from kernel.ids import TenantId
from kernel.redis_client import HelpfulRedis
from kernel.telemetry.logs import get_logger
from live.figures import BEHIND, LAG
from live.hub import Hub
from tenant_app.live.public import FIELD, Change, add, read, stream_of

log = get_logger(__name__)

# How long a hospital whose first window just opened may wait for its first change.
BLOCK_MS: Final = 400
AT_ONCE: Final = 200
# More than this is told as one reload.
MOST_MISSED: Final = 100
PAUSE_SECONDS: Final = 0.5
_PLACE: Final = re.compile(r"\d{1,15}-\d{1,10}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Missed:
    """What stands after the place that a browser named. `too_much`: it may have missed more than can be told."""

    at: str
    changes: tuple[tuple[str, Change], ...] = ()
    too_much: bool = False


class Reader:
    """A thread on a connection of its own. `open_redis` gives a client that waits longer than `BLOCK_MS`."""

    def __init__(self, hub: Hub, *, open_redis: Callable[[], Redis] | None, helpful: HelpfulRedis | None) -> None:
        """Without Redis (`None`) nothing is ever told: browsers go on asking by themselves."""
        self._hub = hub
        self._open = open_redis
        self._helpful = helpful
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._places: dict[TenantId, str] = {}
        self._thread = threading.Thread(target=self._run, name="live-reader", daemon=True)
        self.behind = open_redis is None

    def start(self) -> None:
        """Begin to read."""
        if self._open is not None:
            self._thread.start()

    def stop(self) -> None:
        """End, within a moment."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def since(self, tenant: TenantId, place: str) -> Missed | None:
        """Read for this hospital from now on, and what stood after `place` before; None when the bus is away.

        Call it when the browser is in its rooms already: then nothing falls between.
        """
        if self._helpful is None or self.behind:
            return None
        last = self._helpful.ask(lambda client: _last(client, tenant))
        if last is None:
            return None
        with self._lock:
            self._places.setdefault(tenant, last)
        if not _PLACE.fullmatch(place):
            return Missed(at=last, too_much=True)
        return self._helpful.ask(lambda client: _after(client, tenant, place, last=last))

    def _run(self) -> None:
        client: Redis | None = None
        while not self._stopping.is_set():
            try:
                if client is None:
                    client = self._connect()
                self._read(client)
            except (RedisError, OSError) as error:
                self._go_behind(error)
                _close(client)
                client = None
                self._stopping.wait(PAUSE_SECONDS)
            except Exception:
                # One thing that cannot be handled must not end the reading for everybody.
                log.exception("live.reader_failed")
                self._stopping.wait(PAUSE_SECONDS)
        _close(client)

    def _connect(self) -> Redis:
        """A connection; whatever happened while there was none is told as a reload."""
        if self._open is None:
            raise RedisError("no Redis is configured")
        client = self._open()
        client.ping()
        with self._lock:
            self._places = {tenant: _last(client, tenant) for tenant in self._hub.tenants()}
        if self.behind:
            log.info("live.bus_is_back")
            self.behind = False
            self._hub.say_behind(False)
            self._hub.reload()
        BEHIND.set(0)
        return client

    def _go_behind(self, error: Exception) -> None:
        if not self.behind:
            log.warning("live.bus_away", error=type(error).__name__)
            self.behind = True
            BEHIND.set(1)
            self._hub.say_behind(True)

    def _read(self, client: Redis) -> None:
        with self._lock:
            here = self._hub.tenants()
            self._places = {tenant: place for tenant, place in self._places.items() if tenant in here}
            places = {stream_of(tenant): (tenant, place) for tenant, place in self._places.items()}
        if not places:
            # Asked now and then also when nobody listens: who comes next should not be told that all is well.
            client.ping()
            self._stopping.wait(BLOCK_MS / 1000)
            return
        wanted: Any = {stream: place for stream, (_, place) in places.items()}
        answer: Any = client.xread(wanted, count=AT_ONCE, block=BLOCK_MS)
        for stream, entries in answer or ():
            tenant = places[stream.decode()][0]
            for raw, fields in entries:
                at = raw.decode()
                self._hub.deliver(tenant, at, read(fields.get(FIELD)))
                LAG.observe(max(0.0, time.time() - int(at.partition("-")[0]) / 1000))
            with self._lock:
                if tenant in self._places:
                    self._places[tenant] = entries[-1][0].decode()


def _close(client: Redis | None) -> None:
    if client is not None:
        client.close()


def _last(client: Redis, tenant: TenantId) -> str:
    """The last place of a hospital's stream, which is begun where there is none."""
    for _ in range(2):
        newest: Any = client.xrevrange(stream_of(tenant), count=1)
        if newest:
            place: str = newest[0][0].decode()
            return place
        add(client, tenant, [Change(kind="start")])
    raise RedisError("a stream that was just begun is empty")


def _after(client: Redis, tenant: TenantId, place: str, *, last: str) -> Missed:
    stream = stream_of(tenant)
    oldest: Any = client.xrange(stream, count=1)
    # What stood before the oldest entry may have been cut off.
    if not oldest or _number(oldest[0][0].decode()) > _number(place):
        return Missed(at=last, too_much=True)
    entries: Any = client.xrange(stream, min=f"({place}", count=MOST_MISSED + 1)
    changes = tuple((raw.decode(), read(fields.get(FIELD))) for raw, fields in entries)
    if len(changes) > MOST_MISSED or any(change.kind == "gap" for _, change in changes):
        return Missed(at=last, too_much=True)
    return Missed(at=changes[-1][0] if changes else last, changes=changes)


def _number(place: str) -> tuple[int, int]:
    milliseconds, _, sequence = place.partition("-")
    return int(milliseconds), int(sequence)
