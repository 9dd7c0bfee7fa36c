"""Signatures over seals."""

from datetime import UTC, datetime, timedelta

import pytest

from keys.public import InvalidToken, KeyRefused, SigningKey, TokenSigner, sign_seal, signed_seal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLAIMS: dict[str, str | int] = {"chain": "c", "sequence": 1, "digest": "d"}


def key() -> SigningKey:
    return SigningKey.generate(issuer="audit", lifetime=timedelta(days=365), clock=lambda: NOW)


def test_what_was_signed_comes_back_also_after_the_keys_end() -> None:
    signer = key()
    signature = sign_seal(CLAIMS, key=signer, now=NOW)
    assert signed_seal(signature, kid=signer.kid, keys={signer.kid: signer.public_jwk()}) == CLAIMS
    with pytest.raises(KeyRefused):
        sign_seal(CLAIMS, key=signer, now=NOW + timedelta(days=366))


def test_another_key_another_kind_of_signature_and_changed_text_prove_nothing() -> None:
    signer, other = key(), key()
    known = {signer.kid: signer.public_jwk()}
    signature = sign_seal(CLAIMS, key=signer, now=NOW)
    head, payload, tail = signature.split(".")
    token = TokenSigner(issuer="audit", key=signer, clock=lambda: NOW).issue(
        audience="sokham-audit", subject="x", claims={}, lifetime=timedelta(days=9)
    )
    changed = f"{head}.{payload[:-2]}AA.{tail}"
    for text, kid in ((sign_seal(CLAIMS, key=other, now=NOW), signer.kid), (token, signer.kid), (changed, signer.kid)):
        with pytest.raises(InvalidToken):
            signed_seal(text, kid=kid, keys=known)
    with pytest.raises(InvalidToken):
        signed_seal(signature, kid=other.kid, keys=known)
    with pytest.raises(InvalidToken):
        # The key of one id put under another.
        signed_seal(signature, kid=signer.kid, keys={signer.kid: other.public_jwk()})


def test_a_seal_does_not_choose_its_audience() -> None:
    with pytest.raises(ValueError, match="audience"):
        sign_seal({"aud": "x"}, key=key(), now=NOW)
