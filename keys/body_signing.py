"""Signed request bodies: how a hospital's worker proves to central who sends a batch, and that it is this batch.

Beside the body goes a token of 60 seconds, signed with the hospital's Ed25519 sync key: `jti` against replay (central
keeps those it has seen), `body_sha256` for the body, `aud` for the one place it may be used at. Central finds the key,
and with it the hospital, by `kid`: nothing in the body or the claims says who the sender is.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from kernel.clock import Clock, utc_now
from keys.encoding import to_base64url
from keys.errors import InvalidToken, KeyRefused
from keys.signing import LEEWAY, Jwk, SigningKey, public_key, verified_claims

BODY_TYPE: Final = "sokham-body+jwt"
LIFETIME: Final = timedelta(seconds=60)

_TOKEN_MAX: Final = 4096
_CLAIMS: Final = ("iss", "aud", "iat", "nbf", "exp", "jti", "body_sha256")


@dataclass(frozen=True, slots=True)
class SignedBody:
    """What a good token says: the key, and the id that must not be accepted twice before `expires_at`."""

    kid: str
    issuer: str
    jti: str
    expires_at: datetime


class BodySigner:
    """Signs request bodies with one hospital's sync key."""

    def __init__(self, *, key: SigningKey, clock: Clock = utc_now) -> None:
        self._key = key
        self._clock = clock

    def sign(self, body: bytes, *, audience: str) -> str:
        """A token for exactly this body at `audience`, good for 60 seconds; KeyRefused when the key's time is over."""
        now = self._clock()
        issued = int(now.timestamp())
        claims = {
            "iss": self._key.issuer,
            "aud": audience,
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(LIFETIME.total_seconds()),
            "jti": to_base64url(secrets.token_bytes(16)),
            "body_sha256": _digest(body),
        }
        return self._key.sign(claims, typ=BODY_TYPE, now=now)


class BodyVerifier:
    """Verifies the tokens of `BodySigner` for one audience. Safe to share between threads."""

    def __init__(
        self,
        *,
        audience: str,
        find_key: Callable[[str], Jwk | None],
        leeway: timedelta = LEEWAY,
        clock: Clock = utc_now,
    ) -> None:
        """`find_key` gives the public JWK of a `kid`, None for one that is unknown or revoked."""
        self._audience = audience
        self._find_key = find_key
        self._lifetime = int(LIFETIME.total_seconds())
        options: dict[str, ClaimsOption] = {name: {"essential": True} for name in _CLAIMS}
        options["aud"] = {"essential": True, "value": audience}
        self._registry = JWTClaimsRegistry(
            now=lambda: int(clock().timestamp()),
            leeway=int(leeway.total_seconds()),
            **options,
        )

    def verify(self, token: str, *, body: bytes) -> SignedBody:
        """What the token says, if it is one for this body; raises InvalidToken for everything else.

        The caller looks up whose key `kid` is, and refuses a `jti` it has seen.
        """
        kid = _kid_of(token)
        document = self._find_key(kid)
        if document is None or document.get("kid") != kid:
            raise InvalidToken
        try:
            key = public_key(document)
        except KeyRefused:
            raise InvalidToken from None
        claims = verified_claims(
            token, keys={kid: key}, typ=BODY_TYPE, registry=self._registry, audience=self._audience
        )
        said, jti, expires = claims["body_sha256"], claims["jti"], claims["exp"]
        if not isinstance(said, str) or not said.isascii() or not compare_digest(said, _digest(body)):
            raise InvalidToken
        # A longer life would outlive the memory of the ids that were seen.
        if expires - claims["iat"] > self._lifetime or len(jti) > 64 or not isinstance(claims["iss"], str):
            raise InvalidToken
        return SignedBody(kid=kid, issuer=claims["iss"], jti=jti, expires_at=datetime.fromtimestamp(expires, UTC))


def _kid_of(token: str) -> str:
    """The key id a token names, not yet verified."""
    if len(token) > _TOKEN_MAX:
        raise InvalidToken
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError, TypeError, RecursionError):
        raise InvalidToken from None
    if not isinstance(kid, str) or not 1 <= len(kid) <= 64:
        raise InvalidToken
    return kid


def _digest(body: bytes) -> str:
    return to_base64url(hashlib.sha256(body).digest())
