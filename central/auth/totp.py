"""One-time codes by time (RFC 6238): six digits, a new one every 30 seconds, as authenticator apps make them. Pure."""

import hmac
from datetime import datetime
from typing import Final

import pyotp

from kernel.text import digits

DIGITS: Final = 6
STEP_SECONDS: Final = 30
# Clocks of phones are a little wrong, and people type slowly: one step before and one after the present are taken.
WINDOW: Final = 1
# 32 letters of base 32 are 160 bits, as many as RFC 4226 recommends.
SECRET_LENGTH: Final = 32


def new_secret() -> str:
    """A random secret in base 32, as apps take it."""
    return pyotp.random_base32(SECRET_LENGTH)


def step_at(moment: datetime) -> int:
    """Which step of 30 seconds since 1970 a moment lies in."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_at(secret: str, step: int) -> str:
    """The code of one step."""
    return pyotp.HOTP(secret, digits=DIGITS).at(step)


def matching_step(secret: str, code: str, *, now: datetime, after: int | None = None) -> int | None:
    """The step whose code this is; None where it is of none that counts now. Steps up to `after` were used."""
    given = digits(code)
    present = step_at(now)
    first = max(0, present - WINDOW)
    # Each is looked at, whichever matches: how long it takes tells nothing.
    matching = [
        step
        for step in range(first, present + WINDOW + 1)
        if hmac.compare_digest(code_at(secret, step), given) and (after is None or step > after)
    ]
    return matching[0] if matching else None


def looks_like_code(text: str) -> bool:
    """Whether somebody typed a code of the app, and not a recovery code: six digits, blanks between them or not."""
    bare = "".join(text.split())
    return len(bare) == DIGITS and len(digits(bare)) == DIGITS


def app_address(secret: str, *, issuer: str, name: str) -> str:
    """The `otpauth://` address that the QR code holds."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=issuer)


def for_typing(secret: str) -> str:
    """The secret in groups of four, for who types it into the app."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
