"""Servers that take messages: a real SMTP server, and a double of the SMS gateway."""

import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from manage.embedded.ports import free_port


@dataclass
class Mailbox:
    """What an SMTP server took. `to_recipient` and `to_content` say what it replies in place of taking."""

    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    to_recipient: Callable[[str], str | None] = lambda _address: None
    to_content: Callable[[], str | None] = lambda: None
    # Break the connection where the answer to a content would stand; it was taken all the same.
    hangs_up: bool = False
    port: int = 0

    def ids(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        return Counter(str(message["Message-ID"]) for message in self.taken)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name.
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A recipient."""
        del server, session, options
        if (refusal := self.to_recipient(address)) is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above.
        """A content."""
        del session
        if (refusal := self.to_content()) is not None:
            return refusal
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.recipients += envelope.rcpt_tos
        self.taken.append(message)
        if self.hangs_up:
            assert server.transport is not None
            server.transport.close()
        return "250 OK"


@contextmanager
def smtp_server(
    mailbox: Mailbox | None = None, *, context: ssl.SSLContext | None = None, password: str | None = None, port: int = 0
) -> Iterator[Mailbox]:
    """A server on 127.0.0.1; with `context` it asks for STARTTLS, with `password` for a login as `sokham`."""
    box = mailbox or Mailbox()
    box.port = port or box.port or free_port()

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        right = (given.login, given.password) == (b"sokham", (password or "").encode())
        return AuthResult(success=right, handled=False)

    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        tls_context=context,
        require_starttls=context is not None,
        authenticator=authenticate if password else None,
        auth_required=password is not None,
        auth_require_tls=context is not None,
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Gateway:
    """What an SMS gateway took, by reference. `answer` is asked first: a status, or None to take the message."""

    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    posts: Counter[str] = field(default_factory=Counter)
    token: str = "thu"
    answer: Callable[[dict[str, Any]], int | None] = lambda _body: None
    # Break the connection where the answer would stand; the message was taken all the same.
    hangs_up: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/v1"


@contextmanager
def sms_gateway(gateway: Gateway | None = None) -> Iterator[Gateway]:
    """A gateway on 127.0.0.1 that keeps to the API that kernel.messaging.sms describes."""
    state = gateway or Gateway()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.posts[body["reference"]] += 1
            if self.headers["Authorization"] != f"Bearer {state.token}":
                self._say(401)
            elif (refusal := state.answer(body)) is not None:
                self._say(refusal)
            else:
                assert self.headers["Idempotency-Key"] == body["reference"]
                state.taken.setdefault(body["reference"], body)
                if state.hangs_up:
                    self.close_connection = True
                    return
                self._say(202)

        def do_GET(self) -> None:
            self._say(200 if self.path.rpartition("/")[2] in state.taken else 404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name.
            """Nothing is printed."""

        def _say(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    server = ThreadingHTTPServer(("127.0.0.1", state.port), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
