"""The servers of messages that the settings list, by name: all that the staff portal is told of them."""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from kernel.settings import InvalidSettings, Settings
from tenant_app.settings.public import ACCOUNTS, Offers

# In development, where nothing is listed: so that an account of one's own can be tried.
TRIAL: Final = "thu-nghiem"

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def offers(settings: Settings) -> Offers:
    """What hospitals may choose among: names only, as the staff portal is told no password. Raises InvalidSettings."""
    mail, sms = ACCOUNTS["mail"], ACCOUNTS["sms"]
    trial = () if settings.production else (TRIAL,)
    usual = {mail.channel: settings.smtp_host, sms.channel: settings.sms_url}
    return Offers(
        servers={
            mail.server: tuple(name for name, _ in mail_servers(settings)) or trial,
            sms.server: tuple(name for name, _ in sms_gateways(settings)) or trial,
        },
        usual=frozenset(channel for channel, server in usual.items() if server or trial),
    )


def mail_servers(settings: Settings) -> list[tuple[str, SplitResult]]:
    """The mail servers where hospitals may have accounts of their own: names and addresses. Raises InvalidSettings."""
    return _listed("SOKHAM_SMTP_SERVERS", settings.smtp_servers)


def sms_gateways(settings: Settings) -> list[tuple[str, SplitResult]]:
    """The SMS gateways, likewise. Raises InvalidSettings."""
    return _listed("SOKHAM_SMS_GATEWAYS", settings.sms_gateways)


def _listed(variable: str, text: str) -> list[tuple[str, SplitResult]]:
    found = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, address = entry.partition("=")
        url = urlsplit(address)
        if not _NAME.fullmatch(name) or not url.hostname or url.username or url.password:
            raise InvalidSettings(
                f"{variable} is a list as name=address, with names of a-z, 0-9 and -: see .env.example"
            )
        found.append((name, url))
    return found
