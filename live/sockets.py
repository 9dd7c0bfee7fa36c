"""Flask-SocketIO: websockets only, in threads. Browsers say what they follow; nothing else is listened to."""

import time
from collections.abc import Mapping
from typing import Any, Final

from flask import Flask, request
from flask_socketio import SocketIO

from kernel.telemetry.logs import get_logger
from live.door import GUEST, PATH, Door
from live.guest import Guest
from live.hub import Hub
from live.reader import Reader
from live.websocket import MOST_BYTES, PING_SECONDS, Websocket
from tenant_app.live.public import MOST_TOPICS, heard

log = get_logger(__name__)

MOST_WORDS: Final = 20
WORDS_SECONDS: Final = 10.0


class SocketIoSockets:
    """The hub's sockets over python-socketio."""

    def __init__(self) -> None:
        self.io = SocketIO()

    def attach(self, app: Flask) -> None:
        """Put the sockets in front of the app's own routes."""
        self.io.init_app(
            app,
            path=PATH.strip("/"),
            async_mode="threading",
            transports=["websocket"],
            # The door looks at the origin, for websockets of every kind; here it would be the host's own only.
            cors_allowed_origins=[],
            manage_session=False,
            # A word is handled in its connection's own thread: who says much waits for the answers.
            async_handlers=False,
            always_connect=False,
            max_http_buffer_size=MOST_BYTES,
            http_compression=False,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
        )
        engine = self.io.server.eio
        # engineio's own has a third thread for each connection, and waits without end where a browser just vanishes.
        engine._async = {**engine._async, "websocket": Websocket}

    def say(self, word: str, data: Mapping[str, object], *, to: str) -> None:
        """See Sockets."""
        self.io.server.emit(word, dict(data), to=to)

    def enter(self, sid: str, room: str) -> None:
        """See Sockets."""
        self.io.server.enter_room(sid, room)

    def leave(self, sid: str, room: str) -> None:
        """See Sockets."""
        self.io.server.leave_room(sid, room)

    def end(self, sid: str) -> None:
        """See Sockets."""
        server = self.io.server
        eio_sid = server.manager.eio_sid_from_sid(sid, "/")
        server.disconnect(sid)
        # The namespace is left; the connection beneath it must not come back to it.
        engine_socket = server.eio.sockets.get(eio_sid)
        if engine_socket is not None:
            engine_socket.close(wait=False)


class Conversation:
    """What is said on a connection, handed to hub and reader."""

    def __init__(self, sockets: SocketIoSockets, *, hub: Hub, door: Door, reader: Reader) -> None:
        self._sockets = sockets
        self._hub = hub
        self._door = door
        self._reader = reader
        self._words: dict[str, list[float]] = {}
        io = sockets.io
        io.on_event("connect", self._join)
        io.on_event("disconnect", self._leave)
        io.on_event("follow", self._follow)
        io.on_event("*", self._other)
        io.on_error_default(self._failed)

    def _join(self, _auth: object = None) -> bool:
        guest = _guest()
        # A connection joins once: whoever was sent away does not come back on the same one.
        if not self._door.joined(guest):
            return False
        self._hub.join(_sid(), guest)
        return True

    def _leave(self, _reason: object = None) -> None:
        guest = self._hub.leave(_sid())
        self._words.pop(_sid(), None)
        if guest is not None:
            self._door.expect(guest)

    def _follow(self, asked: object = None, *_more: object) -> dict[str, Any]:
        if not self._heard():
            return {}
        wanted = asked if isinstance(asked, dict) else {}
        topics, since = wanted.get("topics"), wanted.get("since")
        if not isinstance(topics, list) or len(topics) > MOST_TOPICS:
            return {"error": "topics"}
        named = [topic for topic in topics if isinstance(topic, str)]
        found = self._hub.follow(_sid(), named)
        if found is None:
            return {}
        tenant, allowed, reach = found
        missed = self._reader.since(tenant, since if isinstance(since, str) else "")
        refused = sorted(set(named) - allowed)
        if missed is None or not self._hub.may_hear(tenant):
            return {"following": sorted(allowed), "refused": refused, "behind": True}
        changed = sorted(heard((change for _, change in missed.changes), allowed, reach))
        return {
            "following": sorted(allowed),
            "refused": refused,
            "behind": False,
            "at": missed.at,
            "changed": sorted(allowed) if missed.too_much else changed,
        }

    def _other(self, *_said: object) -> None:
        self._heard()

    def _heard(self) -> bool:
        """Whether this is within what one connection may say; otherwise it is ended."""
        now = time.monotonic()
        words = self._words.setdefault(_sid(), [])
        words[:] = [moment for moment in words if now - moment < WORDS_SECONDS]
        words.append(now)
        if len(words) <= MOST_WORDS:
            return True
        self._hub.drop(_sid(), "talks_too_much")
        return False

    def _failed(self, error: Exception) -> None:
        log.error("live.conversation_failed", exc_info=error)


def _guest() -> Guest:
    guest: Guest = request.environ[GUEST]
    return guest


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO puts it there
    return sid
