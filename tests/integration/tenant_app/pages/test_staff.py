"""Colleagues, invites, departments, and the hospital's own description."""

import re
from collections.abc import Callable
from html import unescape

import pytest

from kernel.ids import new_row_id
from tests.support.clinic import Clinic, add_user
from tests.support.counting import Counting
from tests.support.staff_browser import PASSWORD, Browser

SignIn = Callable[[Clinic, str], Browser]
NEW = {
    "full_name": "Lê Thị Hoa",
    "username": "hoa.le",
    "email": "hoa.le@hongha.example",
    "role": "nurse",
    "department_id": "",
}


def code_in(page: str) -> str:
    """The invite's code, as the page shows it."""
    found = re.search(r'id="invite-code"[^>]*>([^<]+)<', page)
    assert found is not None
    return unescape(found[1]).strip()


def test_an_invite_is_shown_once_with_link_and_code_and_opens_the_door(
    sign_in: SignIn, clinic: Clinic, stranger: Browser
) -> None:
    admin = sign_in(clinic, "admin")
    answer = admin.post("/staff/invite", **{**NEW, "department_id": str(clinic.department_id)})
    assert answer.status_code == 200
    code = code_in(answer.text)
    assert f"/invite#{code}" in answer.text
    assert clinic.hospital.tenant_code in answer.text
    assert "hoa.le" in answer.text
    assert code not in admin.get("/staff")
    assert stranger.post("/invite", code=code, password=PASSWORD).status_code == 303
    assert "Lê Thị Hoa" in stranger.get("/today")


def test_a_new_invite_voids_the_one_before(sign_in: SignIn, clinic: Clinic, stranger: Browser) -> None:
    admin = sign_in(clinic, "admin")
    first = code_in(admin.post("/staff/invite", **NEW).text)
    again = re.search(r'action="(/staff/[0-9a-f-]+/invite)"', admin.get("/staff"))
    assert again is not None
    second = code_in(admin.post(again[1]).text)
    assert stranger.post("/invite", code=first).status_code == 401
    assert stranger.post("/invite", code=second, password=PASSWORD).status_code == 303
    joined = admin.post(again[1])
    assert joined.status_code == 409
    assert "đã tham gia" in joined.text or "<main" in joined.text


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"username": "x"}, 422),
        ({"email": "nobody"}, 422),
        ({"full_name": ""}, 422),
        ({"role": "owner"}, 422),
        ({"department_id": str(new_row_id())}, 422),
        ({"username": "quantri"}, 409),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_lost(
    sign_in: SignIn, clinic: Clinic, change: dict[str, str], status: int
) -> None:
    admin = sign_in(clinic, "admin")
    answer = admin.post("/staff/invite", **{**NEW, **change})
    assert answer.status_code == status
    assert f'id="{next(iter(change))}-error"' in answer.text
    if "email" not in change:
        assert 'value="hoa.le@hongha.example"' in answer.text


def test_only_those_who_may_invite_do(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    assert "/staff/invite" not in nurse.get("/staff")
    assert nurse.client.get("/staff/invite").status_code == 403
    assert nurse.post("/staff/invite", **NEW).status_code == 403
    assert nurse.post(f"/staff/{nurse.user_id}/invite").status_code == 403
    assert nurse.post("/hospital/departments", code="NHI", name="Khoa Nhi").status_code == 403
    assert sign_in(clinic, "admin").client.post("/staff/invite", data=NEW).status_code == 400


def test_the_other_hospitals_staff_are_not_there(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    ours, theirs = clinics
    with theirs.uow() as uow:
        invited = add_user(uow, role="nurse", status="invited")
        uow.commit()
    admin = sign_in(ours, "admin")
    assert str(invited) not in admin.get("/staff")
    for user_id in (invited, new_row_id(), "nonsense"):
        assert admin.post(f"/staff/{user_id}/invite").status_code == 404


def test_staff_are_listed_by_role_without_asking_for_each(
    sign_in: SignIn, clinic: Clinic, count_queries: Counting
) -> None:
    with clinic.uow() as uow:
        for _person in range(12):
            add_user(uow, role="nurse", department_id=clinic.department_id)
        uow.commit()
    admin = sign_in(clinic, "admin")
    with count_queries() as counted:
        page = admin.get("/staff", role="nurse")
    assert page.count("sk-cell-title") == 12
    assert "quantri" not in re.sub(r'<div class="sk-shell">.*?<main', "", page, flags=re.DOTALL).partition("<table")[2]
    assert counted.total <= 4
    assert "sk-empty" in admin.get("/staff", role="cashier")


def test_departments_are_created_where_they_are_listed(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    assert admin.post("/hospital/departments", code="nhi", name="Khoa Nhi").status_code == 303
    assert "Khoa Nhi" in admin.get("/hospital")
    taken = admin.post("/hospital/departments", code="NHI", name="Khoa Nhi 2")
    assert taken.status_code == 409
    assert 'id="code-error"' in taken.text
    assert 'value="Khoa Nhi 2"' in taken.text
    assert admin.post("/hospital/departments", code="!", name="").status_code == 422


def test_the_hospital_is_described_and_not_changed_here(sign_in: SignIn, clinic: Clinic) -> None:
    page = sign_in(clinic, "nurse").get("/hospital")
    assert clinic.hospital.name in page
    assert clinic.hospital.tenant_code in page
    assert "<textarea" not in page
