"""What fits into an SMS, and which numbers can have one."""

import pytest

from kernel.messaging.sms import can_receive, international, parts, unaccented


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Nhắc lịch khám, Khoa Nội tổng hợp – Đống Đa", "Nhac lich kham, Khoa Noi tong hop - Dong Da"),
        ("Phòng khám “Sông Tiền”…", 'Phong kham "Song Tien"...'),
        # Composed and decomposed are the same word.
        ("Nguye\u0302\u0303n", "Nguyen"),
    ],
)
def test_without_accents(text: str, plain: str) -> None:
    assert unaccented(text) == plain
    assert unaccented(text).isascii()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        # Some signs take two places of the alphabet.
        ("[" * 80, 1),
        ("[" * 81, 2),
        # One letter with an accent makes all of it Unicode.
        ("ắ" + "a" * 69, 1),
        ("ắ" + "a" * 70, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_how_many_sms_a_text_is(text: str, count: int) -> None:
    assert parts(text) == count


@pytest.mark.parametrize(
    ("phone", "can", "abroad"),
    [
        ("0912345678", True, "+84912345678"),
        ("0312345678", True, "+84312345678"),
        ("02438001234", False, "+842438001234"),
        ("+81312345678", True, "+81312345678"),
    ],
)
def test_which_numbers_can_have_one(phone: str, can: bool, abroad: str) -> None:
    assert can_receive(phone) == can
    assert international(phone) == abroad
