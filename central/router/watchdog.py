"""Ends transactions on a hospital that has stopped answering.

The server's own time-outs do not help against a network that swallows packets, and libpq waits for ever. A lease that
is older than any statement may be has its socket shut down: the waiting call then fails at once, and the connection
is dropped.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable

import psycopg

from kernel.telemetry.logs import get_logger

log = get_logger(__name__)

CHECK_SECONDS = 0.5


class Watchdog:
    """Watches connections that are at work; its thread starts with the first one and is a daemon."""

    def __init__(self, *, limit_seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limit_seconds = limit_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._since: dict[psycopg.Connection[object], float] = {}
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def taken(self, connection: "psycopg.Connection[object]") -> None:
        """The connection goes to work now."""
        self._since[connection] = self._monotonic()
        if self._thread is None:
            self._start()

    def returned(self, connection: "psycopg.Connection[object]") -> None:
        """The connection is idle again, or closed."""
        self._since.pop(connection, None)

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()

    def sever_overdue(self) -> int:
        """Shut down the sockets of those that are at work for too long; returns how many."""
        now = self._monotonic()
        overdue = [connection for connection, since in self._since.copy().items() if now - since > self._limit_seconds]
        for connection in overdue:
            self._since.pop(connection, None)
            _shut_down(connection)
        if overdue:
            log.warning("router.severed", connections=len(overdue), after_seconds=self._limit_seconds)
        return len(overdue)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="router-watchdog", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        while not self._stopping.wait(CHECK_SECONDS):
            self.sever_overdue()


def _shut_down(connection: "psycopg.Connection[object]") -> None:
    # The connection may be closing at this very moment in its own thread: then there is nothing left to do.
    with contextlib.suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as twin:
        twin.shutdown(socket.SHUT_RDWR)
