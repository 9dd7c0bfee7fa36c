"""One websocket of the server's side, as Engine.IO wants it: read in the connection's own thread, written by one other.

Nothing waits without end: who says nothing for longer than a ping may take is gone, a word that is too long ends the
connection before all of it is here, and hanging up wakes whoever reads or writes.
"""

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import CloseConnection, Event, Ping, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError, generate_accept_token

MOST_BYTES: Final = 4096
PING_SECONDS: Final = 20
# A ping, its answer, and some patience.
QUIET_SECONDS: Final = 2.0 * PING_SECONDS + 5
_PIECE: Final = 4096


class Websocket:
    """What `engineio` makes for each connection: called as a WSGI application, which returns when all is over."""

    def __init__(self, handler: Callable[["Websocket"], object], _server: object) -> None:
        self._handler = handler
        self._frames = Connection(ConnectionType.SERVER)
        self._lock = threading.Lock()
        self._words: list[str] = []
        self._word = ""
        self._over = False
        self._socket: socket.socket

    def __call__(self, environ: dict[str, Any], _start: object) -> Iterable[bytes]:
        """Shake hands, and talk until the end. The server that called must not answer on this connection any more."""
        by_gunicorn = "gunicorn.socket" in environ
        self._socket = environ["gunicorn.socket" if by_gunicorn else "werkzeug.socket"]
        self._socket.settimeout(QUIET_SECONDS)
        token = generate_accept_token(environ["HTTP_SEC_WEBSOCKET_KEY"].encode("latin-1"))
        answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self._socket.sendall(answer + b"Sec-WebSocket-Accept: " + token + b"\r\n\r\n")
        try:
            self._handler(self)
        finally:
            self.close()
        # What each of them takes for "do not answer, close".
        raise StopIteration if by_gunicorn else ConnectionError

    def wait(self) -> str | None:
        """The next word, or None when there will be none."""
        while not self._words and not self._over:
            try:
                data = self._socket.recv(_PIECE)
            except OSError:
                data = b""
            if not data or not self._take(data):
                self.close()
        return self._words.pop(0) if self._words else None

    def send(self, word: str) -> None:
        """Raises OSError when the other side is gone, or takes nothing for too long."""
        self._put(TextMessage(data=word))

    def close(self, reason: CloseReason = CloseReason.NORMAL_CLOSURE) -> None:
        """Say so, and end it; whoever reads or writes wakes."""
        if self._over:
            return
        self._over = True
        # The other side may be gone, or may have said so first.
        with suppress(OSError):
            self._put(CloseConnection(code=reason))
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _take(self, data: bytes) -> bool:
        """Whether the conversation goes on after these bytes."""
        try:
            with self._lock:
                self._frames.receive_data(data)
                events = list(self._frames.events())
            for event in events:
                if isinstance(event, Ping):
                    self._put(event.response())
                elif isinstance(event, TextMessage):
                    self._word += event.data
                    if len(self._word) > MOST_BYTES:
                        self.close(CloseReason.MESSAGE_TOO_BIG)
                        return False
                    if event.message_finished:
                        self._words.append(self._word)
                        self._word = ""
                elif isinstance(event, CloseConnection):
                    return False
        except (RemoteProtocolError, OSError):
            return False
        return True

    def _put(self, event: Event) -> None:
        with self._lock:
            try:
                data = self._frames.send(event)
            except LocalProtocolError as err:
                raise OSError("the websocket is closed") from err
            self._socket.sendall(data)
