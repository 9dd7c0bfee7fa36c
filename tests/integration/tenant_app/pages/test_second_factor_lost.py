"""A second factor that was lost: taken away by somebody else, with a reason, and told to its owner."""

from flask import Flask
from sqlalchemy import text

from tests.support.clinic import Clinic
from tests.support.staff_browser import PASSWORD, Browser
from tests.support.staff_second_factor import SignIn, caller, enrol, login, username


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
