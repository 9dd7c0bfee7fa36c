"""A role that will need a second factor: told before, with the day, and demanded on that day."""

import re
from datetime import date, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import delete, insert, select

from kernel.clock import local_today
from tenant_app.notices.models import Notice
from tenant_app.staff.models import Role, UserRole
from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser
from tests.support.staff_second_factor import AT, SignIn, caller, enrol, login

TITLE = "Vai trò của bạn sắp bắt buộc xác thực hai lớp"


def in_a_week() -> date:
    return local_today() + timedelta(days=7)


def nurses(clinic: Clinic) -> Role:
    with clinic.uow() as uow:
        return uow.session.execute(select(Role).where(Role.name == "nurse")).scalar_one()


def demand(admin: Browser, clinic: Clinic, since: str, **more: str) -> Any:
    role = nurses(clinic)
    sent = {"version": role.version, "description": "", "permissions": role.permissions, "mfa_from": since, **more}
    return admin.client.post(f"/roles/{role.id}", data={"csrf_token": admin.token(), **sent})


def unread(clinic: Clinic, somebody: Browser) -> list[str]:
    with clinic.uow() as uow:
        statement = select(Notice.kind).where(Notice.user_id == somebody.user_id, Notice.read_at.is_(None))
        return list(uow.session.scalars(statement))


def the_day_has_come(clinic: Clinic) -> None:
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE roles SET mfa_from = %s WHERE mfa_from IS NOT NULL", (local_today(),))


def test_who_has_none_is_told_with_the_day_and_sets_it_up_at_once(
    app: Flask, sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    clinic, other = clinics
    admin, nurse, doctor, foreign = (
        sign_in(clinic, "admin"),
        sign_in(clinic, "nurse"),
        sign_in(clinic, "doctor"),
        sign_in(other, "nurse"),
    )
    assert demand(admin, clinic, f"{in_a_week():%d/%m/%Y}", mfa_required="1").status_code == 303
    assert f"Bắt buộc xác thực hai lớp từ {in_a_week():%d/%m/%Y}" in admin.get("/roles")
    assert f'value="{in_a_week():%d/%m/%Y}"' in admin.get(f"/roles/{nurses(clinic).id}")
    shown = nurse.get("/notices")
    assert TITLE in shown
    assert f"Từ ngày {in_a_week():%d/%m/%Y}" in shown
    for stranger in (admin, doctor, foreign):
        assert TITLE not in stranger.get("/notices")
    assert "factor.demanded" not in nurse.get("/notices/choose"), "nobody can choose not to hear of it"
    (path,) = re.findall(r'action="(/notices/[0-9a-f-]+/open)"', shown)
    led = nurse.post(path)
    assert (led.status_code, led.location) == (303, AT)
    assert f"Từ ngày {in_a_week():%d/%m/%Y}, vai trò của bạn bắt buộc xác thực hai lớp" in nurse.get(AT)
    assert nurse.client.get("/today").status_code == 200, "it is not demanded yet"
    call = caller(app, login(app, clinic, nurse).get_json())
    assert call("GET", "/me").status_code == 200
    enrol(nurse)
    assert "bắt buộc xác thực hai lớp" not in nurse.get(AT)
    the_day_has_come(clinic)
    assert nurse.client.get("/today").status_code == 200, "who has one goes on working"


def test_on_the_day_nothing_else_is_open(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    admin, nurse = sign_in(clinic, "admin"), sign_in(clinic, "nurse")
    call = caller(app, login(app, clinic, nurse).get_json())
    demand(admin, clinic, f"{in_a_week():%d/%m/%Y}", mfa_required="1")
    assert call("GET", "/me").status_code == 200
    the_day_has_come(clinic)
    assert (nurse.client.get("/today").status_code, nurse.client.get("/today").location) == (303, AT)
    assert call("GET", "/me").get_json()["code"] == "second_factor_missing"
    saved = demand(admin, clinic, f"{local_today():%d/%m/%Y}", mfa_required="1")
    assert saved.status_code == 303, "a day that has come may stay"


def test_also_who_gets_the_role_later_and_who_loses_the_factor(sign_in: SignIn, clinic: Clinic) -> None:
    admin, nurse, doctor = sign_in(clinic, "admin"), sign_in(clinic, "nurse"), sign_in(clinic, "doctor")
    enrol(nurse)
    demand(admin, clinic, f"{in_a_week():%d/%m/%Y}", mfa_required="1")
    assert unread(clinic, nurse) == [], "who has one need not hear of it"
    role_id = nurses(clinic).id
    with clinic.uow() as uow:
        uow.session.execute(insert(UserRole).values(user_id=doctor.user_id, role_id=role_id))
        uow.commit()
    assert unread(clinic, doctor) == ["factor.demanded"]
    enrol(doctor)
    assert unread(clinic, doctor) == [], "it is done"
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE users SET mfa_enabled = false, mfa_secret = NULL WHERE id = %s", (doctor.user_id,))
    assert unread(clinic, doctor) == ["factor.demanded"]
    with clinic.uow() as uow:
        uow.session.execute(delete(UserRole).where(UserRole.role_id == role_id, UserRole.user_id == doctor.user_id))
        uow.commit()


def test_another_day_is_told_again_and_at_once_is_at_once(sign_in: SignIn, clinic: Clinic) -> None:
    admin, nurse = sign_in(clinic, "admin"), sign_in(clinic, "nurse")
    demand(admin, clinic, f"{in_a_week():%d/%m/%Y}", mfa_required="1")
    nurse.post("/notices/read-all")
    demand(admin, clinic, f"{in_a_week():%d/%m/%Y}", mfa_required="1")
    assert unread(clinic, nurse) == [], "nothing changed"
    later = in_a_week() + timedelta(days=7)
    demand(admin, clinic, f"{later:%d/%m/%Y}", mfa_required="1")
    assert unread(clinic, nurse) == ["factor.demanded"]
    demand(admin, clinic, f"{later:%d/%m/%Y}")
    assert (nurses(clinic).mfa_required, nurses(clinic).mfa_from) == (False, None), "not demanded at all has no day"
    demand(admin, clinic, "", mfa_required="1")
    assert nurse.client.get("/today").status_code == 303


def test_a_day_that_cannot_be_is_refused(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    today = local_today()
    for wrong in (f"{today:%d/%m/%Y}", f"{today + timedelta(days=400):%d/%m/%Y}", "31/02/2027", "soon"):
        answer = demand(admin, clinic, wrong, mfa_required="1")
        assert answer.status_code == 422, wrong
        assert f'value="{wrong}"' in answer.text, "what was typed is not lost"
    assert nurses(clinic).mfa_required is False
    tokens = login(app, clinic, admin).get_json()
    path = f"/api/v1/roles/{nurses(clinic).id}"

    def patch(**body: Any) -> Any:
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "If-Match": f'"{nurses(clinic).version}"'}
        return app.test_client().patch(path, json=body, headers=headers)

    assert patch(mfa_required=True, mfa_from=today.isoformat()).status_code == 422
    assert patch(mfa_required=True, mfa_from="9999-12-31").status_code == 422
    set_now = patch(mfa_required=True, mfa_from=in_a_week().isoformat())
    assert (set_now.status_code, set_now.get_json()["mfa_from"]) == (200, in_a_week().isoformat())
    assert patch(description="Điều dưỡng").get_json()["mfa_from"] == in_a_week().isoformat(), "not named, it stays"
    assert patch(mfa_from=None).get_json()["mfa_from"] is None
