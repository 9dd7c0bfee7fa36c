"""What central records is told to administrators in words, not in codes."""

import re
from pathlib import Path

import central
from central.console.pages.shown import ACTION_NAMES, DETAIL_NAMES, EVENT_NAMES, detailed
from tenant_app.unusual.models import KINDS

_SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in Path(central.__file__).parent.rglob("*.py"))


def test_each_action_of_the_audit_log_has_words() -> None:
    recorded = set(re.findall(r'action="([a-z_]+\.[a-z_]+)"', _SOURCES))
    assert {"auth.mfa_enrol", "administrator.reset_mfa", "tenant.create"} <= recorded
    assert recorded <= set(ACTION_NAMES)


def test_each_security_event_has_words() -> None:
    told = set(re.findall(r'(?:\bevent=|_tell\(uow, |_alarm\([a-z.]+, )"([a-z_]+)"', _SOURCES))
    assert {"signed_in", "mfa_reset", "hospital_fingerprint_mismatch", "unusual_access"} <= told
    assert told <= set(EVENT_NAMES)
    assert {"mfa_enrol", "mfa_refused", "password_change"} <= set(EVENT_NAMES)


def test_each_kind_of_unusual_access_has_words() -> None:
    assert set(KINDS) <= set(DETAIL_NAMES)


def test_what_goes_without_saying_is_not_said() -> None:
    assert detailed({"portal": "admin"}) == ""
    assert detailed(None) == ""
