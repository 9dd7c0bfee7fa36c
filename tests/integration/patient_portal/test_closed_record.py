"""A record that is closed closes the patient's portal at once: at home, at a linked hospital, amid signing in."""

from uuid import UUID

import pytest

from kernel.clock import local_today
from tenant_app.patients.public import StatusChange, set_status
from tests.support.clinic import Clinic
from tests.support.patient_portal import GOOD_PASSWORD, PatientPortal, post
from tests.support.second_factor import enrol_by_api

DEATH = StatusChange(status="deceased", reason="family", deceased_on=local_today(), told_by="con gái, chị Lan")
AWAY = StatusChange(status="inactive", reason="asked")
MISTAKE = StatusChange(status="active", reason="mistaken")


def close(clinic: Clinic, patient_id: UUID, change: StatusChange) -> None:
    with clinic.uow() as uow:
        set_status(uow=uow, actor=clinic.admin, patient_id=patient_id, change=change)
        uow.commit()


@pytest.mark.parametrize("change", [DEATH, AWAY], ids=["deceased", "inactive"])
def test_sessions_end_at_once_and_nobody_comes_in_again(portal: PatientPortal, change: StatusChange) -> None:
    here, _ = portal.clinics
    member, neighbour = portal.activated(here), portal.activated(here)
    code = portal.code(here, member.record)
    browser = portal.client()
    typed = {"cccd": member.who.cccd, "password": GOOD_PASSWORD}
    assert post(browser, "/sign-in", "/sign-in", **typed).status_code == 303
    assert browser.get("/").status_code == 200
    close(here, member.record.patient.id, change)
    assert member("GET", "/me").status_code == 401
    assert browser.get("/").status_code == 303, "to the form for signing in"
    refresh = {"refresh_token": member.tokens["refresh_token"]}
    assert portal.client().post("/api/v1/auth/refresh", json=refresh).status_code == 401
    assert portal.sign_in(member.who).status_code == 401
    again = {"cccd": member.who.cccd, "activation_code": code, "password": GOOD_PASSWORD}
    assert portal.client().post("/api/v1/auth/activate", json=again).status_code == 401
    assert neighbour("GET", "/me").status_code == 200
    close(here, member.record.patient.id, MISTAKE)
    assert member("GET", "/me").status_code == 401, "what has ended stays ended"
    assert portal.sign_in(member.who).status_code == 200


def test_a_linked_hospital_closes_and_home_stays_open(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    record = member.link(there)
    path = f"/hospitals/{there.hospital.tenant_code}/doctors"
    assert member("GET", path).status_code == 200
    close(there, record.patient.id, DEATH)
    assert member("GET", path).status_code == 404
    assert member("GET", "/me").status_code == 200


def test_whoever_is_between_password_and_code_is_not_let_in(portal: PatientPortal) -> None:
    here, _ = portal.clinics
    member = portal.activated(here)
    phone, _ = enrol_by_api(member, GOOD_PASSWORD)
    browser = portal.client()
    typed = {"cccd": member.who.cccd, "password": GOOD_PASSWORD}
    assert post(browser, "/sign-in", "/sign-in", **typed).location.startswith("/sign-in/code")
    close(here, member.record.patient.id, DEATH)
    answer = post(browser, "/sign-in/code", "/sign-in/code", otp=phone.forget(here.hospital, "patient_users").code())
    assert answer.location.startswith("/sign-in"), answer.text
    assert "sokham_patient_session" not in str(answer.headers)
    with here.hospital.superuser() as connection:
        begun = connection.execute("SELECT count(*) FROM patient_sessions WHERE ended_at IS NULL").fetchone()
    assert begun == (0,)
