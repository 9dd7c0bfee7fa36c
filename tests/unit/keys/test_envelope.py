import copy
import pickle
from itertools import count
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from keys import scopes
from keys.encoding import to_base64url
from keys.envelope import MAX_SEALS, DataKey, FieldContext, dek_id_of, open_sealed, open_text, seal
from keys.errors import DekExhausted, KeyRefused, Undecryptable
from tests.unit.keys.doubles import A, B

DEK_ID = UUID("0197f2c0-1111-7222-8333-444455556666")
ROW = UUID("0197f2c0-aaaa-7bbb-8ccc-ddddeeeeffff")
CONTEXT = FieldContext(A, "tenant_credentials", "password", ROW)
PLAINTEXT_KEY = bytes(range(32))


def data_key(**changes: object) -> DataKey:
    given = {"dek_id": DEK_ID, "scope": scopes.HOSPITAL, "tenant": A, "plaintext": PLAINTEXT_KEY} | changes
    return DataKey(**given)  # type: ignore[arg-type] # The tests vary one argument at a time.


KEY = data_key()
CENTRAL_KEY = data_key(tenant=None)


@given(st.binary(max_size=2000))
def test_what_was_sealed_opens(plaintext: bytes) -> None:
    token = seal(plaintext, key=KEY, context=CONTEXT)

    assert open_sealed(token, key=KEY, context=CONTEXT) == plaintext
    assert dek_id_of(token) == DEK_ID


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_opens_as_text(text: str) -> None:
    assert open_text(seal(text, key=KEY, context=CONTEXT), key=KEY, context=CONTEXT) == text


def test_known_answer() -> None:
    """The format, built from its description with the primitives alone: stored values must open for ever."""

    def part(tag: bytes, value: bytes) -> bytes:
        return tag + len(value).to_bytes(4, "big") + value

    associated = (
        part(b"s", b"s1")
        + part(b"b", A.bytes)
        + part(b"s", b"tenant_credentials")
        + part(b"s", b"password")
        + part(b"s", b"0197f2c0-aaaa-7bbb-8ccc-ddddeeeeffff")
        + part(b"b", DEK_ID.bytes)
    )
    nonce = bytes(range(12))
    blob = nonce + AESGCM(PLAINTEXT_KEY).encrypt(nonce, "mật khẩu".encode(), associated)
    built = f"s1.{to_base64url(DEK_ID.bytes)}.{to_base64url(blob)}"
    stored = "s1.AZfywBERciKDM0REVVVmZg.AAECAwQFBgcICQoLKuNstrHFqXNs-z7-gYb4Z3ZIFUN89JxpAKVgJw"

    assert built == stored
    assert open_text(stored, key=KEY, context=CONTEXT) == "mật khẩu"


@given(st.data())
def test_any_bit_changed_is_refused(data: st.DataObject) -> None:
    token = seal(b"a value of some length", key=KEY, context=CONTEXT)
    position = data.draw(st.integers(0, len(token) - 1))
    bit = data.draw(st.integers(0, 6))
    changed = token[:position] + chr(ord(token[position]) ^ 1 << bit) + token[position + 1 :]

    with pytest.raises(Undecryptable):
        open_sealed(changed, key=KEY, context=CONTEXT)


@given(st.text(max_size=80))
def test_other_text_is_refused(text: str) -> None:
    for token in (text, seal(b"x", key=KEY, context=CONTEXT) + text[:40] if text else text):
        with pytest.raises(Undecryptable):
            open_sealed(token, key=KEY, context=CONTEXT)


@pytest.mark.parametrize("length", range(0, 90, 7))
def test_a_shortened_value_is_refused(length: int) -> None:
    token = seal(b"a value of some length", key=KEY, context=CONTEXT)

    with pytest.raises(Undecryptable):
        open_sealed(token[:length], key=KEY, context=CONTEXT)


NAMES = st.text(max_size=20)
PLACES = st.builds(FieldContext, st.sampled_from([A, B, None]), NAMES, NAMES, NAMES | st.uuids())


@given(PLACES, PLACES)
def test_a_value_opens_in_its_own_place_only(place: FieldContext, other: FieldContext) -> None:
    token = seal(b"value", key=CENTRAL_KEY, context=place)
    same = (*place[:3], str(place.row_id)) == (*other[:3], str(other.row_id))

    if same:
        assert open_sealed(token, key=CENTRAL_KEY, context=other) == b"value"
    else:
        with pytest.raises(Undecryptable):
            open_sealed(token, key=CENTRAL_KEY, context=other)


