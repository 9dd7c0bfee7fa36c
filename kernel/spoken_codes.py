"""Codes that people read aloud and type: letters of Crockford's base 32, five random bits each.

What people write instead of a letter that is none (O for 0, I and L for 1) is read as meant. Pure.
"""

import re
import secrets
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_LOOKALIKES: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
BETWEEN: Final = re.compile(r"[\s\-\u2010-\u2014]+")


def new_letters(length: int) -> str:
    """So many random letters."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def grouped(letters: str, size: int) -> str:
    """`ABCD-EFGH`: easier to read out."""
    return "-".join(letters[at : at + size] for at in range(0, len(letters), size))


def bare(text: str) -> str:
    """Without what people put between the letters."""
    return BETWEEN.sub("", text)


def read_letters(text: str, *, length: int) -> str | None:
    """The letters that somebody typed, in canonical form; None where they cannot be such a code."""
    letters = bare(text).upper().translate(_LOOKALIKES)
    return letters if len(letters) == length and set(letters) <= set(ALPHABET) else None
