"""What a hospital may say of itself."""

import pytest

from kernel.errors import InvalidFields
from tenant_app.hospital.rules import parse_details


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("display_name", "  BV  Hồng Hà ", "BV Hồng Hà"),
        ("phone", "1900 1234", "19001234"),
        ("phone", "+84 24 3800 1234", "02438001234"),
        ("email", "LienHe@BenhVien.vn", "lienhe@benhvien.vn"),
        ("website", "benhvien.vn", "https://benhvien.vn"),
        ("website", "http://benhvien.vn/gioi-thieu", "http://benhvien.vn/gioi-thieu"),
        ("tax_code", "0101234567-001", "0101234567-001"),
        ("license_number", "0128/HNO-GPHĐ", "0128/HNO-GPHĐ"),
        ("address", "", None),
    ],
)
def test_details_are_kept_in_one_form(name: str, typed: str, kept: str | None) -> None:
    assert parse_details({name: typed}) == {name: kept}


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("phone", "12345"),
        ("email", "lien he"),
        ("website", "javascript://benhvien.vn/%0aalert(1)"),
        ("website", "https://ai:matkhau@benhvien.vn"),
        ("website", "https://benhvien.vn/a b"),
        ("website", "https://[::1"),
        ("tax_code", "12"),
        ("display_name", "a" * 256),
    ],
)
def test_what_is_none_is_refused(name: str, typed: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        parse_details({name: typed})
    assert set(refusal.value.errors) == {name}


def test_all_that_is_wrong_is_said_at_once_and_nothing_unnamed_appears() -> None:
    with pytest.raises(InvalidFields) as refusal:
        parse_details({"phone": "1", "tax_code": "1", "tenant_code": "khac"})
    assert set(refusal.value.errors) == {"phone", "tax_code"}
    assert parse_details({"tenant_code": "khac"}) == {}
