"""A role that needs a second factor: nothing else is open until it is set up."""

import re

from flask import Flask
from sqlalchemy import update

from tenant_app.staff.models import Role
from tests.support.clinic import Clinic
from tests.support.second_factor import codes_of_page, phone_of_page
from tests.support.staff_browser import PASSWORD, Browser
from tests.support.staff_second_factor import AT, SignIn, caller, enrol, login


def test_a_role_may_need_it_and_then_nothing_else_is_open(
    app: Flask, sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    clinic, other = clinics
    admin, nurse, doctor, foreign = (
        sign_in(clinic, "admin"),
        sign_in(clinic, "nurse"),
        sign_in(clinic, "doctor"),
        sign_in(other, "nurse"),
    )
    tokens = login(app, clinic, nurse).get_json()
    with clinic.uow() as uow:
        role = uow.session.query(Role).filter_by(name="nurse").one()
        permissions = list(role.permissions)
    sent = {"version": role.version, "description": "", "permissions": permissions, "mfa_required": "1"}
    assert admin.client.post(f"/roles/{role.id}", data={"csrf_token": admin.token(), **sent}).status_code == 303
    assert "checked" in re.findall(r'<input[^>]*name="mfa_required"[^>]*>', admin.get(f"/roles/{role.id}"))[0]

    led = nurse.client.get("/today")
    assert (led.status_code, led.location) == (303, AT)
    assert doctor.client.get("/today").status_code == foreign.client.get("/today").status_code == 200
    page = nurse.get(AT)
    assert 'href="/today"' not in page, "the navigation shows nothing that is closed"
    call = caller(app, tokens)
    refused = call("GET", "/me")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "second_factor_missing")
    assert call("GET", "/auth/totp").status_code == 200
    phone, codes = enrol(nurse)
    assert nurse.client.get("/today").status_code == 200
    off = nurse.post(AT, action="off", password=PASSWORD, otp=phone.code())
    assert off.status_code == 409
    # Moving to another phone is possible: the new one counts once it is confirmed.
    assert nurse.post(AT, action="enrol", password=PASSWORD, otp=codes[0]).status_code == 303
    second = phone_of_page(nurse.get(f"{AT}/enrol"))
    assert second.secret != phone.secret
    assert len(codes_of_page(nurse.post(f"{AT}/enrol", otp=second.code()).text)) == 10
    phone.forget(clinic.hospital)
    assert login(app, clinic, nurse, otp=phone.code()).get_json()["code"] == "otp_refused"
    assert login(app, clinic, nurse, otp=second.code()).status_code == 200
    assert Browser(app.test_client(), None).client.get("/sign-in").status_code == 200


def test_whoever_must_set_it_up_can_still_sign_out(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    with clinic.uow() as uow:
        uow.session.execute(update(Role).values(mfa_required=True))
        uow.commit()
    assert nurse.post("/sign-out").location == "/sign-in"
