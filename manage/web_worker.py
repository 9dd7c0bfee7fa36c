"""gunicorn's threads, each freed of a caller who does not go on.

A thread reads a request from the socket for as long as it takes, so eight telephones that lost their network in the
middle of a form, or one program that sends a byte a minute, would hold all the threads of a portal for good. A proxy
that reads whole requests first is still what keeps a flood of such callers away (docs of the deployment).
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]  # gunicorn ships no types

READ_SECONDS: Final = 20.0
WHOLE_SECONDS: Final = 90.0


class Deadlines:
    """Ends the reading of a socket after `read_seconds`, and everything on it after `whole_seconds`.

    To end reading hurts no request that has been read: its answer still goes out, and the connection closes after it.
    """

    def __init__(self, *, read_seconds: float = READ_SECONDS, whole_seconds: float = WHOLE_SECONDS) -> None:
        self._read_seconds = read_seconds
        self._whole_seconds = whole_seconds
        self._lock = threading.Lock()
        self._since: dict[socket.socket, float] = {}

    @contextlib.contextmanager
    def watch(self, sock: socket.socket) -> Iterator[None]:
        """For as long as one request is read and answered."""
        with self._lock:
            self._since[sock] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._since.pop(sock, None)

    def forget(self, sock: socket.socket) -> None:
        """What comes now may last."""
        with self._lock:
            self._since.pop(sock, None)

    def enforce(self) -> None:
        """Call every second or so."""
        now = time.monotonic()
        # Under the lock, so that a socket is never ended after its request was, when another may be on its way.
        with self._lock:
            for sock, since in self._since.items():
                if now - since > self._read_seconds:
                    over = now - since > self._whole_seconds
                    # It may be closed already, by either side.
                    with contextlib.suppress(OSError):
                        sock.shutdown(socket.SHUT_RDWR if over else socket.SHUT_RD)


class DeadlineWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's thread worker, which waits for nobody without end."""

    def init_process(self) -> None:
        """In the worker's process, before it serves."""
        self._deadlines = Deadlines()
        threading.Thread(target=self._enforce, name="deadlines", daemon=True).start()
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """One request of a connection, in a thread of the pool."""
        with self._deadlines.watch(conn.sock):
            return super().handle(conn)

    def _enforce(self) -> None:
        while True:
            self._deadlines.enforce()
            time.sleep(1)
