"""The second factor of staff: set up, asked for, used once, counted; on the pages and over the API."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import text, update

from central.auth.lockout import FREE_FAILURES
from tenant_app.staff.models import User
from tenant_app.staff.public import invite_to_new_password
from tests.support.clinic import Clinic
from tests.support.counting import count_statements
from tests.support.second_factor import codes_of_page, enrol_by_api, phone_of_page
from tests.support.staff_browser import PASSWORD, Browser
from tests.support.staff_second_factor import AT, SignIn, actions, caller, enrol, first_step, login, username

NEW = "vịt bơi ngược dòng sông"


def test_from_setting_up_to_signing_in_with_a_code(app: Flask, sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other_clinic = clinics
    nurse, colleague, stranger = sign_in(clinic, "nurse"), sign_in(clinic, "nurse"), sign_in(other_clinic, "nurse")
    elsewhere = Browser(app.test_client(), nurse.user_id)
    elsewhere.post(
        "/sign-in", hospital=clinic.hospital.tenant_code, username=username(clinic, nurse), password=PASSWORD
    )
    assert nurse.client.get(f"{AT}/qr.svg").status_code == 404
    phone, codes = enrol(nurse)
    assert len(codes) == 10
    assert nurse.client.get("/today").status_code == 200, "this session goes on"
    assert elsewhere.client.get("/today").status_code == 303, "the others end"
    assert all(each.client.get("/today").status_code == 200 for each in (colleague, stranger))
    assert nurse.client.get(f"{AT}/qr.svg").status_code == 404, "shown once"
    shown = nurse.get(AT)
    assert not any(code in shown for code in codes)

    door = first_step(app, clinic, nurse, next="/patients")
    wrong = door.post("/sign-in/code", otp=phone.wrong())
    assert wrong.status_code == 401
    assert 'id="otp-error"' in wrong.text
    answer = door.post("/sign-in/code", otp=phone.code(), next="/patients")
    assert (answer.status_code, answer.location) == (303, "/patients")
    assert door.client.get("/today").status_code == 200
    with clinic.uow() as uow:
        proven = uow.session.execute(text("SELECT count(*) FROM staff_sessions WHERE mfa_at IS NOT NULL")).scalar_one()
    assert proven == 2
    assert actions(clinic, nurse) == ["auth.mfa_enrol", "auth.mfa_enable", "auth.mfa_refused"]


def test_the_picture_is_of_the_session_that_asked(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    elsewhere = Browser(app.test_client(), nurse.user_id)
    elsewhere.post(
        "/sign-in", hospital=clinic.hospital.tenant_code, username=username(clinic, nurse), password=PASSWORD
    )
    nurse.post(AT, action="enrol", password=PASSWORD)
    picture = nurse.client.get(f"{AT}/qr.svg")
    assert (picture.status_code, picture.content_type) == (200, "image/svg+xml")
    assert picture.headers["Cache-Control"] == "no-store"
    assert "style" not in picture.text
    assert elsewhere.client.get(f"{AT}/qr.svg").status_code == 404
    assert elsewhere.client.get(f"{AT}/enrol").status_code == 303
    late = elsewhere.post(f"{AT}/enrol", otp="000000")
    assert late.status_code == 303
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE users SET mfa_pending_at = now() - interval '16 minutes'")
    assert nurse.client.get(f"{AT}/qr.svg").status_code == 404


def test_each_step_asks_for_the_password_and_says_what_is_wrong(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    for sent, field in (({"password": ""}, "password"), ({"password": "not this one at all"}, "password")):
        answer = nurse.post(AT, action="enrol", **sent)
        assert answer.status_code == 422
        assert re.findall(r'id="(\w+)-error"', answer.text) == [field]
    nurse.post(AT, action="enrol", password=PASSWORD)
    phone = phone_of_page(nurse.get(f"{AT}/enrol"))
    for otp in ("", phone.wrong(), "ABCDE-FGHJK"):
        assert nurse.post(f"{AT}/enrol", otp=otp).status_code == 422
    nurse.post(f"{AT}/enrol", otp=phone.code())
    for action in ("codes", "off", "enrol"):
        assert nurse.post(AT, action=action, password=PASSWORD, otp="").status_code == 422
    assert nurse.post(AT, action="codes", password=PASSWORD, otp=phone.wrong()).status_code == 422
    assert nurse.post(AT, action="burn", password=PASSWORD).status_code == 404
    fresh = nurse.post(AT, action="codes", password=PASSWORD, otp=phone.code())
    assert len(codes_of_page(fresh.text)) == 10
    off = nurse.post(AT, action="off", password=PASSWORD, otp=codes_of_page(fresh.text)[0])
    assert off.status_code == 303
    with clinic.uow() as uow:
        user = uow.session.get_one(User, nurse.user_id)
        assert (user.mfa_enabled, user.mfa_secret) == (False, None)
        left = uow.session.execute(text("SELECT count(*) FROM staff_recovery_codes")).scalar_one()
    assert left == 0
    assert actions(clinic, nurse) == [
        *("auth.mfa_refused", "auth.mfa_enrol", "auth.mfa_enable", "auth.mfa_refused"),
        *("auth.mfa_recovery_codes", "auth.mfa_disable"),
    ]


def test_a_program_sends_the_code_with_the_password(
    app: Flask, sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    clinic, other = clinics
    nurse, stranger = sign_in(clinic, "nurse"), sign_in(other, "nurse")
    call = caller(app, login(app, clinic, nurse).get_json())
    assert call("GET", "/auth/totp").get_json() == {"enabled": False, "enabled_at": None, "recovery_codes_left": 0}
    assert call("POST", "/auth/totp/enrol", {"password": "not this one"}).status_code == 422
    assert call("POST", "/auth/totp/confirm", {"otp": "123456"}).get_json()["code"] == "no_pending_factor"
    phone, codes = enrol_by_api(call, PASSWORD)
    assert call("GET", "/auth/totp").get_json()["recovery_codes_left"] == 10

    bare = login(app, clinic, nurse)
    assert (bare.status_code, bare.get_json()["code"]) == (401, "otp_required")
    assert login(app, clinic, nurse, password="not this one at all", otp="1").get_json()["code"] == "sign_in_failed"
    assert login(app, clinic, nurse, otp=phone.wrong()).get_json()["code"] == "otp_refused"
    foreign, _codes = enrol_by_api(caller(app, login(app, other, stranger).get_json()), PASSWORD)
    assert login(app, clinic, nurse, otp=foreign.code()).get_json()["code"] == "otp_refused", "another hospital's code"
    code = phone.code()
    assert login(app, clinic, nurse, otp=code).status_code == 200
    assert login(app, clinic, nurse, otp=code).get_json()["code"] == "otp_refused", "each code is good once"
    rescued = login(app, clinic, nurse, otp=codes[0].lower())
    assert (rescued.status_code, rescued.get_json()["recovery_codes_left"]) == (200, 9)
    assert login(app, clinic, nurse, otp=codes[0]).get_json()["code"] == "otp_refused", "and each recovery code"
    call = caller(app, rescued.get_json())
    phone.forget(clinic.hospital)
    assert call("POST", "/auth/totp/disable", {"password": PASSWORD}).status_code == 422
    assert call("POST", "/auth/totp/disable", {"password": PASSWORD, "otp": phone.code()}).status_code == 204
    assert login(app, clinic, nurse).status_code == 200


def test_of_two_requests_with_one_code_one_passes(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    phone, codes = enrol(nurse)
    for otp in (phone.code(), codes[3]):
        with ThreadPoolExecutor(2) as threads:
            answers = list(
                threads.map(lambda _n, given=otp: login(app, clinic, nurse, otp=given).status_code, range(2))
            )
        assert sorted(answers) == [200, 401]


def test_tries_at_the_code_lock_the_network_and_a_right_password_buys_no_more(
    app: Flask, sign_in: SignIn, clinic: Clinic
) -> None:
    nurse = sign_in(clinic, "nurse")
    phone, codes = enrol(nurse)
    for _attempt in range(FREE_FAILURES):
        # Each time the password is right, and it clears nothing.
        assert login(app, clinic, nurse).get_json()["code"] == "otp_required"
        assert login(app, clinic, nurse, otp=phone.wrong()).get_json()["code"] == "otp_refused"
    locked = login(app, clinic, nurse, otp=codes[0])
    assert (locked.status_code, locked.get_json()["code"]) == (429, "sign_in_locked")
    body = {"tenant": clinic.hospital.tenant_code, "username": username(clinic, nurse), "password": PASSWORD}
    owner = app.test_client().post(
        "/api/v1/auth/login", json={**body, "otp": phone.code()}, environ_base={"REMOTE_ADDR": "198.51.100.7"}
    )
    assert owner.status_code == 200, "the owner, elsewhere, is not locked out"


def test_guessing_from_an_open_browser_is_counted_too(sign_in: SignIn, clinic: Clinic) -> None:
    nurse = sign_in(clinic, "nurse")
    phone, _codes = enrol(nurse)
    for _attempt in range(FREE_FAILURES):
        assert nurse.post(AT, action="off", password=PASSWORD, otp=phone.wrong()).status_code == 422
    assert nurse.post(AT, action="off", password=PASSWORD, otp=phone.code()).status_code == 429


def test_the_second_step_ends_with_its_time_its_password_and_its_browser(
    app: Flask, sign_in: SignIn, clinics: tuple[Clinic, Clinic], stranger: Browser
) -> None:
    clinic, other = clinics
    nurse = sign_in(clinic, "nurse")
    phone, _codes = enrol(nurse)
    assert stranger.client.get("/sign-in/code").status_code == 303
    assert stranger.post("/sign-in/code", otp=phone.code()).status_code == 303
    phone.forget(clinic.hospital)
    door = first_step(app, clinic, nurse)
    cookie = door.client.get_cookie("sokham_staff_step", path="/sign-in/code")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Strict", "/sign-in/code")
    # It is no token: neither pages nor the API take it.
    for place in ("sokham_staff_session",):
        thief = app.test_client()
        thief.set_cookie(place, cookie.value)
        assert thief.get("/today").status_code == 303
    bearer = {"Authorization": f"Bearer {cookie.value}"}
    assert app.test_client().get("/api/v1/me", headers=bearer).status_code == 401
    with clinic.uow() as uow:
        uow.session.execute(update(User).where(User.id == nurse.user_id).values(password_hash="another"))
        uow.commit()
    answer = door.post("/sign-in/code", otp=phone.code())
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert other.hospital.tenant != clinic.hospital.tenant


def test_a_sealed_secret_opens_only_in_its_own_row(app: Flask, sign_in: SignIn, clinic: Clinic) -> None:
    thief, victim = sign_in(clinic, "nurse"), sign_in(clinic, "doctor")
    phone, codes = enrol(thief)
    enrol(victim)
    with clinic.hospital.superuser() as connection:
        found = connection.execute("SELECT mfa_secret FROM users WHERE id = %s", (thief.user_id,)).fetchone()
        assert found is not None
        assert phone.secret not in found[0]
        connection.execute("UPDATE users SET mfa_secret = %s WHERE id = %s", (found[0], victim.user_id))
        connection.execute(
            "UPDATE staff_recovery_codes SET account_id = %s WHERE account_id = %s", (victim.user_id, thief.user_id)
        )
    for otp in (phone.code(), codes[0]):
        assert login(app, clinic, victim, otp=otp).get_json()["code"] == "otp_refused"


def test_a_new_password_by_invite_does_not_go_round_the_factor(
    app: Flask, sign_in: SignIn, clinic: Clinic, stranger: Browser
) -> None:
    nurse = sign_in(clinic, "nurse")
    phone, _codes = enrol(nurse)
    assert nurse.user_id is not None
    with clinic.uow() as uow:
        issued = invite_to_new_password(
            uow=uow, actor=clinic.admin, user_id=nurse.user_id, tag=clinic.hospital.tenant_code
        )
        uow.commit()
    token = issued.secret.text
    bare = app.test_client().post("/api/v1/auth/accept-invite", json={"token": token, "password": NEW})
    assert (bare.status_code, bare.get_json()["code"]) == (401, "otp_required")
    asked = stranger.post("/invite", code=token)
    assert 'name="otp"' in asked.text
    for otp in ("", phone.wrong()):
        refused = stranger.post("/invite", code=token, password=NEW, otp=otp)
        assert refused.status_code == 401
        assert 'id="otp-error"' in refused.text
    assert login(app, clinic, nurse).get_json()["code"] == "otp_required", "the old password still stands"
    assert stranger.post("/invite", code=token, password=NEW, otp=phone.code()).status_code == 303
    assert stranger.client.get("/today").status_code == 200


@pytest.mark.parametrize("path", [AT, f"{AT}/enrol"])
def test_the_pages_ask_few_questions(app: Flask, sign_in: SignIn, clinic: Clinic, path: str) -> None:
    nurse = sign_in(clinic, "nurse")
    nurse.post(AT, action="enrol", password=PASSWORD)
    with count_statements() as statements:
        nurse.get(path)
    assert statements.total <= 12
