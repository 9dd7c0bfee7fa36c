"""Signatures over the seals of the audit log: good as long as the log is kept, unlike a token.

A signature is a compact JWS of `keys.signing` with the claims given. It has no end of its own: the key that made it was
good then, and a seal of ten years ago must still be shown to be whole.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from joserfc.jwt import JWTClaimsRegistry

from keys.errors import InvalidToken, KeyRefused
from keys.signing import Claims, Jwk, SigningKey, public_key, verified_claims

SEAL_TYPE: Final = "sokham-audit-seal+jwt"
SEAL_AUDIENCE: Final = "sokham-audit"


def sign_seal(claims: Mapping[str, str | int], *, key: SigningKey, now: datetime) -> str:
    """A signature over these claims; raises KeyRefused when the key's time is over."""
    if "aud" in claims:
        raise ValueError("the audience is set by the signer")
    return key.sign({**claims, "aud": SEAL_AUDIENCE}, typ=SEAL_TYPE, now=now)


def signed_seal(signature: str, *, kid: str, keys: Mapping[str, Jwk]) -> Claims:
    """The claims that the key `kid` signed; raises InvalidToken for everything else, also for a key not in `keys`."""
    document = keys.get(kid)
    if document is None:
        raise InvalidToken
    try:
        known = {kid: public_key(document)}
    except KeyRefused:
        raise InvalidToken from None
    registry = JWTClaimsRegistry(aud={"essential": True, "value": SEAL_AUDIENCE})
    claims: dict[str, Any] = verified_claims(
        signature, keys=known, typ=SEAL_TYPE, registry=registry, audience=SEAL_AUDIENCE
    )
    del claims["aud"]
    return claims
