"""A patient's second factor: it shows after the right password only, at the hospital of the account only."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from werkzeug.test import TestResponse

from manage.demo.people import person
from tests.support.clinic import Clinic
from tests.support.patient_portal import (
    GOOD_PASSWORD,
    OTHER_PASSWORD,
    Member,
    PatientPortal,
    outside,
    post,
)
from tests.support.second_factor import Phone, codes_of_page, enrol_by_api, phone_of_page

Checks = Callable[[], int]
AT = "/account/second-factor"


def enrolled(portal: PatientPortal, clinic: Clinic) -> tuple[Member, Phone, list[str]]:
    """Somebody with an account and a factor."""
    member = portal.activated(clinic)
    phone, codes = enrol_by_api(member, GOOD_PASSWORD)
    return member, phone, codes


def test_a_program_sends_the_code_with_the_password(portal: PatientPortal, checks: Checks) -> None:
    here, there = portal.clinics
    member, phone, codes = enrolled(portal, here)
    foreign = enrolled(portal, there)[1]
    checks()
    for more, expected in (
        ({}, "otp_required"),
        ({"otp": phone.wrong()}, "otp_refused"),
        ({"otp": foreign.code()}, "otp_refused"),
    ):
        answer = portal.sign_in(member.who, **more)
        assert (answer.status_code, (answer.json or {})["code"]) == (401, expected)
        assert checks() == 2, "two checks of a password, as ever"
    code = phone.code()
    assert portal.sign_in(member.who, otp=code).status_code == 200
    assert (portal.sign_in(member.who, otp=code).json or {})["code"] == "otp_refused"
    answer = portal.sign_in(member.who, otp=codes[0])
    assert (answer.json or {})["recovery_codes_left"] == 9
    member.tokens = answer.json or {}
    assert (member("GET", "/auth/totp").json or {})["recovery_codes_left"] == 9
    assert member("GET", "/me").status_code == 200
    with here.hospital.superuser() as connection:
        sealed = connection.execute("SELECT mfa_secret FROM patient_users WHERE mfa_enabled").fetchone()
        reasons = connection.execute("SELECT failure_reason FROM patient_login_logs WHERE login_status = 'failed'")
        assert {row[0] for row in reasons.fetchall()} == {"wrong_code"}
    assert sealed is not None
    assert phone.secret not in sealed[0]


def test_without_the_right_password_nothing_shows_of_a_factor(portal: PatientPortal, checks: Checks) -> None:
    member, phone, _codes = enrolled(portal, portal.clinics[0])
    plain = portal.activated(portal.clinics[0])
    checks()
    attempts: list[Callable[[], TestResponse]] = [
        lambda: portal.sign_in(person(), otp="123456"),
        lambda: portal.sign_in(member.who, OTHER_PASSWORD),
        lambda: portal.sign_in(member.who, OTHER_PASSWORD, otp=phone.code()),
        lambda: portal.sign_in(plain.who, OTHER_PASSWORD, otp="123456"),
    ]
    answers = []
    for attempt in attempts:
        answers.append(outside(attempt()))
        assert checks() == 2
    assert all(answer == answers[0] for answer in answers)
    assert portal.sign_in(plain.who, otp="123456").status_code == 200, "a code that nobody asked for harms nobody"


def test_tries_lock_as_passwords_do_and_then_look_like_any_failure(portal: PatientPortal) -> None:
    member, phone, _codes = enrolled(portal, portal.clinics[0])
    for _attempt in range(5):
        assert (portal.sign_in(member.who, otp=phone.wrong()).json or {})["code"] == "otp_refused"
    locked = portal.sign_in(member.who, otp=phone.code())
    assert outside(locked) == outside(portal.sign_in(person()))


def test_of_two_requests_with_one_code_one_passes(portal: PatientPortal) -> None:
    member, phone, codes = enrolled(portal, portal.clinics[0])
    for otp in (phone.code(), codes[5]):
        with ThreadPoolExecutor(2) as threads:
            answers = list(
                threads.map(lambda _n, given=otp: portal.sign_in(member.who, otp=given).status_code, range(2))
            )
        assert sorted(answers) == [200, 401]


def test_the_pages_lead_from_setting_up_to_signing_in(portal: PatientPortal) -> None:
    member = portal.activated(portal.clinics[0])
    client = portal.client()
    sent = {"cccd": member.who.cccd, "password": GOOD_PASSWORD}
    assert post(client, "/sign-in", "/sign-in", **sent).status_code == 303
    assert AT in client.get("/").text, "the account sheet leads there"
    wrong = post(client, AT, AT, action="enrol", password=OTHER_PASSWORD)
    assert wrong.status_code == 422
    assert post(client, AT, AT, action="enrol", password=GOOD_PASSWORD).status_code == 303
    phone = phone_of_page(client.get(f"{AT}/enrol").text)
    assert client.get(f"{AT}/qr.svg").content_type == "image/svg+xml"
    done = post(client, f"{AT}/enrol", AT, otp=phone.code())
    codes = codes_of_page(done.text)
    assert len(codes) == 10
    wrong = post(client, AT, AT, action="codes", password=GOOD_PASSWORD, otp=phone.wrong())
    assert wrong.status_code == 422

    other = portal.client()
    first = post(other, "/sign-in", "/sign-in", next="/appointments", **sent)
    assert (first.status_code, first.location) == (303, "/sign-in/code?next=/appointments")
    assert other.get("/appointments").status_code == 303
    refused = post(other, "/sign-in/code", "/sign-in/code", otp=phone.wrong())
    assert refused.status_code == 401
    let_in = post(other, "/sign-in/code", "/sign-in/code", otp=codes[2], next="/appointments")
    assert (let_in.status_code, let_in.location) == (303, "/appointments")
    assert "9" in other.get("/appointments").text
    off = post(other, AT, AT, action="off", password=GOOD_PASSWORD, otp=phone.code())
    assert off.status_code == 303
    assert portal.sign_in(member.who).status_code == 200


def test_a_code_from_the_desk_does_not_go_round_it(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member, phone, _codes = enrolled(portal, clinic)
    code = portal.code(clinic, member.record)

    def activate(**more: str) -> TestResponse:
        body = {"cccd": member.who.cccd, "activation_code": code, "password": OTHER_PASSWORD, **more}
        return portal.client().post("/api/v1/auth/activate", json=body)

    assert (activate().json or {})["code"] == "otp_required"
    assert (activate(otp=phone.wrong()).json or {})["code"] == "otp_refused"
    assert (portal.sign_in(member.who).json or {})["code"] == "otp_required", "the old password still stands"
    client = portal.client()
    sent = {"cccd": member.who.cccd, "activation_code": code, "password": OTHER_PASSWORD}
    asked = post(client, "/activate", "/activate", **sent)
    assert asked.status_code == 401
    assert 'name="otp"' in asked.text
    with clinic.hospital.superuser() as connection:
        counted = connection.execute("SELECT sum(failures) FROM patient_sign_in_failures").fetchone()
    assert counted == (1,), "the failure is kept, and the desk's code is not used up"
    assert activate(otp=phone.code()).status_code == 200
    phone.forget(clinic.hospital, "patient_users")
    assert portal.sign_in(member.who, OTHER_PASSWORD, otp=phone.code()).status_code == 200


def test_a_sealed_secret_opens_only_in_its_own_row(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    thief, phone, _codes = enrolled(portal, clinic)
    victim, _phone, _codes = enrolled(portal, clinic)
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "UPDATE patient_users v SET mfa_secret = t.mfa_secret FROM patient_users t"
            " WHERE t.patient_id = %s AND v.patient_id = %s",
            (thief.record.patient.id, victim.record.patient.id),
        )
    assert (portal.sign_in(victim.who, otp=phone.code()).json or {})["code"] == "otp_refused"
    phone.forget(clinic.hospital, "patient_users")
    assert portal.sign_in(thief.who, otp=phone.code()).status_code == 200
