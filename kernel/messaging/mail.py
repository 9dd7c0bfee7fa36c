"""E-mail: the form of a message, and SMTP with verified TLS."""

import contextlib
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, Literal
from uuid import UUID

from kernel.clock import Clock, utc_now
from kernel.messaging.channel import ChannelAway, Mail, Note, NotNow, Refused, Stopped, Unknown

Security = Literal["starttls", "tls", "none"]
SECURITIES: Final[tuple[Security, ...]] = ("starttls", "tls", "none")

_CLOSING: Final = 421
_MISMATCH: Final = (smtplib.SMTPException, OSError)


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where mail is handed over, and as whom. `security`: `none` is for a relay on the same machine."""

    host: str
    port: int
    sender: str
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    timeout_seconds: float = 15.0


def written(mail: Mail, *, sender: str, now: Clock = utc_now) -> EmailMessage:
    """The message with its headers; the Message-ID follows from the reference, so that it is always the same.

    Raises Refused for an address that is none.
    """
    message = EmailMessage(policy=SMTP)
    _, _, domain = sender.rpartition("@")
    try:
        message["From"] = Address(display_name=mail.sender_name, addr_spec=sender)
        message["To"] = Address(addr_spec=mail.to)
    except ValueError as err:
        raise Refused("bad_address") from err
    if not mail.to.isascii():
        raise Refused("bad_address")
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{mail.reference}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
    # Seven bits: a server need not take more (RFC 6152), and one on the way may take less than the first.
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message


class SmtpMail:
    """A channel to one SMTP server."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    def open(self) -> "SmtpSession":
        """Connect, verify the server's certificate, and log in. Raises ChannelAway."""
        server = self._server
        try:
            connection = self._connect()
        except ssl.SSLError as err:
            raise ChannelAway("smtp_tls") from err
        except _MISMATCH as err:
            raise ChannelAway("smtp_away") from err
        try:
            connection.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                connection.starttls(context=self._context())
                connection.ehlo()
            if server.user:
                connection.login(server.user, server.password)
        except BaseException as err:
            connection.close()
            if isinstance(err, smtplib.SMTPAuthenticationError):
                raise ChannelAway("smtp_login") from err
            if isinstance(err, ssl.SSLError | smtplib.SMTPNotSupportedError):
                raise ChannelAway("smtp_tls") from err
            if isinstance(err, _MISMATCH):
                raise ChannelAway("smtp_away") from err
            raise
        return SmtpSession(connection, sender=server.sender)

    def taken(self, reference: UUID) -> None:
        """SMTP cannot be asked."""
        del reference

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout_seconds, context=self._context())
        return smtplib.SMTP(server.host, server.port, timeout=server.timeout_seconds)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._server.ca_file or None)


class SmtpSession:
    """One connection for a batch."""

    def __init__(self, connection: smtplib.SMTP, *, sender: str) -> None:
        self._smtp = connection
        self._sender = sender

    def hand_over(self, message: Mail, *, note: Note) -> None:
        """Envelope, then `note`, then the content: only the content's answer leaves a doubt. Raises a NotTaken."""
        content = written(message, sender=self._sender).as_bytes()
        self._ask(lambda: self._smtp.mail(self._sender), about_message=False)
        self._ask(lambda: self._smtp.rcpt(message.to), about_message=True)
        if not note():
            self._reset()
            raise Stopped("stopped")
        try:
            code, _ = self._smtp.data(content)
        except smtplib.SMTPDataError as err:
            # The server did not even begin to read.
            raise self._refusal(err.smtp_code) from err
        except _MISMATCH as err:
            raise Unknown("smtp_no_answer") from err
        if not _good(code):
            raise self._refusal(code)

    def close(self) -> None:
        """Say goodbye if anybody listens."""
        with contextlib.suppress(*_MISMATCH):
            self._smtp.quit()
        self._smtp.close()

    def _ask(self, command: Callable[[], tuple[int, bytes]], *, about_message: bool) -> None:
        try:
            code, _ = command()
        except _MISMATCH as err:
            raise ChannelAway("smtp_away") from err
        if _good(code):
            return
        self._reset()
        if code == _CLOSING or not about_message:
            raise ChannelAway(f"smtp_{code}")
        raise self._refusal(code)

    def _reset(self) -> None:
        with contextlib.suppress(*_MISMATCH):
            self._smtp.rset()

    @staticmethod
    def _refusal(code: int) -> NotNow | Refused:
        return Refused(f"smtp_{code}") if code >= 500 else NotNow(f"smtp_{code}")


def _good(code: int) -> bool:
    return 200 <= code < 300
