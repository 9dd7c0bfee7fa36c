"""A browser's side of live updates, as plain as it goes over the wire: Engine.IO 4 and Socket.IO 5 on a websocket."""

import contextlib
import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.serving import WSGIRequestHandler, make_server
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import CloseConnection, TextMessage

from live.app import LiveProcess
from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser
from tests.support.waiting import wait_until

COOKIE = "sokham_staff_session"

# `sign_in(clinic, "nurse")` gives the browser of somebody new; `window(browser)` opens a window of theirs.
SignIn = Callable[[Clinic, str], Browser]
OpenWindow = Callable[[Browser], "Window"]


class _Quiet(WSGIRequestHandler):
    def log(self, *arguments: object) -> None:
        """Nothing: what matters is in the process' own log."""


@contextmanager
def served_live(process: LiveProcess) -> Iterator[str]:
    """The process at work on loopback; its address."""
    http = make_server("127.0.0.1", 0, process.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    process.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        process.stop()
        http.shutdown()
        thread.join()
        wait_until(lambda: not process.door.inside, what="the end of every connection")
        http.server_close()


class NotLetIn(Exception):
    """The door, or the other side of it, refused."""


@dataclass
class Window:
    """A browser window that is connected. What it hears is kept in order."""

    wire: socket.socket
    heard: list[tuple[str, Any]] = field(default_factory=list)
    ended: bool = False
    _frames: Connection = field(default_factory=lambda: Connection(ConnectionType.CLIENT))
    _answers: dict[int, Any] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _listening: threading.Thread | None = None
    joined: bool = False

    @classmethod
    def open(
        cls,
        address: str,
        *,
        cookie: str | None,
        origin: str | None,
        path: str = "/live/",
        join: bool = True,
        wire: socket.socket | None = None,
    ) -> "Window":
        """Connect as a browser does, over `wire` where there is one, and say the first word. Raises NotLetIn."""
        place = urlsplit(address)
        more = {"Cookie": f"{COOKIE}={cookie}" if cookie is not None else None, "Origin": origin}
        head = "".join(f"{name}: {value}\r\n" for name, value in more.items() if value is not None)
        wire = wire or socket.create_connection((place.hostname or "", place.port or 0), timeout=10)
        request = (
            f"GET {path}{'&' if '?' in path else '?'}EIO=4&transport=websocket HTTP/1.1\r\nHost: {place.netloc}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{head}\r\n"
        )
        wire.sendall(request.encode())
        answer = b""
        while b"\r\n\r\n" not in answer and (data := wire.recv(4096)):
            answer += data
        line, _, rest = answer.partition(b"\r\n")
        if b" 101 " not in line:
            wire.close()
            raise NotLetIn(line.decode() or "hung up")
        wire.settimeout(60)
        window = cls(wire)
        window._listening = threading.Thread(target=window._listen, args=(rest.partition(b"\r\n\r\n")[2],), daemon=True)
        window._listening.start()
        if join:
            window.send("40")
            wait_until(lambda: window.joined or window.ended, what="the first answer")
            if not window.joined:
                window.close()
                raise NotLetIn("sent away")
        return window

    def send(self, text: str) -> None:
        """A word of Engine.IO. One that the other side does not take any more is lost."""
        with contextlib.suppress(OSError):
            self.wire.sendall(self._frames.send(TextMessage(data=text)))

    def follow(self, *topics: str, since: str = "") -> dict[str, Any]:
        """What the process answers to following these; `since` is a place in the stream."""
        number = next(self._numbers)
        self.say("follow", {"topics": list(topics), "since": since}, number=number)
        wait_until(lambda: number in self._answers or self.ended, what="the answer")
        answer: dict[str, Any] = self._answers[number][0]
        return answer

    def say(self, word: str, *data: Any, number: int | None = None) -> None:
        """Send a word."""
        self.send(f"42{'' if number is None else number}{json.dumps([word, *data])}")

    def told(self, word: str) -> list[Any]:
        """What was heard under a word."""
        return [data for said, data in self.heard if said == word]

    def topics_told(self) -> set[str]:
        """The topics of which it heard that they changed."""
        return {data["topic"] for data in self.told("changed")}

    def close(self) -> None:
        """Close the window."""
        with contextlib.suppress(OSError):
            self.wire.shutdown(socket.SHUT_RDWR)
        if self._listening is not None:
            self._listening.join(10)

    def _listen(self, data: bytes) -> None:
        with self.wire, contextlib.suppress(OSError):
            while not self.ended:
                if data:
                    self._frames.receive_data(data)
                for event in self._frames.events():
                    if isinstance(event, TextMessage):
                        self._take(event.data)
                    elif isinstance(event, CloseConnection):
                        self.ended = True
                data = self.wire.recv(65536)
                if not data:
                    break
        self.ended = True

    def _take(self, said: str) -> None:
        if said == "2":
            self.send("3")
        elif said.startswith("40"):
            self.joined = True
        elif said.startswith("42"):
            word, *data = json.loads(said[2:])
            self.heard.append((word, data[0] if data else None))
        elif said.startswith("43"):
            at = said.index("[")
            self._answers[int(said[2:at])] = json.loads(said[at:])
        elif said.startswith(("41", "44")) or said == "1":
            self.ended = True


def cookie_of(client: FlaskClient) -> str:
    """The session that a signed-in test client holds."""
    held = client.get_cookie(COOKIE)
    assert held is not None
    return str(held.value)
