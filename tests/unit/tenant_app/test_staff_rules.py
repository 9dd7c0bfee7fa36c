"""Names, addresses, codes, and what roles permit."""

from collections.abc import Callable

import pytest

from kernel.errors import InvalidFields
from tenant_app.staff.models import ROLES
from tenant_app.staff.permissions import PERMISSIONS, ROLE_NAMES, ROLE_PERMISSIONS
from tenant_app.staff.rules import parse_department_code, parse_email, parse_person_name, parse_username


@pytest.mark.parametrize(
    ("parse", "written", "canonical"),
    [
        (parse_username, " BS.Hoa ", "bs.hoa"),
        (parse_email, " Hoa@BenhVien.Example ", "hoa@benhvien.example"),
        (parse_department_code, "nhi-1", "NHI-1"),
        (parse_person_name, "Nguye\u0302\u0303n  Thị  Đào", "Nguyễn Thị Đào"),
    ],
)
def test_one_form(parse: Callable[[str], str], written: str, canonical: str) -> None:
    assert parse(written) == canonical


@pytest.mark.parametrize(
    ("parse", "written"),
    [
        (parse_username, "ab"),
        (parse_username, "có dấu"),
        (parse_username, ".abc"),
        (parse_username, "a" * 51),
        (parse_email, "a@b"),
        (parse_email, "a b@c.example"),
        (parse_email, "a@b..example"),
        (parse_email, f"a@{'b' * 64}.example"),
        (parse_department_code, "A"),
        (parse_department_code, "KHOA NHI"),
        (parse_person_name, "X"),
        (parse_person_name, "Lê Văn 2"),
        (parse_person_name, "Lê\u200bAn"),
        (parse_person_name, "An " * 100),
    ],
)
def test_what_is_refused(parse: Callable[[str], str], written: str) -> None:
    with pytest.raises(InvalidFields):
        parse(written)


def test_every_role_has_a_name_and_permissions_that_exist() -> None:
    assert set(ROLE_PERMISSIONS) == set(ROLE_NAMES) == set(ROLES)
    assert all(permissions <= set(PERMISSIONS) for permissions in ROLE_PERMISSIONS.values())
    assert ROLE_PERMISSIONS["admin"] == set(PERMISSIONS)


def test_who_only_reads() -> None:
    for role in ("cashier", "lab_technician"):
        assert all(name.endswith(".read") for name in ROLE_PERMISSIONS[role])
