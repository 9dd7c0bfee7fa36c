"""The bare thing beside the router's budget: at most so many psycopg connections, the least recently used goes first.

It knows every hospital's password, asks no fingerprint, has no breaker, no share and no queue.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from typing import Any

import psycopg


class BareLru:
    """Connections by key. With fewer callers than `limit` there is always an idle one to close."""

    def __init__(self, *, limit: int, parameters: Callable[[Hashable], Mapping[str, Any]]) -> None:
        self._limit = limit
        self._parameters = parameters
        self._lock = threading.Lock()
        self._open = 0
        self._idle: OrderedDict[Hashable, deque[psycopg.Connection[Any]]] = OrderedDict()

    def take(self, key: Hashable) -> psycopg.Connection[Any]:
        """An idle connection of `key`, or a new one in the place of the one that was used least recently."""
        evicted = None
        with self._lock:
            held = self._idle.get(key)
            if held:
                connection = held.pop()
                if not held:
                    del self._idle[key]
                return connection
            if self._open < self._limit:
                self._open += 1
            else:
                oldest = next(iter(self._idle))
                evicted = self._idle[oldest].popleft()
                if not self._idle[oldest]:
                    del self._idle[oldest]
        if evicted is not None:
            evicted.close()
        return psycopg.connect(**self._parameters(key))

    def give_back(self, key: Hashable, connection: psycopg.Connection[Any]) -> None:
        """It becomes the most recently used."""
        with self._lock:
            self._idle.setdefault(key, deque()).append(connection)
            self._idle.move_to_end(key)

    def close(self) -> None:
        """Close what is idle."""
        for held in self._idle.values():
            for connection in held:
                with suppress(psycopg.Error):
                    connection.close()
