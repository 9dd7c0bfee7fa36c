"""The Vietnamese catalogue says everything that the patient portal says."""

from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import patient_portal

ROOT = Path(patient_portal.__file__).parent
KEYWORDS = {"N_": None, "gettext": None, "_": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]


def test_every_message_is_there_in_vietnamese_and_none_besides() -> None:
    with (ROOT / "translations/vi/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = {message.id: message.string for message in read_po(file, locale="vi") if message.id}
    said = {found[2] for found in extract_from_dir(str(ROOT), method_map=METHODS, keywords=KEYWORDS)}
    assert len(said) > 100
    assert said == set(catalogue)
    assert all(catalogue.values())
