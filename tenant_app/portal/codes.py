"""Activation codes: short enough to read aloud, long enough that five tries mean nothing.

`<hospital code>.XXXX-XXXX-XXXX`: twelve letters of Crockford's base 32, 60 random bits. What people write instead of a
letter that is none (O for 0, I and L for 1) is read as meant. Pure.
"""

import hashlib
import re
import secrets
from typing import Final

from central.auth.public import InvalidSecret, RoutedSecret, parse_secret

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 12
GROUP: Final = 4

_LOOKALIKES: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BETWEEN: Final = re.compile(r"[\s\-\u2010-\u2014]+")


def new_code(tag: str) -> RoutedSecret:
    """A fresh code for the hospital `tag`, grouped; `.text` is what the patient is given."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return RoutedSecret(tag, "-".join(letters[at : at + GROUP] for at in range(0, LENGTH, GROUP)))


def parse_code(text: str) -> RoutedSecret:
    """A code as somebody typed it: tag in lower case, letters in canonical form. Raises InvalidSecret."""
    given = parse_secret(text)
    letters = _BETWEEN.sub("", given.secret).upper().translate(_LOOKALIKES)
    if len(letters) != LENGTH or not set(letters) <= set(ALPHABET):
        raise InvalidSecret
    return RoutedSecret(_BETWEEN.sub("-", given.tag.strip()).lower(), letters)


def digest_of_code(code: RoutedSecret) -> bytes:
    """What is stored of a code: SHA-256 of its bare letters.

    A slow hash would add little: the code lives for three days, and is used once.
    """
    return hashlib.sha256(_BETWEEN.sub("", code.secret).encode()).digest()
