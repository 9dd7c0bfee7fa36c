import hmac
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys import scopes
from keys.blind_index import BlindIndex, BlindIndexKeyRow, load_blind_index, new_blind_index_key
from keys.errors import KeyRefused
from keys.policy import KeyPolicy
from tests.unit.keys.doubles import FakeProvider

ONE, TWO = bytes(range(32)), bytes(range(32, 64))


def expected(key: bytes, *parts: str) -> bytes:
    message = b"".join(b"s" + len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return hmac.digest(key, message, sha256)


@given(st.sampled_from(["cccd", "passport", "bhyt"]), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_digest_is_hmac_sha256_of_purpose_system_and_value(system: str, value: str) -> None:
    index = BlindIndex({1: ONE}, current=1)

    for _ in range(2):
        assert index.digest(system, value) == (1, expected(ONE, "patient-index", system, value))


def test_known_answer() -> None:
    """Stored digests must be found for ever."""
    digest = BlindIndex({1: ONE}, current=1).digest("cccd", "079203001234")

    assert digest.value.hex() == "48bda335a016ab230f3039213c3241f39fddb93e16f02a5ae85149eca13e84d8"


@given(st.tuples(st.text(max_size=8), st.text(max_size=8)), st.tuples(st.text(max_size=8), st.text(max_size=8)))
def test_different_identifiers_have_different_digests(one: tuple[str, str], other: tuple[str, str]) -> None:
    index = BlindIndex({1: ONE}, current=1)

    assert (index.digest(*one) == index.digest(*other)) == (one == other)


def test_purposes_do_not_meet() -> None:
    here = BlindIndex({1: ONE}, current=1)
    there = BlindIndex({1: ONE}, current=1, purpose="hospital")

    assert here.digest("cccd", "079203001234") != there.digest("cccd", "079203001234")


def test_during_an_exchange_both_versions_are_given_the_current_first() -> None:
    index = BlindIndex({1: ONE, 2: TWO}, current=2)

    assert index.versions == (2, 1)
    assert index.digest("cccd", "079203001234").version == 2
    assert [(digest.version, digest.value) for digest in index.digests("cccd", "079203001234")] == [
        (2, expected(TWO, "patient-index", "cccd", "079203001234")),
        (1, expected(ONE, "patient-index", "cccd", "079203001234")),
    ]


@pytest.mark.parametrize(
    ("keys", "current"), [({}, 1), ({1: ONE}, 2), ({1: b"short"}, 1), ({1: ONE, 2: ONE}, 2), ({1: b""}, 1)]
)
def test_keys_that_cannot_be_right_are_refused(keys: dict[int, bytes], current: int) -> None:
    with pytest.raises(KeyRefused):
        BlindIndex(keys, current=current)


def test_it_does_not_show_its_keys() -> None:
    assert repr(BlindIndex({1: ONE, 2: TWO}, current=1)) == "<BlindIndex patient-index versions=(1, 2)>"


def test_stored_keys_are_loaded_and_the_highest_is_current() -> None:
    provider = FakeProvider()
    rows = [new_blind_index_key(provider, version=version) for version in (1, 2, 3)]
    rows[0] = BlindIndexKeyRow(1, rows[0].kek_version, rows[0].wrapped, retired=True)

    index = load_blind_index(provider, rows)
    assert (index.current_version, index.versions) == (3, (3, 2))
    assert load_blind_index(provider, rows).digest("cccd", "1") == index.digest("cccd", "1")


def test_without_a_key_or_the_right_to_it_there_is_no_index() -> None:
    provider = FakeProvider()
    row = new_blind_index_key(provider, version=1)
    with pytest.raises(KeyRefused):
        load_blind_index(provider, [])

    provider.policy = KeyPolicy.of(wrap=[scopes.INDEX])
    with pytest.raises(KeyRefused):
        load_blind_index(provider, [row])
