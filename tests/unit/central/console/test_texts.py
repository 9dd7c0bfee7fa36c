"""Every sentence of central has its Vietnamese; a name for each permission's action is no code."""

import io
from pathlib import Path
from typing import Any

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import central
from central.console.pages import shown
from central.provisioning import rotation, service
from central.registry.models import CREDENTIAL_PURPOSES, SUBSCRIPTION_PLANS, TENANT_STATUSES
from central.sync.models import DEAD_STATES

ROOT = Path(central.__file__).parent
KEYWORDS = {"N_": None, "_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}


def test_the_vietnamese_catalogue_is_whole() -> None:
    found = extract_from_dir(
        str(ROOT), method_map=[("**.py", "python"), ("**/templates/**.html", "jinja2")], keywords=KEYWORDS
    )
    used = {text if isinstance(text, str) else text[0] for _file, _line, text, _comments, _context in found if text}
    catalogue = (ROOT / "translations" / "vi" / "LC_MESSAGES" / "messages.po").read_bytes()
    messages: list[Any] = [message for message in read_po(io.BytesIO(catalogue)) if message.id]
    whole = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in messages
        if all([message.string] if isinstance(message.string, str) else message.string)
    }
    assert sorted(used - whole) == []
    assert sorted(whole - used) == []


def test_placeholders_survive_translation() -> None:
    catalogue = (ROOT / "translations" / "vi" / "LC_MESSAGES" / "messages.po").read_bytes()
    for message in read_po(io.BytesIO(catalogue)):
        assert not list(message.check()), message.id


def test_every_state_step_and_purpose_has_a_name() -> None:
    assert set(shown.STATUS_NAMES) == set(TENANT_STATUSES)
    assert set(shown.PLAN_NAMES) == set(SUBSCRIPTION_PLANS)
    assert set(shown.PURPOSE_NAMES) == set(CREDENTIAL_PURPOSES)
    assert set(shown.DEAD_NAMES) == {*DEAD_STATES, "all"}
    assert set(shown.STEP_NAMES) == {*service.STEPS, *rotation.STEPS}
    assert set(shown.KIND_NAMES) == {service.KIND, rotation.KIND}
