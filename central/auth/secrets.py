"""One-time secrets that say where they belong: `<route tag>.<secret>`. The tag routes, the hash in the database proves.

The tag is the hospital's code, which is no secret, or `central`.
"""

import hashlib
import secrets
from dataclasses import dataclass

from kernel.errors import SokhamError
from kernel.text import N_

CENTRAL_TAG = "central"


class InvalidSecret(SokhamError):
    """The invite, code or refresh token is unknown, used, or expired: one answer for all three."""

    code = "invalid_token"
    status = 401
    title = N_("This code or link is no longer valid")
    advice = N_("It was used, has expired, or was mistyped. Ask for a new one.")


@dataclass(frozen=True, slots=True)
class RoutedSecret:
    """A secret with its tag; `text` is what a person or program is given, once."""

    tag: str
    secret: str

    @property
    def text(self) -> str:
        """`<tag>.<secret>`."""
        return f"{self.tag}.{self.secret}"

    @property
    def digest(self) -> bytes:
        """SHA-256 of the secret, which is all that is stored: it has 256 bits, so no slower hash is needed."""
        return digest_of(self.secret)

    def __repr__(self) -> str:
        return f"RoutedSecret(tag={self.tag!r})"


def new_secret(tag: str) -> RoutedSecret:
    """256 random bits for `tag`."""
    return RoutedSecret(tag, secrets.token_urlsafe(32))


def parse_secret(text: str) -> RoutedSecret:
    """Split what somebody gave back; raises InvalidSecret."""
    tag, dot, secret = text.strip().partition(".")
    if not dot or not tag or not secret or len(text) > 256:
        raise InvalidSecret
    return RoutedSecret(tag, secret)


def digest_of(secret: str) -> bytes:
    """SHA-256."""
    return hashlib.sha256(secret.encode()).digest()
