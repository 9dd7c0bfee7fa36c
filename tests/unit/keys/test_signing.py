import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk, jwt
from joserfc.jws import JWSRegistry

from keys import scopes
from keys.envelope import DataKey
from keys.errors import InvalidToken, KeyRefused, Undecryptable
from keys.signing import SigningKey, TokenSigner, TokenVerifier, jwks, public_key
from tests.unit.keys.doubles import A, B, FakeClock

CLOCK = FakeClock()
STAFF, PATIENT = "https://staff.sokham", "https://patient.sokham"
KEY = SigningKey.generate(issuer=STAFF, lifetime=timedelta(days=90), clock=CLOCK)
DOCUMENT = jwks([KEY.public_jwk()])
TEN_MINUTES = timedelta(minutes=10)


def token(clock: FakeClock = CLOCK, key: SigningKey = KEY, audience: str = "staff", **claims: object) -> str:
    signer = TokenSigner(issuer=key.issuer, key=key, clock=clock)
    return signer.issue(audience=audience, subject="user-1", claims={"tenant": str(A)} | claims, lifetime=TEN_MINUTES)


def verifier(clock: FakeClock = CLOCK, **changes: Any) -> TokenVerifier:
    given_: dict[str, Any] = {"issuer": STAFF, "audience": "staff", "keys": DOCUMENT, "required": ("tenant",)}
    return TokenVerifier(**given_ | changes, clock=clock)


def forged(
    *, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None, drop: str = "", key: Any = None
) -> str:
    """A token with a good signature of our own key, and with anything else that a forger might like."""
    now = int(CLOCK().timestamp())
    everything = {"iss": STAFF, "aud": "staff", "sub": "user-1", "iat": now, "nbf": now, "exp": now + 600}
    everything |= {"jti": "1", "tenant": str(A)} | (claims or {})
    everything.pop(drop, None)
    head = {"alg": "Ed25519", "kid": KEY.kid, "typ": "JWT"} | (header or {})
    names = [str(head["alg"])]
    registry = JWSRegistry(algorithms=names, strict_check_header=False)
    head = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(head, everything, key or KEY._key, names, registry, default_type=None)


def test_a_good_token_gives_its_claims() -> None:
    claims = verifier().verify(token(role="doctor", sid="session-1"))

    assert {name: claims[name] for name in ("iss", "aud", "sub", "tenant", "role", "sid")} == {
        "iss": STAFF,
        "aud": "staff",
        "sub": "user-1",
        "tenant": str(A),
        "role": "doctor",
        "sid": "session-1",
    }
    assert claims["exp"] - claims["iat"] == 600
    assert verifier().verify(forged())["sub"] == "user-1"


def test_each_token_has_its_own_id() -> None:
    check = verifier()

    assert len({check.verify(token())["jti"] for _ in range(50)}) == 50


def test_registered_claims_are_the_signers() -> None:
    for name in ("iss", "aud", "sub", "exp", "jti"):
        with pytest.raises(ValueError, match="registered"):
            TokenSigner(issuer=STAFF, key=KEY, clock=CLOCK).issue(
                audience="staff", subject="user-1", claims={name: "mine"}, lifetime=TEN_MINUTES
            )


OTHER = SigningKey.generate(issuer=STAFF, lifetime=timedelta(days=90), clock=CLOCK)


