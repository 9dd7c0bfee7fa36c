"""What is wrong with files and rows, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from kernel.web.field_messages import field_message
from tenant_app.patients.public import LIKENESS


def said_of(message: str, said: Mapping[str, Any]) -> str:
    """A kept message with what stands in it."""
    if not said:
        return field_message(message)
    words = dict(said)
    if isinstance(words.get("reasons"), list):
        words["reasons"] = ", ".join(gettext(LIKENESS[each]) for each in words["reasons"] if each in LIKENESS)
    return str(gettext(message, **words))
