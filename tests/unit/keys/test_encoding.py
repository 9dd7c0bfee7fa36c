import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keys.encoding import Part, encode, from_base64url, to_base64url

PARTS = st.lists(st.none() | st.text() | st.binary(), max_size=6).map(tuple)


@given(PARTS, PARTS)
def test_different_lists_have_different_encodings(one: tuple[Part, ...], other: tuple[Part, ...]) -> None:
    # Compared with their types: text and bytes that look alike are not the same value.
    same = [(type(part), part) for part in one] == [(type(part), part) for part in other]
    assert (encode(*one) == encode(*other)) == same


@given(PARTS, st.integers(0, 30), st.data())
def test_moving_a_border_changes_the_encoding(parts: tuple[Part, ...], cut: int, data: st.DataObject) -> None:
    text = "".join(part for part in parts if isinstance(part, str))
    other_cut = data.draw(st.integers(0, 30))
    if text[:cut] != text[:other_cut]:
        assert encode(text[:cut], text[cut:]) != encode(text[:other_cut], text[other_cut:])


@given(PARTS, PARTS)
def test_encodings_can_be_joined(one: tuple[Part, ...], other: tuple[Part, ...]) -> None:
    """The envelope caches the encoding of its first parts."""
    assert encode(*one) + encode(*other) == encode(*one, *other)


def test_known_answers() -> None:
    assert encode() == b""
    assert encode(None, "", b"") == b"n" + b"s\0\0\0\0" + b"b\0\0\0\0"
    assert encode("sổ", b"\x01") == bytes.fromhex("73 00000004 73e1bb95 62 00000001 01")


@given(st.binary(max_size=100))
def test_base64url_there_and_back(value: bytes) -> None:
    text = to_base64url(value)
    assert from_base64url(text) == value
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text(alphabet="AZaz09-_+/= \n.!ổ", max_size=12))
def test_one_value_has_one_text(text: str) -> None:
    try:
        value = from_base64url(text)
    except ValueError:
        return
    assert to_base64url(value) == text


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "AAA=", "++++", "//8", "A A", "AAAA\n", "ổ"])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises((ValueError, binascii.Error)):
        from_base64url(text)
