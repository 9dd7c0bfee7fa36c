"""Activation codes: short enough to read aloud, long enough that five tries mean nothing.

`<hospital code>.XXXX-XXXX-XXXX`: twelve letters, 60 random bits. Pure.
"""

import hashlib
from typing import Final

from central.auth.public import InvalidSecret, RoutedSecret, parse_secret
from kernel.spoken_codes import BETWEEN, bare, grouped, new_letters, read_letters

LENGTH: Final = 12
GROUP: Final = 4


def new_code(tag: str) -> RoutedSecret:
    """A fresh code for the hospital `tag`, grouped; `.text` is what the patient is given."""
    return RoutedSecret(tag, grouped(new_letters(LENGTH), GROUP))


def parse_code(text: str) -> RoutedSecret:
    """A code as somebody typed it: tag in lower case, letters in canonical form. Raises InvalidSecret."""
    given = parse_secret(text)
    letters = read_letters(given.secret, length=LENGTH)
    if letters is None:
        raise InvalidSecret
    return RoutedSecret(BETWEEN.sub("-", given.tag.strip()).lower(), letters)


def digest_of_code(code: RoutedSecret) -> bytes:
    """What is stored of a code: SHA-256 of its bare letters.

    A slow hash would add little: the code lives for three days, and is used once.
    """
    return hashlib.sha256(bare(code.secret).encode()).digest()
