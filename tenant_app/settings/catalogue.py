"""Every setting there is: its key, its type, its default and bounds, and what it says to people. Pure.

Only what some code reads stands here. A row whose key is not here, left by another version, is passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from kernel.text import N_
from tenant_app.settings.kinds import Setting

GROUPS: Final[Mapping[str, str]] = {
    "many": N_("Many records by one person"),
    "hours": N_("At odd hours"),
    "visits": N_("Without a visit"),
    "kin": N_("Own people"),
    "kept": N_("How long it is kept"),
    "sms": N_("SMS by an account of the hospital's own"),
    "mail": N_("E-mail by an account of the hospital's own"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """The settings that make an account for sending: they hold together, or not at all. `channel` as reminders say."""

    channel: str
    server: str
    sender: str
    user: str | None
    secret: str

    @property
    def needed(self) -> tuple[str, ...]:
        """What must be there besides the choice of a server."""
        return tuple(key for key in (self.sender, self.user, self.secret) if key)


ACCOUNTS: Final[Mapping[str, Account]] = {
    "sms": Account(
        channel="sms",
        server="messaging.sms_gateway",
        sender="messaging.sms_sender",
        user=None,
        secret="messaging.sms_token",  # noqa: S106 - the name of a setting.
    ),
    "mail": Account(
        channel="email",
        server="messaging.mail_server",
        sender="messaging.mail_from",
        user="messaging.mail_user",
        secret="messaging.mail_password",  # noqa: S106 - the name of a setting.
    ),
}

_number = partial(Setting, kind="number")
_switch = partial(Setting, kind="switch", default=True)
_choice = partial(Setting, kind="choice", default="")
_text = partial(Setting, kind="text", default="")
_secret = partial(Setting, kind="secret", default="")

_FEWER: Final = N_("Fewer than this are never noticed.")

_LISTED: Final[Sequence[Setting]] = (
    _switch(
        key="unusual.many",
        group="many",
        label=N_("Notice when somebody opens far more records than their colleagues"),
    ),
    _number(
        key="unusual.many_hour",
        group="many",
        default=30,
        lowest=5,
        highest=1000,
        label=N_("Patients in an hour"),
        help=_FEWER,
    ),
    _number(
        key="unusual.many_day",
        group="many",
        default=120,
        lowest=10,
        highest=5000,
        label=N_("Patients in a day"),
        help=_FEWER,
    ),
    _number(
        key="unusual.many_times",
        group="many",
        default=4,
        lowest=2,
        highest=50,
        label=N_("How many times the usual"),
        help=N_("The usual is the median of others in the same role over four weeks."),
    ),
    _switch(
        key="unusual.hours",
        group="hours",
        label=N_("Notice records opened outside business hours and the person's own usual hours"),
    ),
    _number(
        key="unusual.hours_from",
        group="hours",
        default=5,
        lowest=1,
        highest=500,
        label=N_("Patients from which it is noticed"),
    ),
    Setting(
        key="unusual.night_roles",
        group="hours",
        kind="roles",
        default=("doctor", "nurse", "lab_technician"),
        label=N_("Roles that work at night"),
        help=N_("They are not noticed for the hour."),
    ),
    _switch(
        key="unusual.visits",
        group="visits",
        label=N_("Notice records of patients who have neither an appointment nor a number in the person's department"),
    ),
    _number(
        key="unusual.visits_from",
        group="visits",
        default=10,
        lowest=1,
        highest=1000,
        label=N_("Such patients in a day from which it is noticed"),
    ),
    _number(
        key="unusual.visits_days",
        group="visits",
        default=7,
        lowest=0,
        highest=90,
        label=N_("Days before and after in which a visit counts"),
    ),
    _switch(
        key="unusual.kin",
        group="kin",
        label=N_("Notice one's own record, and people of the same family name with the same phone or address"),
    ),
    # prune_reminders reads it in the database, and has the same default.
    _number(
        key="reminders.kept_months",
        group="kept",
        default=24,
        lowest=3,
        highest=120,
        label=N_("Months for which reminders are kept"),
        help=N_("Counted from the visit; what was sent stays in the access log."),
    ),
    _choice(key=ACCOUNTS["sms"].server, group="sms", label=N_("SMS gateway")),
    _text(
        key=ACCOUNTS["sms"].sender,
        group="sms",
        label=N_("Brand name"),
        help=N_("As it is registered with the provider: up to 11 letters and digits."),
        # What telephones can show in place of a number (3GPP TS 23.040, 9.1.2.5).
        form=r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 ._-]{1,10}",
        wrong=N_("Use 2 to 11 letters without accents and digits, such as BVHONGHA."),
    ),
    _secret(
        key=ACCOUNTS["sms"].secret,
        group="sms",
        label=N_("Access token"),
        help=N_("The provider gives it out with the account."),
        server_key=ACCOUNTS["sms"].server,
    ),
    _choice(key=ACCOUNTS["mail"].server, group="mail", label=N_("Mail server")),
    _text(
        key=ACCOUNTS["mail"].sender,
        group="mail",
        label=N_("Address that e-mails come from"),
        form=r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
        wrong=N_("Enter an address such as nhac-lich@benhvien.vn."),
    ),
    _text(
        key="messaging.mail_user",
        group="mail",
        label=N_("Account"),
        help=N_("Often the same as the address."),
        form=r"[!-~]{1,255}",
    ),
    _secret(
        key=ACCOUNTS["mail"].secret,
        group="mail",
        label=N_("Password of the account"),
        help=N_("Many providers want a password made for programs, not the one that people sign in with."),
        server_key=ACCOUNTS["mail"].server,
    ),
)
CATALOGUE: Final[Mapping[str, Setting]] = {setting.key: setting for setting in _LISTED}
