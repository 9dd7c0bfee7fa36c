"""What is wrong with a field, in the reader's language: our sentences and marshmallow's.

marshmallow fills numbers and choices into its English sentences before anybody sees them, so those are recognised by
their form and said again.
"""

import re
from typing import Final

from flask_babel import gettext

from kernel.text import N_

# marshmallow's own without a number, where a schema does not bring another: listed so that they are translated.
PLAIN: Final = (
    N_("Field may not be null."),
    N_("Invalid input type."),
    N_("Invalid type."),
    N_("Invalid value."),
    N_("Missing data for required field."),
    N_("Not a valid UUID."),
    N_("Not a valid aware datetime."),
    N_("Not a valid boolean."),
    N_("Not a valid date."),
    N_("Not a valid datetime."),
    N_("Not a valid integer."),
    N_("Not a valid list."),
    N_("Not a valid mapping type."),
    N_("Not a valid number."),
    N_("Not a valid string."),
    N_("Not a valid time."),
    N_("Not a valid utf-8 string."),
    N_("Number too large."),
    N_("Special numeric values (nan or infinity) are not permitted."),
    N_("Unknown field."),
)
FILLED: Final = (
    N_("Length must be %(equal)s."),
    N_("Length must be between %(min)s and %(max)s."),
    N_("Longer than maximum length %(max)s."),
    N_("Must be greater than %(min)s."),
    N_("Must be greater than or equal to %(min)s and less than or equal to %(max)s."),
    N_("Must be greater than or equal to %(min)s."),
    N_("Must be less than %(max)s."),
    N_("Must be less than or equal to %(max)s."),
    N_("Must be one of: %(choices)s."),
    N_("Shorter than minimum length %(min)s."),
)
_HOLE: Final = re.compile(r"%\((\w+)\)s")


def _form(sentence: str) -> re.Pattern[str]:
    """What the sentence looks like once it is filled in."""
    literal, *rest = _HOLE.split(sentence)
    parts = [re.escape(literal)]
    for name, after in zip(rest[::2], rest[1::2], strict=True):
        what = ".+" if name == "choices" else r"-?\d[\d.]*"
        parts.append(f"(?P<{name}>{what}){re.escape(after)}")
    return re.compile("".join(parts), re.DOTALL)


_FORMS: Final = {sentence: _form(sentence) for sentence in FILLED}


def field_message(message: str) -> str:
    """A message of `errors` in the reader's language; unchanged where nobody translated it."""
    for sentence, form in _FORMS.items():
        if found := form.fullmatch(message):
            return str(gettext(sentence, **found.groupdict()))
    return str(gettext(message))
