"""Activation codes, as they are read aloud and typed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.auth.public import InvalidSecret
from kernel.spoken_codes import ALPHABET
from tenant_app.portal.codes import LENGTH, digest_of_code, new_code, parse_code


def test_a_code_has_sixty_bits_in_groups_and_hides_itself() -> None:
    code = new_code("hong-ha")
    assert re.fullmatch(r"hong-ha\.([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code.text)
    assert len(ALPHABET) ** LENGTH == 2**60
    assert code.secret not in repr(code)
    assert len({new_code("x").secret for _ in range(1000)}) == 1000


@given(st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH), st.data())
def test_however_it_is_typed_it_is_the_same_code(letters: str, data: st.DataObject) -> None:
    """Case, blanks, hyphens, and the letters that look like digits."""
    alike = {"0": "0oO", "1": "1iIlL"}
    typed = ""
    for letter in letters:
        typed += data.draw(st.sampled_from(alike.get(letter, letter + letter.lower())))
        typed += data.draw(st.sampled_from(["", "", "-", " ", "\u2013"]))
    code = parse_code(f"  Hong-Ha.{typed}")
    assert (code.tag, code.secret) == ("hong-ha", letters)
    assert digest_of_code(code) == digest_of_code(parse_code(f"hong-ha.{letters}"))


@pytest.mark.parametrize("typed", ["", "hong-ha", "hong-ha.", ".0123", "hong-ha.0123", "hong-ha.0123-4567-89AU"])
def test_what_is_no_code(typed: str) -> None:
    with pytest.raises(InvalidSecret):
        parse_code(typed)


@given(st.text(max_size=80))
def test_no_text_breaks_it(typed: str) -> None:
    try:
        code = parse_code(typed)
    except InvalidSecret:
        return
    assert set(code.secret) <= set(ALPHABET)