@pytest.mark.parametrize(
    "bad",
    [
        lambda: token(audience="patient"),
        lambda: token(key=SigningKey.generate(issuer=PATIENT, lifetime=timedelta(days=1), clock=CLOCK)),
        lambda: token(key=OTHER),
        lambda: forged(claims={"iss": PATIENT}),
        lambda: forged(claims={"aud": ["staff", "patient"]}),
        lambda: forged(claims={"aud": ["staff"]}),
        lambda: forged(claims={"exp": "tomorrow"}),
        lambda: forged(claims={"exp": float("nan")}),
        lambda: forged(claims={"exp": True}),
        lambda: forged(claims={"sub": 7}),
        lambda: forged(claims={"tenant": None}),
        lambda: forged(claims={"tenant": ""}),
        lambda: forged(claims={"nbf": int(CLOCK().timestamp()) + 60}),
        lambda: forged(claims={"iat": int(CLOCK().timestamp()) + 60}),
        lambda: forged(claims={"exp": int(CLOCK().timestamp()) - 60}),
        *(lambda drop=drop: forged(drop=drop) for drop in ("iss", "aud", "sub", "iat", "nbf", "exp", "jti", "tenant")),
        lambda: forged(header={"kid": None}),
        lambda: forged(header={"kid": "another"}),
        lambda: forged(header={"kid": OTHER.kid}),
        lambda: forged(header={"typ": "sokham-body+jwt"}),
        lambda: forged(header={"typ": None}),
        lambda: forged(header={"jwk": OTHER.public_jwk(), "kid": OTHER.kid}, key=OTHER._key),
        lambda: forged(header={"jku": "https://elsewhere/jwks.json"}),
        lambda: forged(header={"cty": "JWT"}),
        # The public key as a shared secret: the classic confusion of algorithms.
        lambda: forged(header={"alg": "HS256"}, key=jwk.OctKey.import_key(KEY.public_jwk()["x"])),
        lambda: unsigned("none"),
        lambda: unsigned("Ed25519"),
        lambda: token() + "A",
        lambda: token()[:-1],
        lambda: " " + token(),
        lambda: token().replace(".", "..", 1),
        lambda: "",
        lambda: "a.b.c",
        lambda: "ổ.ổ.ổ",
        lambda: "\ud800",
        lambda: token(padding="x" * 9000),
    ],
)
def test_anything_else_is_one_error(bad: Callable[[], str]) -> None:
    with pytest.raises(InvalidToken) as caught:
        verifier().verify(bad())
    assert (caught.value.status, caught.value.code, str(caught.value)) == (
        401,
        "invalid_token",
        "the token is not valid",
    )


def unsigned(algorithm: str) -> str:
    head = json.dumps({"alg": algorithm, "kid": KEY.kid, "typ": "JWT"}).encode()
    return ".".join([base64.urlsafe_b64encode(head).decode().rstrip("="), token().split(".")[1], ""])


@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    good = token()
    position = data.draw(st.integers(0, len(good) - 1))
    character = data.draw(st.characters(codec="ascii"))
    if character != good[position]:
        with pytest.raises(InvalidToken):
            verifier().verify(good[:position] + character + good[position + 1 :])


def test_a_token_ends_with_little_leeway() -> None:
    clock = FakeClock()
    fresh, check = token(clock), verifier(clock)
    check.verify(fresh)

    clock.move(minutes=10, seconds=4)
    check.verify(fresh)
    verifier(clock).verify(fresh)
    clock.move(seconds=1)
    # Alike whether it is remembered or verified anew.
    for asked in (check, verifier(clock)):
        with pytest.raises(InvalidToken):
            asked.verify(fresh)
    assert len(check) == 0


def test_a_verified_token_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    check, good = verifier(), token()
    first = check.verify(good)
    monkeypatch.setattr("keys.signing.verified_claims", None)

    assert check.verify(good) is first
    with pytest.raises(TypeError):
        first["role"] = "admin"  # type: ignore[index] # It is read-only.


def test_a_refused_token_is_not_remembered() -> None:
    check = verifier()
    with pytest.raises(InvalidToken):
        check.verify("a.b.c")
    assert len(check) == 0


def test_what_is_remembered_is_bounded() -> None:
    check = verifier(cache_size=3)
    for _ in range(10):
        check.verify(token())
    assert len(check) == 3


