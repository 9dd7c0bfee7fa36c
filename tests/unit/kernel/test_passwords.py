"""Passwords: what is refused, and that one password has one form."""

import unicodedata

import pytest

from kernel.errors import InvalidFields
from kernel.passwords import (
    COMMON,
    GUESSABLE,
    MAXIMUM_LENGTH,
    MINIMUM_LENGTH,
    PATIENT_MINIMUM_LENGTH,
    TOO_LONG,
    TOO_SHORT,
    Passwords,
    check_new_password,
)

CHEAP = Passwords(memory_kib=64, passes=1, lanes=1)
KNOWN = ("tranvanbinh", "Trần Văn Bình", "hong-ha", "Bệnh viện Đa khoa Hồng Hà")


def refusal(password: str, *, minimum: int = MINIMUM_LENGTH) -> str | None:
    """Why it is refused, if it is."""
    try:
        check_new_password(password, known=KNOWN, minimum=minimum)
    except InvalidFields as refused:
        return refused.errors["password"][0]
    return None


def test_a_password_matches_itself_and_nothing_matches_nobody() -> None:
    stored = CHEAP.hash("một câu đủ dài")
    assert CHEAP.matches(stored, "một câu đủ dài")
    assert not CHEAP.matches(stored, "một câu đủ dà")
    assert not CHEAP.matches(None, "no account has this password")
    assert not CHEAP.matches("not a hash", "x")


def test_how_a_keyboard_composes_letters_makes_no_difference() -> None:
    typed = "một câu rất dễ nhớ"
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert CHEAP.matches(CHEAP.hash(unicodedata.normalize(form, typed)), typed)
    assert not CHEAP.matches(CHEAP.hash(typed), typed + " "), "blanks count"


@pytest.mark.parametrize(
    "password",
    [
        "con mèo ngồi trên mái nhà",
        "khong co quy tac nao ca",
        "ビールとフォーが大好きな看護師です",
        "🐟🦆🐸🐍🦉🐝🐢🦀🐙🐳🦊🐇🐌🦋🐞",
        "x7#kQ!v2pL@9mZrT",
        "toi hay quen mat khau cu",
        "ca kho lang Vu Dai " * 12,
    ],
)
def test_what_only_its_owner_would_say_is_taken(password: str) -> None:
    assert refusal(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", TOO_SHORT[MINIMUM_LENGTH]),
        ("chỉ mười bốn ch"[:14], TOO_SHORT[MINIMUM_LENGTH]),
        ("x" * (MAXIMUM_LENGTH + 1), TOO_LONG),
        ("aaaaaaaaaaaaaaaa", GUESSABLE),
        ("tranvanbinh 2026", GUESSABLE),
        ("TRẦN văn Bình 199!", GUESSABLE),
        ("toi lam o hong-ha day", GUESSABLE),
        ("benh vien da khoa hong ha", GUESSABLE),
        ("Password12345678", COMMON),
        ("Mật khẩu 25/12/1990", COMMON),
        ("matkhaumatkhaumatkhau", COMMON),
        ("qwertyuiop123456", COMMON),
        ("Admin@123456789!!", COMMON),
        ("abc123xyabc123xy", COMMON),
        ("Anh Yêu Em 123456", COMMON),
        ("123456789012345", COMMON),
    ],
)
def test_what_is_tried_first_is_refused(password: str, why: str) -> None:
    assert refusal(password) == why


def test_patients_need_less_length() -> None:
    assert refusal("bốn từ để nhớ", minimum=PATIENT_MINIMUM_LENGTH) is None
    assert refusal("quá ngắn", minimum=PATIENT_MINIMUM_LENGTH) == TOO_SHORT[PATIENT_MINIMUM_LENGTH]
