"""Codes by time: the vectors of RFC 6238, our window, and what people type."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from central.auth import recovery_codes, totp

# RFC 6238, appendix B, SHA-1: eight digits there; six are the last six of them.
SECRET = base64.b32encode(b"12345678901234567890").decode()
VECTORS = (
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
)


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


@pytest.mark.parametrize(("second", "eight"), VECTORS)
def test_the_vectors_of_the_rfc_pass_our_window(second: int, eight: str) -> None:
    code = eight[-6:]
    for skew in (0, 30, -20 if second == 59 else -30):
        assert totp.matching_step(SECRET, code, now=at(second + skew)) == second // 30, "a clock that is a step off"
    assert totp.matching_step(SECRET, code, now=at(second + 90)) is None
    if second > 90:
        assert totp.matching_step(SECRET, code, now=at(second - 90)) is None


def test_a_step_that_was_used_counts_no_more_nor_any_before_it() -> None:
    now = at(1234567890)
    step = totp.step_at(now)
    code = totp.code_at(SECRET, step)
    assert totp.matching_step(SECRET, code, now=now, after=step - 1) == step
    assert totp.matching_step(SECRET, code, now=now, after=step) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, step - 1), now=now, after=step) is None
    assert totp.matching_step(SECRET, totp.code_at(SECRET, step + 1), now=now, after=step) == step + 1


def test_how_it_is_typed_does_not_matter_and_other_text_is_no_code() -> None:
    now = at(1111111111)
    for text in ("050471", "050 471", " 050471 ", "０５０４７１"):
        assert totp.looks_like_code(text)
        assert totp.matching_step(SECRET, text, now=now) is not None
    for text in ("", "05047", "0504711", "o50471", "ABCDE-FGHJK"):
        assert not totp.looks_like_code(text)
        assert totp.matching_step(SECRET, text, now=now) is None


def test_secrets_are_random_and_the_app_is_told_whose_they_are() -> None:
    made = {totp.new_secret() for _ in range(100)}
    assert len(made) == 100
    secret = made.pop()
    assert len(base64.b32decode(secret)) == 20
    address = urlsplit(totp.app_address(secret, issuer="Sổ khám hong-ha", name="Nguyễn Thị Đào"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [secret], "issuer": ["Sổ khám hong-ha"]}
    assert totp.for_typing("ABCDEFGHIJ") == "ABCD EFGH IJ"


def test_recovery_codes_are_ten_that_only_the_secret_can_check() -> None:
    codes = recovery_codes.new_codes()
    assert len(set(codes)) == recovery_codes.COUNT
    first = codes[0]
    stored = recovery_codes.digest(first, secret=SECRET)
    assert stored is not None
    assert len(stored) == 32
    for typed in (first.lower(), first.replace("-", ""), f" {first} ", first.replace("-", " ")):
        assert recovery_codes.digest(typed, secret=SECRET) == stored
    assert recovery_codes.digest(first, secret=totp.new_secret()) != stored
    for wrong in ("", "123456", first[:-1], first + "0", "UUUUU-UUUUU"):
        assert recovery_codes.digest(wrong, secret=SECRET) is None


def test_the_window_is_a_minute_and_a_half() -> None:
    now = at(1234567890)
    code = totp.code_at(SECRET, totp.step_at(now))
    good = [
        seconds
        for seconds in range(-120, 121, 10)
        if totp.matching_step(SECRET, code, now=now + timedelta(seconds=seconds)) is not None
    ]
    assert max(good) - min(good) < 90
