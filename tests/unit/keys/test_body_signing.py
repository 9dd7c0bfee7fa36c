from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.body_signing import BODY_TYPE, BodySigner, BodyVerifier
from keys.errors import InvalidToken, KeyRefused
from keys.signing import SigningKey, TokenSigner
from tests.unit.keys.doubles import FakeClock

CLOCK = FakeClock()
BATCHES, CHANGES = "central/sync/batches", "central/sync/changes"
OF_A = SigningKey.generate(issuer="hospital-a", lifetime=timedelta(days=90), clock=CLOCK)
OF_B = SigningKey.generate(issuer="hospital-b", lifetime=timedelta(days=90), clock=CLOCK)
UNKNOWN = SigningKey.generate(issuer="hospital-a", lifetime=timedelta(days=90), clock=CLOCK)
KNOWN = {key.kid: key.public_jwk() for key in (OF_A, OF_B)}
BODY = b'{"events": []}'


def verifier(clock: FakeClock = CLOCK, audience: str = BATCHES) -> BodyVerifier:
    return BodyVerifier(audience=audience, find_key=KNOWN.get, clock=clock)


def signed(body: bytes = BODY, key: SigningKey = OF_A, clock: FakeClock = CLOCK, audience: str = BATCHES) -> str:
    return BodySigner(key=key, clock=clock).sign(body, audience=audience)


def forged(**changes: Any) -> str:
    """Good signature, other claims: what a hospital that goes astray could send."""
    now = int(CLOCK().timestamp())
    digest = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    claims = {"iss": "hospital-a", "aud": BATCHES, "iat": now, "nbf": now, "exp": now + 60, "jti": "1"}
    return OF_A.sign(claims | {"body_sha256": digest} | changes, typ=BODY_TYPE, now=CLOCK())


@given(st.binary(max_size=200))
def test_a_signed_body_names_its_key(body: bytes) -> None:
    found = verifier().verify(signed(body), body=body)

    assert (found.kid, found.issuer) == (OF_A.kid, "hospital-a")
    assert found.expires_at == CLOCK() + timedelta(seconds=60)


def test_each_token_has_its_own_id() -> None:
    assert len({verifier().verify(signed(), body=BODY).jti for _ in range(50)}) == 50


def test_the_forger_of_these_tests_makes_good_tokens_too() -> None:
    assert verifier().verify(forged(), body=b"").jti == "1"


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_another_body_is_refused(body: bytes, other: bytes) -> None:
    if body != other:
        with pytest.raises(InvalidToken):
            verifier().verify(signed(body), body=other)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: signed(audience=CHANGES),
        lambda: signed(key=UNKNOWN),
        lambda: signed() + "A",
        lambda: "",
        lambda: "a.b.c",
        lambda: "x" * 5000,
        lambda: "\ud800.a.b",
        # An access token of the same key is of another kind.
        lambda: TokenSigner(issuer="hospital-a", key=OF_A, clock=CLOCK).issue(
            audience=BATCHES, subject="x", claims={}, lifetime=timedelta(seconds=60)
        ),
        lambda: forged(body_sha256=7),
        lambda: forged(body_sha256="ổ"),
        lambda: forged(body_sha256=None),
        lambda: forged(exp=int(CLOCK().timestamp()) + 3600),
        lambda: forged(jti="x" * 65),
        lambda: forged(jti=5),
        lambda: forged(iss=["hospital-b"]),
        lambda: forged(aud=[BATCHES]),
        lambda: forged(iat=int(CLOCK().timestamp()) + 60, exp=int(CLOCK().timestamp()) + 90),
    ],
)
def test_anything_else_is_one_error(bad: Callable[[], str]) -> None:
    with pytest.raises(InvalidToken):
        verifier().verify(bad(), body=b"")


def test_a_token_lives_a_minute() -> None:
    clock = FakeClock()
    token = signed(clock=clock)
    clock.move(seconds=64)
    verifier(clock).verify(token, body=BODY)

    clock.move(seconds=1)
    with pytest.raises(InvalidToken):
        verifier(clock).verify(token, body=BODY)


def test_a_key_answers_for_itself_only() -> None:
    """A registry that gives another key than the one asked for, or one with a false name, opens nothing."""
    for answer in (OF_B.public_jwk(), OF_B.public_jwk() | {"kid": OF_A.kid}, {"kid": OF_A.kid}):
        check = BodyVerifier(audience=BATCHES, find_key=dict.fromkeys([OF_A.kid], answer).get, clock=CLOCK)
        with pytest.raises(InvalidToken):
            check.verify(signed(), body=BODY)


def test_a_key_signs_in_its_time_only() -> None:
    clock = FakeClock()
    key = SigningKey.generate(issuer="hospital-a", lifetime=timedelta(hours=1), clock=clock)
    clock.move(hours=1)

    with pytest.raises(KeyRefused):
        signed(key=key, clock=clock)
