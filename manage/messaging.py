"""The ways of sending that the settings give an installation."""

from typing import Final

from jobs.reminders import Kind, mail_kind, sms_kind
from kernel.database.engines import LOOPBACK
from kernel.messaging.channel import Mail, Sms
from kernel.messaging.folder import MailFolder, SmsFolder
from kernel.messaging.mail import SECURITIES, SmtpMail, SmtpServer
from kernel.messaging.sms import HttpSms, SmsGateway
from kernel.settings import InvalidSettings, Settings
from tenant_app.reminders.public import Composer

# Where messages stand as files where there is no server, below the data folder.
FOLDER: Final = "sent"
DEMO_SENDER: Final = "nhac-lich@sokham.example"


def message_kinds(settings: Settings) -> list[Kind[Mail] | Kind[Sms]]:
    """E-mail and SMS: by a server where one is named, in development into a folder, in production not at all.

    Raises InvalidSettings.
    """
    composer = Composer(preferences_url=f"{settings.patient_url.rstrip('/')}/reminders")
    kinds: list[Kind[Mail] | Kind[Sms]] = []
    if settings.smtp_host:
        kinds.append(mail_kind(SmtpMail(_smtp_server(settings)), composer))
    elif not settings.production:
        kinds.append(mail_kind(MailFolder(settings.data_dir / FOLDER / "mail", sender=DEMO_SENDER), composer))
    if settings.sms_url:
        kinds.append(sms_kind(HttpSms(_sms_gateway(settings)), composer))
    elif not settings.production:
        kinds.append(sms_kind(SmsFolder(settings.data_dir / FOLDER / "sms"), composer))
    return kinds


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
