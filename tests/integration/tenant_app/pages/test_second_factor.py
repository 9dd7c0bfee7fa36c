"""The second factor of staff: set up, asked for, used once, counted, lost; on the pages and over the API."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from central.auth.lockout import FREE_FAILURES
from tenant_app.staff.models import Role, User
from tenant_app.staff.public import invite_to_new_password
from tests.support.clinic import Clinic
from tests.support.counting import count_statements
from tests.support.second_factor import Phone, codes_of_page, enrol_by_api, phone_of_page
from tests.support.staff_browser import PASSWORD, Browser

SignIn = Callable[[Clinic, str], Browser]
NEW = "vịt bơi ngược dòng sông"
AT = "/account/second-factor"


def enrol(browser: Browser) -> tuple[Phone, list[str]]:
    """Set the factor up by the pages."""
    answer = browser.post(AT, action="enrol", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, f"{AT}/enrol"), answer.text
    phone = phone_of_page(browser.get(f"{AT}/enrol"))
    done = browser.post(f"{AT}/enrol", otp=phone.code())
    assert done.status_code == 200, done.text
    assert "Set-Cookie" not in str(done.headers) or phone.secret not in str(done.headers)
    return phone, codes_of_page(done.text)


def username(clinic: Clinic, browser: Browser) -> str:
    with clinic.uow() as uow:
        return uow.session.get_one(User, browser.user_id).username


def first_step(app: Flask, clinic: Clinic, browser: Browser, **more: str) -> Browser:
    """Name and password in another browser."""
    other = Browser(app.test_client(), browser.user_id)
    answer = other.post(
        "/sign-in", hospital=clinic.hospital.tenant_code, username=username(clinic, browser), password=PASSWORD, **more
    )
    assert answer.status_code == 303, answer.text
    assert answer.location.startswith("/sign-in/code")
    assert "sokham_staff_session" not in str(answer.headers), "nothing is given before the code"
    assert other.client.get("/today").status_code == 303
    return other


def login(app: Flask, clinic: Clinic, browser: Browser, **more: Any) -> Any:
    """Signing in with a program."""
    body = {"tenant": clinic.hospital.tenant_code, "username": username(clinic, browser), "password": PASSWORD, **more}
    return app.test_client().post("/api/v1/auth/login", json=body, headers={"Accept-Language": "en"})


def caller(app: Flask, tokens: dict[str, Any]) -> Callable[..., Any]:
    """The API with somebody's token."""

    def call(method: str, path: str, json: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept-Language": "en"}
        return app.test_client().open(f"/api/v1{path}", method=method, json=json, headers=headers)

    return call


def actions(clinic: Clinic, browser: Browser) -> list[str]:
    with clinic.uow() as uow:
        rows = uow.session.execute(
            text(
                "SELECT action FROM audit_logs WHERE user_id = :id AND action LIKE 'auth.mfa%' ORDER BY created_at, id"
            ),
            {"id": browser.user_id},
        )
        return list(rows.scalars())


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


def test_an_administrator_takes_a_lost_factor_away(app: Flask, sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    admin, nurse, foreign = sign_in(clinic, "admin"), sign_in(clinic, "nurse"), sign_in(other, "admin")
    at = f"/staff/{nurse.user_id}/second-factor"
    assert admin.post(at, reason="Mất điện thoại").status_code == 409, "there is none"
    enrol(nurse)
    assert f'href="{at}"' in admin.get(f"/staff/{nurse.user_id}")
    assert foreign.post(at, reason="Mất điện thoại").status_code == 404
    assert nurse.post(at, reason="Mất điện thoại").status_code == 403
    assert admin.post(at, reason="").status_code == 422
    assert admin.post(f"/staff/{admin.user_id}/second-factor", reason="Của chính mình").status_code == 409
    assert admin.post(at, reason="Mất điện thoại, đã gặp mặt").status_code == 303
    assert nurse.client.get("/today").status_code == 303, "sessions end"
    with clinic.uow() as uow:
        row = uow.session.execute(
            text("SELECT old_values, new_values FROM audit_logs WHERE action = 'staff.reset_mfa'")
        ).one()
    assert row.new_values == {"mfa_enabled": False, "reason": "Mất điện thoại, đã gặp mặt"}
    back = Browser(app.test_client(), nurse.user_id)
    answer = back.post(
        "/sign-in", hospital=clinic.hospital.tenant_code, username=username(clinic, nurse), password=PASSWORD
    )
    assert answer.status_code == 303
    notice = "quản trị viên"
    assert notice in back.get("/today"), "told at the next sign-in"
    assert "mfa_reset_at" not in login(app, clinic, nurse).get_json(), "and once"


def test_the_same_by_a_program(app: Flask, sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    admin, nurse, foreign = sign_in(clinic, "admin"), sign_in(clinic, "nurse"), sign_in(other, "admin")
    enrol(nurse)
    at = f"/users/{nurse.user_id}/reset-mfa"
    call, call_foreign = (
        caller(app, login(app, clinic, admin).get_json()),
        caller(app, login(app, other, foreign).get_json()),
    )
    assert call_foreign("POST", at, {"reason": "Mất điện thoại"}).status_code == 404
    assert call("POST", at, {}).status_code == 422
    assert call("POST", at, {"reason": "Mất điện thoại"}).status_code == 204
    assert call("POST", at, {"reason": "Mất điện thoại"}).get_json()["code"] == "no_second_factor"
    told = login(app, clinic, nurse).get_json()
    assert told["mfa_reset_at"]
    role_id = call("GET", "/roles").get_json()["items"][1]["id"]
    assert call("GET", f"/roles/{role_id}").get_json()["mfa_required"] is False


@pytest.mark.parametrize("path", [AT, f"{AT}/enrol"])
def test_the_pages_ask_few_questions(app: Flask, sign_in: SignIn, clinic: Clinic, path: str) -> None:
    nurse = sign_in(clinic, "nurse")
    nurse.post(AT, action="enrol", password=PASSWORD)
    with count_statements() as statements:
        nurse.get(path)
    assert statements.total <= 12


def test_the_desk_takes_a_patients_lost_factor_away(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    patient = clinic.patient().patient
    admin, receptionist, foreign = sign_in(clinic, "admin"), sign_in(clinic, "receptionist"), sign_in(other, "admin")
    at = f"/patients/{patient.id}/second-factor"
    assert admin.post(at, reason="phone_lost").status_code == 404, "no account"
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "INSERT INTO patient_users (patient_id, password_hash, mfa_enabled, mfa_secret)"
            " VALUES (%s, 'x', true, 's1')",
            (patient.id,),
        )
        connection.execute(
            "INSERT INTO patient_sessions (account_id, last_seen_at, expires_at)"
            " SELECT id, now(), now() + interval '1 hour' FROM patient_users"
        )
    assert f'href="{at}"' in admin.get(f"/patients/{patient.id}")
    assert f'href="{at}"' not in receptionist.get(f"/patients/{patient.id}")
    assert receptionist.post(at, reason="phone_lost").status_code == 403
    assert foreign.post(at, reason="phone_lost").status_code == 404
    assert admin.post(at, reason="because").status_code == 422
    assert admin.post(at, reason="phone_lost").status_code == 303
    assert admin.post(at, reason="phone_lost").status_code == 409
    with clinic.hospital.superuser() as connection:
        row = connection.execute(
            "SELECT mfa_enabled, mfa_secret, mfa_reset_at IS NOT NULL FROM patient_users"
        ).fetchone()
        ended = connection.execute("SELECT end_reason FROM patient_sessions").fetchone()
        noted = connection.execute(
            "SELECT patient_id, changed, new_values FROM audit_logs WHERE action = 'patient.reset_mfa'"
        ).fetchone()
    assert row == (False, None, True)
    assert ended == ("mfa_reset",)
    assert noted == (patient.id, ["mfa_enabled"], {"reason": "phone_lost"})
