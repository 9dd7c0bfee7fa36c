"""Which servers the operator's settings offer to hospitals, and what is refused before anything starts."""

from pathlib import Path
from uuid import UUID

import pytest

from kernel.messaging.mail import SmtpMail
from kernel.messaging.sms import HttpSms
from kernel.settings import InvalidSettings, Settings
from manage.messaging.listed import TRIAL, offers
from manage.messaging.ways import message_kinds
from tenant_app.settings.public import ACCOUNTS, OwnAccount

ACCOUNT = OwnAccount(id=UUID(int=1), server="viettel", sender="BVHONGHA", user="", secret="bi-mat")
GATEWAYS = "viettel=https://sms.vidu.example/v1, vnpt=https://vnpt.example"
SERVERS = "thu=starttls://thu.vidu.example:587"


def settings(**more: str) -> Settings:
    return Settings(environment="production", data_dir=Path("/nowhere"), **more)  # type: ignore[arg-type]  # all texts


def test_hospitals_choose_among_names_and_never_name_an_address() -> None:
    listed = settings(sms_gateways=GATEWAYS, smtp_servers=SERVERS, smtp_host="relay.example", mail_from="a@b.example")
    offered = offers(listed)
    assert offered.of(ACCOUNTS["sms"].server) == ("viettel", "vnpt")
    assert offered.of(ACCOUNTS["mail"].server) == ("thu",)
    assert offered.usual == {"email"}
    mail, sms = message_kinds(listed)
    assert (mail.name, sms.name, sms.senders.operator) == ("email", "sms", None)
    assert isinstance(mail.senders.listed["thu"](ACCOUNT), SmtpMail)
    assert isinstance(sms.senders.listed["viettel"](ACCOUNT), HttpSms)


def test_where_nothing_is_listed_nothing_is_sent_in_production_and_folders_serve_in_development(tmp_path: Path) -> None:
    assert message_kinds(settings()) == []
    assert offers(settings()).of(ACCOUNTS["sms"].server) == ()
    here = Settings(data_dir=tmp_path)
    assert offers(here).of(ACCOUNTS["sms"].server) == (TRIAL,)
    assert [set(kind.senders.listed) for kind in message_kinds(here)] == [{TRIAL}, {TRIAL}]


def test_the_staff_portal_needs_no_password_to_know_what_is_offered() -> None:
    assert offers(settings(sms_url="https://sms.example", sms_gateways=GATEWAYS)).usual == {"sms"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sms_gateways", "viettel=http://sms.example"),
        ("sms_gateways", "viettel"),
        ("sms_gateways", "Viettel=https://sms.example"),
        ("sms_gateways", "viettel=https://who:word@sms.example"),
        ("smtp_servers", "thu=none://thu.example:25"),
        ("smtp_servers", "thu=tls://thu.example"),
        ("smtp_servers", "thu=tls://thu.example:none"),
    ],
)
def test_a_list_that_is_none_stops_the_start(name: str, text: str) -> None:
    with pytest.raises(InvalidSettings, match=f"SOKHAM_{name.upper()}"):
        message_kinds(settings(**{name: text}))
