"""How things are said to people: names of states, steps and actions, and how long ago something was."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from flask import Flask
from flask_babel import format_decimal, format_timedelta, gettext

from kernel.clock import LOCAL_ZONE, utc_now
from kernel.text import N_

PLAN_NAMES: Final[Mapping[str, str]] = {
    "basic": N_("Basic"),
    "premium": N_("Premium"),
    "enterprise": N_("Enterprise"),
}
STATUS_NAMES: Final[Mapping[str, str]] = {
    "active": N_("In service"),
    "provisioning": N_("Being made"),
    "suspended": N_("Suspended"),
    "failed": N_("Could not be made"),
    "inactive": N_("Closed"),
}
KIND_NAMES: Final[Mapping[str, str]] = {
    "provision": N_("Making the hospital"),
    "rotate-credentials": N_("New database passwords"),
}
STEP_NAMES: Final[Mapping[str, str]] = {
    "roles": N_("Database users"),
    "database": N_("Database"),
    "hospital": N_("Fingerprint, rights and first administrator"),
    "credentials": N_("Sealed credentials"),
    "activate": N_("Into service"),
    "prepare": N_("New passwords for the users that rest"),
    "switch": N_("The new passwords into use"),
    "retire": N_("The old passwords closed"),
}
PURPOSE_NAMES: Final[Mapping[str, str]] = {
    "app": N_("Portal of the staff"),
    "portal": N_("Portal of the patients"),
    "sync": N_("Synchronisation"),
    "seal": N_("Audit sealing"),
    "migrate": N_("Migrations"),
}
ACTION_NAMES: Final[Mapping[str, str]] = {
    "tenant.create": N_("Created a hospital"),
    "tenant.update": N_("Changed a hospital"),
    "tenant.suspend": N_("Suspended a hospital"),
    "tenant.resume": N_("Resumed a hospital"),
    "tenant.rotate_credentials": N_("Exchanged database passwords"),
    "tenant.invite_shown": N_("Was shown a hospital's first invite"),
    "tenant.admin_invited": N_("Made a new invite for a hospital's first administrator"),
    "tenant.operation_retried": N_("Tried an operation again"),
    "patient_index.lookup": N_("Looked a person up"),
    "sync.replay": N_("Had a dead letter sent again"),
    "sync.discard": N_("Discarded a dead letter"),
    "administrator.invite": N_("Invited an administrator"),
    "administrator.invite_again": N_("Sent an invite again"),
    "administrator.create": N_("Created an administrator"),
    "administrator.reset_mfa": N_("Took an administrator's second factor away"),
    "auth.mfa_enrol": N_("Began to set up a second factor"),
    "auth.mfa_enable": N_("Switched a second factor on"),
    "auth.mfa_disable": N_("Switched the second factor off"),
    "auth.mfa_recovery_codes": N_("Made new recovery codes"),
    "auth.mfa_refused": N_("Failed to prove the second factor"),
    "auth.password_change": N_("Changed their own password"),
    "auth.password_refused": N_("Gave a wrong password when changing it"),
    "auth.session_end": N_("Ended one of their sessions"),
    "auth.sign_out_everywhere": N_("Signed out everywhere"),
}
EVENT_NAMES: Final[Mapping[str, str]] = {
    "signed_in": N_("Signed in"),
    "sign_in_failed": N_("Failed sign-in"),
    "sync_token_replayed": N_("A sync token was used twice"),
    "refresh_replayed": N_("A refresh token was used twice"),
    "credential_refused": N_("A registry row did not open: it was altered"),
    "unusual_access": N_("Access stood out at a hospital"),
    "hospital_fingerprint_missing": N_("A database carries no fingerprint"),
    "hospital_fingerprint_mismatch": N_("A database carries another hospital's fingerprint"),
    "mfa_reset": N_("An administrator's second factor was taken away"),
    # What administrators do to their own accounts is told in both lists in the same words.
    **{
        code.removeprefix("auth."): words
        for code, words in ACTION_NAMES.items()
        if code.startswith(("auth.mfa_", "auth.password_"))
    },
}
# What a security event tells beside its name; `portal` is the console's in all of them, and goes without saying.
DETAIL_NAMES: Final[Mapping[str, str]] = {
    "many_hour": N_("Many records in an hour"),
    "many_day": N_("Many records in a day"),
    "odd_hours": N_("At odd hours"),
    "no_visit": N_("Patients without a visit"),
    "own_record": N_("One's own record"),
    "relative": N_("Records of one's own people"),
    "open": N_("To look at"),
    "purpose": N_("Database user of"),
    "reason": N_("Reason"),
    "sqlstate": N_("PostgreSQL's code"),
    "route_version": N_("Version of the route"),
}
RISK_NAMES: Final[Mapping[str, str]] = {
    "low": N_("Low"),
    "medium": N_("Medium"),
    "high": N_("High"),
    "critical": N_("Critical"),
}
DEAD_NAMES: Final[Mapping[str, str]] = {
    "dead": N_("To decide"),
    "replay_requested": N_("To be sent again"),
    "discard_requested": N_("To be dropped"),
    "replayed": N_("Sent again"),
    "discarded": N_("Dropped"),
    "all": N_("All"),
}
REASON_NAMES: Final[Mapping[str, str]] = {
    "version_jump": N_("Its version jumps too far"),
    "epoch_ahead": N_("It claims a restore that central knows nothing of"),
    "wrong_shape": N_("It does not carry what its type says"),
    "unknown_key": N_("It is sealed under a key that central does not know"),
    "head_conflict": N_("It contradicts an audit head that central has"),
}
FIELD_NAMES: Final[Mapping[str, str]] = {
    "name": N_("Name"),
    "display_name": N_("Short name"),
    "domain": N_("Domain"),
    "subscription_plan": N_("Plan"),
    "max_users": N_("Users"),
    "max_storage_gb": N_("Storage (GB)"),
}

USAGE_NAMES: Final[Mapping[str, str]] = {
    "total_appointments": N_("Appointments"),
    "queue_numbers": N_("Queue numbers"),
    "new_patients": N_("New patients"),
    "active_users": N_("Staff at work"),
    "active_patients": N_("Patients in the portal"),
}

_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "action": ACTION_NAMES,
    "dead": DEAD_NAMES,
    "detail": DETAIL_NAMES,
    "event": EVENT_NAMES,
    "field": FIELD_NAMES,
    "kind": KIND_NAMES,
    "plan": PLAN_NAMES,
    "purpose": PURPOSE_NAMES,
    "reason": REASON_NAMES,
    "risk": RISK_NAMES,
    "status": STATUS_NAMES,
    "step": STEP_NAMES,
    "usage": USAGE_NAMES,
}


def named(code: str, what: str) -> str:
    """`'basic'|named('plan')`: the name in the reader's language, or the code itself where it has none."""
    name = _NAMES[what].get(code)
    return gettext(name) if name else code


