"""A colleague's page: seeing, changing, closing and opening an account, letting them choose a new password."""

from collections.abc import Callable

import pytest

from kernel.ids import new_row_id
from tests.integration.tenant_app.pages.test_staff import code_in
from tests.support.clinic import Clinic, add_user
from tests.support.counting import Counting
from tests.support.staff_browser import PASSWORD, Browser, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]
OTHER_PASSWORD = "mot cau khac cung that dai"


def test_everybody_sees_colleagues_and_only_administrators_change_them(
    sign_in: SignIn, clinic: Clinic, count_queries: Counting
) -> None:
    nurse, admin = sign_in(clinic, "nurse"), sign_in(clinic, "admin")
    address = f"/staff/{clinic.doctor_id}"
    assert f'href="{address}"' in nurse.get("/staff")
    assert f"{address}/edit" not in nurse.get(address)
    for path in ("/edit", "/deactivate"):
        assert nurse.client.get(address + path).status_code == 403
    for path in ("/edit", "/deactivate", "/reactivate", "/new-password"):
        assert nurse.post(address + path).status_code == 403
    for path in ("", "/edit", "/deactivate"):
        with count_queries() as counted:
            admin.get(address + path)
        assert counted.total <= 12


def test_the_form_as_it_is_shown_changes_nothing_and_changes_are_saved(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    address = f"/staff/{clinic.doctor_id}"
    form = sent_as_shown(admin.get(f"{address}/edit"))
    assert form["role"] == "doctor"
    assert admin.post(f"{address}/edit", **form).status_code == 303
    assert sent_as_shown(admin.get(f"{address}/edit"))["version"] == form["version"]
    assert admin.post(f"{address}/edit", **{**form, "full_name": "Lê Thị Hoa", "role": "nurse"}).status_code == 303
    assert "Lê Thị Hoa" in admin.get(address)
    stale = admin.post(f"{address}/edit", **{**form, "full_name": "Lê Văn Khác"})
    assert stale.status_code == 412
    assert 'value="Lê Văn Khác"' in stale.text, "what was typed stays"
    assert "</strong>: Lê Thị Hoa</li>" in stale.text, "beside what is saved"
    again = sent_as_shown(stale.text)
    assert again["role"] == "doctor"
    assert admin.post(f"{address}/edit", **again).status_code == 303
    assert "Lê Văn Khác" in admin.get(address)


@pytest.mark.parametrize(
    ("what", "status"),
    [({"email": "x"}, 422), ({"full_name": ""}, 422), ({"phone": "12"}, 422), ({"role": "owner"}, 422)],
)
def test_what_cannot_be_is_named(sign_in: SignIn, clinic: Clinic, what: dict[str, str], status: int) -> None:
    admin = sign_in(clinic, "admin")
    address = f"/staff/{clinic.doctor_id}/edit"
    answer = admin.post(address, **{**sent_as_shown(admin.get(address)), **what})
    assert answer.status_code == status
    assert f'id="{next(iter(what))}-error"' in answer.text


def test_a_closed_account_is_out_at_its_next_click(sign_in: SignIn, clinic: Clinic) -> None:
    admin, nurse = sign_in(clinic, "admin"), sign_in(clinic, "nurse")
    address = f"/staff/{nurse.user_id}"
    assert admin.post(f"{address}/deactivate").status_code == 303
    assert nurse.client.get("/today").status_code == 303
    assert admin.post(f"{address}/reactivate").status_code == 303
    assert nurse.client.get("/today").status_code == 303
    assert f"{address}/deactivate" in admin.get(address)


def test_a_role_that_is_taken_away_is_gone_at_the_next_click(sign_in: SignIn, clinic: Clinic) -> None:
    admin, desk = sign_in(clinic, "admin"), sign_in(clinic, "receptionist")
    desk.get("/patients/new")
    form = sent_as_shown(admin.get(f"/staff/{desk.user_id}/edit"))
    assert admin.post(f"/staff/{desk.user_id}/edit", **{**form, "role": "cashier"}).status_code == 303
    assert desk.client.get("/patients/new").status_code == 403


def test_coming_appointments_are_told_before_a_doctors_account_is_closed(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    assert "sk-tone-warning" not in admin.get(f"/staff/{clinic.doctor_id}/deactivate")
    clinic.appointment(clinic.patient().patient.id)
    assert "còn 1 lịch hẹn" in admin.get(f"/staff/{clinic.doctor_id}/deactivate")


def test_nobody_closes_their_own_account(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    address = f"/staff/{admin.user_id}"
    assert f"{address}/deactivate" not in admin.get(address)
    assert '<form method="post" class="sk-form"' not in admin.get(f"{address}/deactivate")
    assert admin.post(f"{address}/deactivate").status_code == 409
    form = sent_as_shown(admin.get(f"{address}/edit"))
    assert "role" not in form
    assert admin.post(f"{address}/edit", **{**form, "full_name": "Trần Thị Mới"}).status_code == 303


def test_a_new_password_ends_sessions_now_and_the_old_password_when_it_is_chosen(
    sign_in: SignIn, clinic: Clinic, stranger: Browser
) -> None:
    admin, nurse = sign_in(clinic, "admin"), sign_in(clinic, "nurse")
    answer = admin.post(f"/staff/{nurse.user_id}/new-password")
    assert answer.status_code == 200
    assert nurse.client.get("/today").status_code == 303
    assert stranger.post("/invite", code=code_in(answer.text), password=OTHER_PASSWORD).status_code == 303
    with clinic.uow() as uow:
        invited = add_user(uow, role="nurse", status="invited")
        uow.commit()
    assert admin.post(f"/staff/{invited}/new-password").status_code == 409
    assert PASSWORD not in answer.text


def test_the_other_hospitals_people_are_not_there(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    ours, theirs = clinics
    admin = sign_in(ours, "admin")
    for user_id in (theirs.doctor_id, new_row_id(), "nonsense"):
        for path in ("", "/edit", "/deactivate"):
            assert admin.client.get(f"/staff/{user_id}{path}").status_code == 404
        for path in ("/edit", "/deactivate", "/reactivate", "/new-password"):
            assert admin.post(f"/staff/{user_id}{path}").status_code == 404
