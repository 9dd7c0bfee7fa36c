"""The Vietnamese catalogue says everything that the domain says."""

from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import tenant_app

ROOT = Path(tenant_app.__file__).parent
KEYWORDS = {"N_": None, "gettext": None, "lazy_gettext": None}
FOLDERS = ("appointments", "audit", "hospital", "patients", "portal", "queue", "staff")


def test_every_message_is_there_in_vietnamese() -> None:
    with (ROOT / "translations/vi/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = {message.id: message.string for message in read_po(file, locale="vi") if message.id}
    said = {
        message
        for folder in FOLDERS
        for _, _, message, _, _ in extract_from_dir(str(ROOT / folder), keywords=KEYWORDS)
        if isinstance(message, str)
    }
    assert len(said) > 50
    assert said <= set(catalogue)
    assert all(catalogue[message] for message in said)