@pytest.mark.parametrize(
    "other",
    [
        CONTEXT._replace(table="tenants"),
        CONTEXT._replace(column="host"),
        CONTEXT._replace(row_id=uuid4()),
        CONTEXT._replace(table="tenant_credentialspassword", column=""),
        CONTEXT._replace(table="tenant_credential", column="spassword"),
    ],
)
def test_borders_between_the_parts_hold(other: FieldContext) -> None:
    token = seal(b"value", key=KEY, context=CONTEXT)

    with pytest.raises(Undecryptable):
        open_sealed(token, key=KEY, context=other)


def test_a_row_id_is_the_same_as_uuid_and_as_text() -> None:
    token = seal(b"value", key=KEY, context=CONTEXT)

    assert open_sealed(token, key=KEY, context=CONTEXT._replace(row_id=str(ROW))) == b"value"


def test_a_key_id_cannot_be_exchanged() -> None:
    """The same bytes under another id: the id is authenticated, not only a label."""
    twin = data_key(dek_id=uuid4())
    token = seal(b"value", key=KEY, context=CONTEXT)
    relabelled = f"s1.{to_base64url(twin.dek_id.bytes)}.{token.split('.')[2]}"

    for attempt in (token, relabelled):
        with pytest.raises(Undecryptable):
            open_sealed(attempt, key=twin, context=CONTEXT)


def test_another_key_does_not_open() -> None:
    token = seal(b"value", key=KEY, context=CONTEXT)

    with pytest.raises(Undecryptable):
        open_sealed(token, key=data_key(plaintext=bytes(32)), context=CONTEXT)


def test_a_hospital_key_seals_and_opens_for_its_hospital_only() -> None:
    with pytest.raises(KeyRefused):
        seal(b"value", key=KEY, context=CONTEXT._replace(tenant=B))
    with pytest.raises(KeyRefused):
        seal(b"value", key=KEY, context=CONTEXT._replace(tenant=None))
    token = seal(b"value", key=CENTRAL_KEY, context=CONTEXT._replace(tenant=B))
    with pytest.raises(Undecryptable):
        open_sealed(token, key=KEY, context=CONTEXT._replace(tenant=B))


def test_no_nonce_is_used_twice() -> None:
    tokens = [seal(b"the same", key=KEY, context=CONTEXT) for _ in range(20_000)]

    assert len({token.split(".")[2][:16] for token in tokens}) == len(tokens)


def test_a_key_stops_before_its_nonces_could_collide() -> None:
    key = data_key()
    key._counter = count(MAX_SEALS)
    token = seal(b"the last one", key=key, context=CONTEXT)

    for _ in range(3):
        with pytest.raises(DekExhausted):
            seal(b"one too many", key=key, context=CONTEXT)
    assert open_sealed(token, key=key, context=CONTEXT) == b"the last one"


def test_a_failure_tells_nothing() -> None:
    token = seal(b"value", key=KEY, context=CONTEXT)
    failures = []
    for attempt, context in ((token[:-1], CONTEXT), (token, CONTEXT._replace(column="x")), ("", CONTEXT)):
        with pytest.raises(Undecryptable) as caught:
            open_sealed(attempt, key=KEY, context=context)
        failures.append((str(caught.value), caught.value.__cause__))
    assert set(failures) == {("a sealed value does not open in this place", None)}


def test_a_data_key_does_not_leave_the_process() -> None:
    assert repr(PLAINTEXT_KEY) not in repr(KEY)
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    with pytest.raises(TypeError):
        copy.deepcopy(KEY)


def test_a_value_that_is_too_long_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="too long"):
        seal(bytes(16 * 1024 * 1024 + 1), key=KEY, context=CONTEXT)


@pytest.mark.parametrize(
    "token", ["", "s1", "s1..", "s2.AZfywBERciKDM0REVVVmZg.AA", "s1.AAAA.AA", "s1.AZfywBERciKDM0REVVVmZg"]
)
def test_the_key_id_of_other_text_is_refused(token: str) -> None:
    with pytest.raises(Undecryptable):
        dek_id_of(token)


def test_a_data_key_has_32_bytes() -> None:
    with pytest.raises(KeyRefused):
        data_key(plaintext=bytes(16))
