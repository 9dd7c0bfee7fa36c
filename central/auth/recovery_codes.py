"""Recovery codes: ten, shown once, each good once in place of the app's code. Pure.

Fifty random bits each. What is stored is an HMAC under the account's TOTP secret, which itself is stored sealed only:
whoever has the table cannot try codes, and whoever has the secret needs none of them.
"""

import hashlib
import hmac
from typing import Final

from kernel.spoken_codes import grouped, new_letters, read_letters

COUNT: Final = 10
LENGTH: Final = 10
GROUP: Final = 5


def new_codes() -> list[str]:
    """Ten fresh codes as their owner sees them: `ABCDE-FGHJK`."""
    return [grouped(new_letters(LENGTH), GROUP) for _ in range(COUNT)]


def digest(code: str, *, secret: str) -> bytes | None:
    """What is stored of a code, also of one as somebody typed it; None where it cannot be one."""
    letters = read_letters(code, length=LENGTH)
    if letters is None:
        return None
    return hmac.digest(secret.encode(), b"sokham recovery code\0" + letters.encode(), hashlib.sha256)
