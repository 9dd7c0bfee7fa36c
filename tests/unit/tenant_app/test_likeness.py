"""Who may be the same person, and who is not."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_app.patients.likeness import Person, likeness, one_slip

BORN = date(1987, 4, 12)
AN = Person(name="Nguyễn Văn An", born=BORN, phone="0912345678")


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        (Person(name="NGUYỄN VĂN AN", born=BORN), ("same_name", "same_date_of_birth")),
        (Person(name="Nguyen Van An", born=date(1987, 12, 4)), ("same_name", "near_date_of_birth")),
        (Person(name="Nguyễn Văn An", born=date(1978, 4, 12)), ("same_name", "near_date_of_birth")),
        (Person(name="Nguyễn Văn Ân", phone="0912345678"), ("same_name", "same_phone")),
        (Person(name="Nguyễn An", born=BORN), ("same_date_of_birth", "near_name")),
        (Person(name="An Nguyễn Văn", born=BORN), ("same_date_of_birth", "near_name")),
        (Person(name="Nguyễn Vân Anh", born=BORN), ("same_date_of_birth", "near_name")),
        (
            Person(name="Nguyễn Văn Am", born=date(1987, 4, 13), phone="0912345678"),
            ("near_name", "near_date_of_birth", "same_phone"),
        ),
    ],
)
def test_alike(other: Person, reasons: tuple[str, ...]) -> None:
    assert likeness(AN, other) == reasons
    assert set(likeness(other, AN)) == set(reasons)


@pytest.mark.parametrize(
    "other",
    [
        # One name of many.
        Person(name="Nguyễn Văn An", born=date(1990, 1, 2)),
        Person(name="Nguyễn Văn An"),
        # A brother or sister on their mother's phone, born on one day.
        Person(name="Nguyễn Thị Bình", born=BORN, phone="0912345678"),
        Person(name="Trần Văn An", born=date(1987, 4, 13)),
        Person(name="", born=BORN, phone="0912345678"),
    ],
)
def test_not_alike(other: Person) -> None:
    assert likeness(AN, other) == ()


WORDS = st.text(alphabet="abc ", max_size=8)


@given(WORDS, st.data())
def test_any_single_slip_is_one(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    kind = data.draw(st.sampled_from(["more", "less", "other", "swapped"]))
    letter = data.draw(st.sampled_from("abcd"))
    made = {
        "more": text[:at] + letter + text[at:],
        "less": text[:at] + text[at + 1 :],
        "other": text[:at] + letter + text[at + 1 :],
        "swapped": text[:at] + text[at : at + 2][::-1] + text[at + 2 :],
    }[kind]
    assert one_slip(text, made) == (text != made)
    assert one_slip(made, text) == (text != made)


@given(WORDS, WORDS)
def test_two_slips_are_not_one(one: str, other: str) -> None:
    assert one_slip(one, other) == one_slip(other, one)
    assert not one_slip(f"{one}xx", one)
    # With nothing between them, the two letters are swapped: one slip.
    assert one_slip(f"x{one}y", f"y{one}x") == (not one)
