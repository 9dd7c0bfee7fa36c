"""One contract for every way of sending: the folders of the demo, a real SMTP server, a double of the SMS gateway."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from kernel.messaging.channel import Channel, ChannelAway, Mail, NotNow, Refused, Sms, Stopped
from kernel.messaging.folder import MailFolder, SmsFolder
from kernel.messaging.mail import SmtpMail, SmtpServer, written
from kernel.messaging.sms import HttpSms, SmsGateway
from manage.embedded.ports import free_port
from tests.support.certificates import self_signed
from tests.support.messages import Gateway, Mailbox, sms_gateway, smtp_server

SENDER = "nhac-lich@sokham.example"


@dataclass
class Way:
    """A channel, what it is given, and how many messages have arrived at its other end."""

    channel: Channel[Any]
    message: Callable[[UUID], Any]
    arrived: Callable[[], int]
    can_be_asked: bool = True


def mail(reference: UUID) -> Mail:
    return Mail(
        reference=reference,
        to="nguoi.benh@vidu.example",
        subject="Nhắc lịch khám",
        text="Kính gửi",
        html="<p>Kính gửi</p>",
        sender_name="BV Hồng Hà",
    )


def sms(reference: UUID) -> Sms:
    return Sms(reference=reference, to="+84912345678", text="Nhac lich kham")


@pytest.fixture(params=["mail folder", "sms folder", "smtp", "sms gateway"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    if request.param == "mail folder":
        yield Way(MailFolder(tmp_path, sender=SENDER), mail, lambda: len(list(tmp_path.glob("*.eml"))))
    elif request.param == "sms folder":
        yield Way(SmsFolder(tmp_path), sms, lambda: len(list(tmp_path.glob("*.json"))))
    elif request.param == "smtp":
        with smtp_server() as box:
            yield Way(SmtpMail(place(box)), mail, lambda: len(box.taken), can_be_asked=False)
    else:
        with sms_gateway() as gateway:
            yield Way(HttpSms(door(gateway)), sms, lambda: len(gateway.taken))


def place(box: Mailbox, **other: Any) -> SmtpServer:
    given = {"security": "none", "timeout_seconds": 5.0, **other}
    return SmtpServer(host="127.0.0.1", port=box.port, sender=SENDER, **given)


def door(gateway: Gateway, **other: Any) -> SmsGateway:
    given = {"token": gateway.token, "sender": "BVHONGHA", "timeout_seconds": 2.0, **other}
    return SmsGateway(url=gateway.url, **given)


def test_what_was_handed_over_arrived_once_and_was_noted_before(way: Way) -> None:
    session = way.channel.open()
    references = [uuid4() for _ in range(3)]
    for number, reference in enumerate(references):
        before: list[int] = []

        def note(before: list[int] = before) -> bool:
            before.append(way.arrived())
            return True

        session.hand_over(way.message(reference), note=note)
        assert before == [number]
    session.close()
    assert way.arrived() == 3


def test_what_may_not_go_does_not(way: Way) -> None:
    session = way.channel.open()
    with pytest.raises(Stopped):
        session.hand_over(way.message(uuid4()), note=lambda: False)
    # And the session goes on.
    session.hand_over(way.message(uuid4()), note=lambda: True)
    session.close()
    assert way.arrived() == 1


def test_a_mail_is_sent_in_seven_bits() -> None:
    """A server says beforehand that it takes more, and none is asked (RFC 6152)."""
    content = written(mail(uuid4()), sender=SENDER).as_bytes()
    assert content.isascii()
    body = message_from_bytes(content, policy=default).get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Kính gửi"


def test_who_can_be_asked_tells_what_was_taken(way: Way) -> None:
    known, unknown = uuid4(), uuid4()
    session = way.channel.open()
    session.hand_over(way.message(known), note=lambda: True)
    session.close()
    found = (way.channel.taken(known), way.channel.taken(unknown))
    assert found == ((True, False) if way.can_be_asked else (None, None))


@pytest.mark.parametrize("way", ["mail folder", "smtp"], indirect=True)
@pytest.mark.parametrize("address", ["khong phai", "ai đó@vidu.example", "a@b\r\nBcc: c@d.example"])
def test_an_address_that_is_none_is_refused_before_anything_leaves(way: Way, address: str) -> None:
    wrong = Mail(reference=uuid4(), to=address, subject="x", text="x", html="x", sender_name="x")
    session = way.channel.open()
    with pytest.raises(Refused):
        session.hand_over(wrong, note=lambda: True)
    session.close()
    assert way.arrived() == 0


def test_nothing_listens(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(ChannelAway, match="smtp_away"):
        SmtpMail(place(Mailbox(port=port))).open()
    gateway = HttpSms(door(Gateway(port=port)))
    with pytest.raises(ChannelAway, match="sms_away"):
        gateway.open().hand_over(sms(uuid4()), note=lambda: True)
    with pytest.raises(ChannelAway):
        gateway.taken(uuid4())


def test_a_server_whose_certificate_is_not_ours_gets_no_password(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with smtp_server(context=context, password="mat khau") as box:
        known = {"security": "starttls", "user": "sokham", "password": "mat khau"}
        with pytest.raises(ChannelAway, match="smtp_tls"):
            SmtpMail(place(box, **known)).open()
        trusting = {**known, "ca_file": str(certificate)}
        session = SmtpMail(place(box, **trusting)).open()
        session.hand_over(mail(uuid4()), note=lambda: True)
        session.close()
        with pytest.raises(ChannelAway, match="smtp_login"):
            SmtpMail(place(box, **{**trusting, "password": "sai"})).open()
    assert len(box.taken) == 1


@pytest.mark.parametrize(
    ("answer", "expected"), [("450 busy", NotNow), ("550 unknown", Refused), ("421 closing", ChannelAway)]
)
def test_what_an_smtp_server_says_of_a_recipient(answer: str, expected: type[Exception]) -> None:
    with smtp_server(Mailbox(to_recipient=lambda _address: answer)) as box:
        session = SmtpMail(place(box)).open()
        with pytest.raises(expected):
            session.hand_over(mail(uuid4()), note=lambda: True)
        session.close()
