"""How reminders are spoken of: channels, kinds, what became of each, and why."""

from collections.abc import Mapping
from typing import Final

from kernel.text import N_

CHANNEL_NAMES: Final[Mapping[str, str]] = {"email": N_("E-mail"), "sms": N_("SMS")}
KIND_NAMES: Final[Mapping[str, str]] = {
    "day_before": N_("The day before"),
    "hours_before": N_("Some hours before"),
    "now": N_("Sent by the desk"),
    "test": N_("Test"),
}
# Status → what it is called, the tone and the icon of its badge.
STATUS_BADGES: Final[Mapping[str, tuple[str, str, str]]] = {
    "pending": (N_("Planned"), "info", "clock"),
    "sending": (N_("On its way"), "info", "send"),
    "sent": (N_("Sent"), "success", "check"),
    "uncertain": (N_("Perhaps sent"), "warning", "help-circle"),
    "failed": (N_("Not sent"), "danger", "alert-circle"),
    "cancelled": (N_("Stopped"), "neutral", "ban"),
    "expired": (N_("Too late"), "neutral", "hourglass"),
}
REASONS: Final[Mapping[str, str]] = {
    "appointment": N_("The appointment is cancelled or over"),
    "moved": N_("The appointment was moved"),
    "settings": N_("This channel or time is switched off"),
    "opted_out": N_("The patient does not want it"),
    "no_consent": N_("The patient has not agreed yet"),
    "no_address": N_("No address or phone is known"),
    "bad_address": N_("The address or phone is wrong"),
    "patient_inactive": N_("The patient's record is closed"),
    "by_staff": N_("Stopped by the desk"),
    "daily_limit": N_("The patient has had enough messages today"),
    "expired": N_("It is too late"),
    "sender_died": N_("The sender stopped while it was on its way"),
    "smtp_no_answer": N_("The mail server did not answer at the end"),
    "smtp_away": N_("The mail server does not answer"),
    "smtp_login": N_("The mail server refuses our login"),
    "smtp_tls": N_("The mail server's certificate does not hold"),
    "sms_away": N_("The SMS gateway does not answer"),
    "sms_no_answer": N_("The SMS gateway did not answer at the end"),
    "sms_401": N_("The SMS gateway refuses our login"),
    "sms_403": N_("The SMS gateway refuses our login"),
    "sms_429": N_("The SMS gateway asks to wait"),
    "keys_away": N_("The key source does not answer"),
    "account_incomplete": N_("Something of the hospital's own account is missing in the settings"),
    "account_unreadable": N_("The hospital's own account cannot be opened: set it anew in the settings"),
    "account_changed": N_("The account was changed while it was on its way"),
    "no_such_server": N_("The operator no longer offers the server that is set"),
    "no_account": N_("There is no account for sending on this way"),
    "smtp_550": N_("The mail server says that there is no such address"),
}
# What a server answered otherwise; the code stands behind it.
SERVER_SAID: Final = N_("The server refused it (%(code)s)")
