"""The ways of sending, with passwords and all: for the jobs, which send."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult

from jobs.reminders import Kind, mail_kind, sms_kind
from kernel.database.engines import LOOPBACK
from kernel.messaging.channel import Channel, Mail, Sms
from kernel.messaging.folder import MailFolder, SmsFolder
from kernel.messaging.mail import SECURITIES, SmtpMail, SmtpServer
from kernel.messaging.sms import HttpSms, SmsGateway
from kernel.settings import InvalidSettings, Settings
from manage.messaging import listed
from tenant_app.reminders.public import Composer
from tenant_app.settings.public import OwnAccount

# Where messages stand as files where there is no server, below the data folder.
FOLDER: Final = "sent"
DEMO_SENDER: Final = "nhac-lich@sokham.example"


@dataclass(frozen=True, slots=True)
class Ways:
    """How messages go from here: by the operator's account, and by hospitals' own at the servers that are listed."""

    mail: Channel[Mail] | None
    sms: Channel[Sms] | None
    mail_servers: dict[str, Callable[[OwnAccount], Channel[Mail]]]
    sms_gateways: dict[str, Callable[[OwnAccount], Channel[Sms]]]


def message_kinds(settings: Settings) -> list[Kind[Mail] | Kind[Sms]]:
    """E-mail and SMS, as far as anybody could send them. Raises InvalidSettings."""
    composer = Composer(preferences_url=f"{settings.patient_url.rstrip('/')}/reminders")
    ways = _ways(settings)
    kinds: list[Kind[Mail] | Kind[Sms]] = []
    if ways.mail or ways.mail_servers:
        kinds.append(mail_kind(ways.mail, composer, ways.mail_servers))
    if ways.sms or ways.sms_gateways:
        kinds.append(sms_kind(ways.sms, composer, ways.sms_gateways))
    return kinds


def _ways(settings: Settings) -> Ways:
    """By a server where one is named, in development into a folder, in production not at all."""
    mail: Channel[Mail] | None = None
    sms: Channel[Sms] | None = None
    mail_servers = {name: _own_mail(settings, url) for name, url in listed.mail_servers(settings)}
    sms_gateways = {name: _own_sms(settings, url) for name, url in listed.sms_gateways(settings)}
    if settings.smtp_host:
        mail = SmtpMail(_smtp_server(settings))
    if settings.sms_url:
        sms = HttpSms(_sms_gateway(settings))
    if not settings.production:
        mails, texts = settings.data_dir / FOLDER / "mail", settings.data_dir / FOLDER / "sms"
        mail = mail or MailFolder(mails, sender=DEMO_SENDER)
        sms = sms or SmsFolder(texts)
        mail_servers = mail_servers or {listed.TRIAL: lambda account: MailFolder(mails, sender=account.sender)}
        sms_gateways = sms_gateways or {listed.TRIAL: lambda account: SmsFolder(texts, sender=account.sender)}
    return Ways(mail, sms, mail_servers, sms_gateways)


def _own_mail(settings: Settings, url: SplitResult) -> Callable[[OwnAccount], Channel[Mail]]:
    security = next((each for each in SECURITIES if each == url.scheme), None)
    port = _port(url)
    if security is None or security == "none" or port is None:
        raise InvalidSettings("SOKHAM_SMTP_SERVERS: addresses are starttls://host:587 or tls://host:465")
    host = url.hostname or ""

    def channel(account: OwnAccount) -> Channel[Mail]:
        return SmtpMail(
            SmtpServer(
                host=host,
                port=port,
                sender=account.sender,
                security=security,
                user=account.user,
                password=account.secret,
                ca_file=settings.tls_root_certificate,
                timeout_seconds=settings.smtp_timeout_seconds,
            )
        )

    return channel


def _own_sms(settings: Settings, url: SplitResult) -> Callable[[OwnAccount], Channel[Sms]]:
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
        raise InvalidSettings("SOKHAM_SMS_GATEWAYS: addresses are https://…")

    def channel(account: OwnAccount) -> Channel[Sms]:
        return HttpSms(
            SmsGateway(
                url=url.geturl(),
                token=account.secret,
                sender=account.sender,
                timeout_seconds=settings.sms_timeout_seconds,
            )
        )

    return channel


def _port(url: SplitResult) -> int | None:
    try:
        return url.port
    except ValueError:
        return None


def _smtp_server(settings: Settings) -> SmtpServer:
    security = next((each for each in SECURITIES if each == settings.smtp_security), None)
    if security is None:
        raise InvalidSettings(f"SOKHAM_SMTP_SECURITY is one of {', '.join(SECURITIES)}")
    if security == "none" and settings.smtp_host not in LOOPBACK:
        raise InvalidSettings("SOKHAM_SMTP_SECURITY=none is for a mail server on this machine only")
    if "@" not in settings.mail_from:
        raise InvalidSettings("SOKHAM_SMTP_HOST is set: give SOKHAM_MAIL_FROM, the address that e-mails come from")
    return SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_from,
        security=security,
        user=settings.smtp_user,
        password=settings.smtp_password,
        ca_file=settings.tls_root_certificate,
        timeout_seconds=settings.smtp_timeout_seconds,
    )


def _sms_gateway(settings: Settings) -> SmsGateway:
    if not settings.sms_token or not settings.sms_sender:
        raise InvalidSettings("SOKHAM_SMS_URL is set: give SOKHAM_SMS_TOKEN and SOKHAM_SMS_SENDER")
    return SmsGateway(
        url=settings.sms_url,
        token=settings.sms_token,
        sender=settings.sms_sender,
        timeout_seconds=settings.sms_timeout_seconds,
    )