def detailed(details: Mapping[str, object] | None) -> str:
    """What a security event tells beside its name, in a line."""
    told = []
    for key, value in (details or {}).items():
        if key != "portal":
            words = named(str(value), "purpose") if key == "purpose" else value
            told.append(f"{named(key, 'detail')}: {words}")
    return " · ".join(told)


def ago(moment: datetime | None) -> str:
    """`5 minutes ago`; empty for never."""
    if moment is None:
        return ""
    text: str = format_timedelta(moment - utc_now(), add_direction=True, threshold=1.2)
    return text


def amount(value: int) -> str:
    """A count with its thousands apart: 12.345 in Vietnamese."""
    text: str = format_decimal(value)
    return text


def seconds_of(moment: datetime | None) -> str:
    """Time of day with seconds: what a list of batches or attempts is compared by."""
    return moment.astimezone(LOCAL_ZONE).strftime("%d/%m/%Y %H:%M:%S") if moment else ""


def day_of(moment: datetime | None) -> str:
    """The day in Việt Nam, dd/mm/yyyy."""
    return moment.astimezone(LOCAL_ZONE).strftime("%d/%m/%Y") if moment else ""


def install(app: Flask) -> None:
    """Give the console's templates these filters."""
    app.jinja_env.filters.update(named=named, detailed=detailed, ago=ago, amount=amount, day=day_of, seconds=seconds_of)