def test_a_key_that_left_the_set_takes_its_tokens_with_it() -> None:
    check, of_old, of_new = verifier(keys=jwks([KEY.public_jwk(), OTHER.public_jwk()])), token(), token(key=OTHER)
    check.verify(of_old)
    check.verify(of_new)

    check.replace_keys(jwks([OTHER.public_jwk()]))
    check.verify(of_new)
    with pytest.raises(InvalidToken):
        check.verify(of_old)


def test_many_threads_verify_while_keys_are_replaced() -> None:
    check = verifier(cache_size=8)
    tokens = [token() for _ in range(16)]

    def work(number: int) -> bool:
        if number % 40 == 0:
            check.replace_keys(DOCUMENT)
        return bool(check.verify(tokens[number % 16])["sub"] == "user-1")

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))


def test_the_public_document_holds_nothing_private() -> None:
    private = KEY._key.as_dict(private=True)
    document = jwks([{**KEY.public_jwk(), "d": private["d"]}, OTHER.public_jwk()])

    assert document == {"keys": [KEY.public_jwk(), OTHER.public_jwk()]}
    assert set(KEY.public_jwk()) == {"kty", "crv", "x", "kid", "use", "alg"}
    assert str(private["d"]) not in repr(KEY)


@pytest.mark.parametrize(
    "change",
    [{"kid": "mine"}, {"x": OTHER.public_jwk()["x"]}, {"crv": "X25519"}, {"kty": "oct"}, {"x": "AA"}, {"x": "!"}],
)
def test_a_public_key_under_a_false_name_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(KeyRefused):
        public_key(KEY.public_jwk() | change)
    with pytest.raises(KeyRefused):
        verifier(keys={"keys": [KEY.public_jwk() | change]})


def test_known_answer_of_rfc_8037() -> None:
    """RFC 8037 appendix A: the key's thumbprint and its public half."""
    seed = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    key = SigningKey(issuer=STAFF, seed=seed, created_at=CLOCK(), not_after=CLOCK())

    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.public_jwk()["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"


def data_key(tenant: Any = A) -> DataKey:
    return DataKey(dek_id=uuid4(), scope=scopes.SYNC_SIGNING, tenant=tenant, plaintext=bytes(32))


def test_a_stored_key_signs_as_before() -> None:
    sealing = data_key()
    row = KEY.to_row(key=sealing)
    loaded = SigningKey.from_row(row, key=sealing)

    assert (loaded.kid, loaded.issuer, loaded.not_after, row.dek_id) == (KEY.kid, STAFF, KEY.not_after, sealing.dek_id)
    verifier().verify(token(key=loaded))
    assert row.sealed_private not in repr(row)


def test_a_stored_key_opens_in_its_own_place_only() -> None:
    sealing = data_key()
    row = KEY.to_row(key=sealing)

    with pytest.raises(Undecryptable):
        SigningKey.from_row(row, key=data_key(B))
    with pytest.raises(Undecryptable):
        SigningKey.from_row(replace(row, kid=OTHER.kid, public_jwk=OTHER.public_jwk()), key=sealing)
    with pytest.raises(Undecryptable):
        SigningKey.from_row(replace(row, public_jwk=OTHER.public_jwk()), key=sealing)
    with pytest.raises(Undecryptable):
        SigningKey.from_row(row, key=sealing, table="other_keys")


def test_a_key_signs_for_its_issuer_and_in_its_time_only() -> None:
    with pytest.raises(KeyRefused):
        TokenSigner(issuer=PATIENT, key=KEY)

    clock = FakeClock()
    short = SigningKey.generate(issuer=STAFF, lifetime=timedelta(hours=1), clock=clock)
    token(clock, short)
    clock.move(hours=1)
    with pytest.raises(KeyRefused):
        token(clock, short)


def test_a_private_key_has_32_bytes() -> None:
    with pytest.raises(KeyRefused):
        SigningKey(issuer=STAFF, seed=b"short", created_at=CLOCK(), not_after=CLOCK())
