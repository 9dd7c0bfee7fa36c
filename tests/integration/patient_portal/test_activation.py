"""Codes: one use, three days, five tries, one answer for all that is wrong; a second code resets the password."""

from typing import Any

from werkzeug.test import TestResponse

from manage.demo.people import Person, person
from tests.support.clinic import Clinic
from tests.support.patient_portal import GOOD_PASSWORD, OTHER_PASSWORD, PatientPortal, away


def activate(portal: PatientPortal, who: Person, code: str, password: str = GOOD_PASSWORD, **more: Any) -> TestResponse:
    body = {"cccd": more.get("cccd", who.cccd), "activation_code": code, "password": password}
    return portal.client().post("/api/v1/auth/activate", json=body, headers={"Accept-Language": "en"})


def said(answer: TestResponse) -> tuple[int, str, str, str]:
    body = answer.json or {}
    return (answer.status_code, body["code"], body["title"], body["detail"])


def tries(clinic: Clinic) -> list[int]:
    with clinic.hospital.superuser() as connection:
        return [row[0] for row in connection.execute("SELECT tries FROM portal_invites ORDER BY id")]


def test_code_and_number_are_read_as_people_type_them(portal: PatientPortal) -> None:
    clinic, who = portal.clinics[0], person()
    code = portal.code(clinic, portal.registered(clinic, who))
    tag, _, letters = code.partition(".")
    answer = activate(
        portal, who, f" {tag.upper()} . {letters.lower().replace('-', ' ')} ", cccd=f"{who.cccd[:6]} {who.cccd[6:]}"
    )
    assert answer.status_code == 200, answer.text
    assert set(answer.json or {}) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert portal.sign_in(who).status_code == 200


def test_it_is_written_down_where_it_happened(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    with here.hospital.superuser() as connection:
        logged = connection.execute("SELECT login_method, login_status, patient_id FROM patient_login_logs").fetchall()
        audited = connection.execute(
            "SELECT action, changed::text FROM audit_logs WHERE actor_kind = 'patient' ORDER BY created_at"
        ).fetchall()
    assert logged == [("activation", "success", member.record.patient.id)]
    assert audited == [("auth.activate", '["password"]')]
    with there.hospital.superuser() as connection:
        assert connection.execute("SELECT count(*) FROM patient_users").fetchone() == (0,)


def test_all_that_is_wrong_has_one_answer(portal: PatientPortal) -> None:
    here, there = portal.clinics
    who, stranger = person(), person()
    code = portal.code(here, portal.registered(here, who))
    secret = code.partition(".")[2]
    portal.registered(here, stranger)
    expired, used = person(), portal.activated(here)
    late = portal.code(here, portal.registered(here, expired))
    replaced = person()
    record = portal.registered(here, replaced)
    first = portal.code(here, record)
    portal.code(here, record)
    with here.hospital.superuser() as connection:
        connection.execute(
            "UPDATE portal_invites SET expires_at = now() - interval '1 second' FROM patient_identifiers i"
            " WHERE i.patient_id = portal_invites.patient_id AND i.value = %s",
            (expired.cccd,),
        )
    wrong = [
        activate(portal, who, f"{here.hospital.tenant_code}.0000-0000-0000"),
        activate(portal, stranger, code),
        activate(portal, person(), code),
        activate(portal, expired, late),
        activate(portal, replaced, first),
        activate(portal, used.who, first),
        activate(portal, who, f"{there.hospital.tenant_code}.{secret}"),
        activate(portal, who, f"no-such-hospital.{secret}"),
        activate(portal, who, "?!"),
        activate(portal, who, f"{here.hospital.tenant_code}.{secret[:-1]}"),
    ]
    assert {said(answer) for answer in wrong} == {said(wrong[0])}
    assert said(wrong[0])[:2] == (401, "invalid_token")
    assert activate(portal, who, code).status_code == 200


def test_whatever_fails_is_answered_in_step(portal: PatientPortal, stepped: list[int]) -> None:
    here, who = portal.clinics[0], person()
    code = portal.code(here, portal.registered(here, who))
    secret = code.partition(".")[2]
    wrong = [
        (who, f"{here.hospital.tenant_code}.0000-0000-0000"),
        (person(), code),
        (who, f"no-such-hospital.{secret}"),
        (who, "?!"),
    ]
    for failures, (somebody, tried) in enumerate(wrong, start=1):
        assert activate(portal, somebody, tried).status_code == 401
        assert stepped == [0] * failures
    with away(here.hospital):
        assert activate(portal, who, code).status_code == 503
    assert stepped == [0] * 5
    assert activate(portal, who, code).status_code == 200
    assert len(stepped) == 5


def test_a_code_is_used_once(portal: PatientPortal) -> None:
    clinic, who = portal.clinics[0], person()
    code = portal.code(clinic, portal.registered(clinic, who))
    assert activate(portal, who, code).status_code == 200
    assert activate(portal, who, code, OTHER_PASSWORD).status_code == 401
    assert portal.sign_in(who).status_code == 200


def test_five_wrong_codes_and_the_right_one_is_dead(portal: PatientPortal) -> None:
    clinic, who = portal.clinics[0], person()
    record = portal.registered(clinic, who)
    code = portal.code(clinic, record)
    for guess in range(5):
        assert activate(portal, who, f"{clinic.hospital.tenant_code}.0000-0000-000{guess}").status_code == 401
        assert tries(clinic) == [guess + 1]
    assert activate(portal, who, code).status_code == 401
    assert activate(portal, who, portal.code(clinic, record)).status_code == 200


def test_whoever_found_the_slip_has_five_numbers_to_try(portal: PatientPortal) -> None:
    clinic, who = portal.clinics[0], person()
    code = portal.code(clinic, portal.registered(clinic, who))
    for _ in range(5):
        assert activate(portal, person(), code).status_code == 401
    assert tries(clinic) == [5]
    assert activate(portal, who, code).status_code == 401


def test_a_weak_password_costs_no_code(portal: PatientPortal) -> None:
    clinic, who = portal.clinics[0], person()
    code = portal.code(clinic, portal.registered(clinic, who))
    for password in ("kurz", "aaaaaaaaaaaaaaaa", "", f"tôi là {who.full_name}", f"số {who.cccd} nhé"):
        answer = activate(portal, who, code, password)
        assert answer.status_code == 422
        assert set((answer.json or {})["errors"]) == {"password"}
        assert tries(clinic) == [0]
    assert activate(portal, who, code).status_code == 200


def test_what_cannot_be_a_number_is_told_so(portal: PatientPortal) -> None:
    answer = activate(portal, person(), "bv-abc.0000-0000-0000", cccd="12345")
    assert answer.status_code == 422
    assert set((answer.json or {})["errors"]) == {"cccd"}


def test_another_code_resets_the_password_and_ends_sessions_and_links(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    assert member("GET", f"/hospitals/{there.hospital.tenant_code}/doctors").status_code == 200

    answer = activate(portal, member.who, portal.code(here, member.record), OTHER_PASSWORD)
    assert answer.status_code == 200, answer.text
    assert member("GET", "/me").status_code == 401
    refresh = {"refresh_token": member.tokens["refresh_token"]}
    assert portal.client().post("/api/v1/auth/refresh", json=refresh).status_code == 401
    assert portal.sign_in(member.who).status_code == 401

    member.tokens = answer.json or {}
    assert [each["tenant_code"] for each in (member("GET", "/me").json or {})["hospitals"]] == [
        here.hospital.tenant_code
    ]
    assert member("GET", f"/hospitals/{there.hospital.tenant_code}/doctors").status_code == 404
    for clinic, direction in ((here, "opens"), (there, "opened_by")):
        with clinic.hospital.superuser() as connection:
            rows = connection.execute("SELECT direction, ended_at IS NULL, end_reason FROM patient_links").fetchall()
        assert rows == [(direction, False, "password_reset")]


def test_a_reset_closes_links_although_the_other_hospital_is_away(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    with away(there.hospital):
        answer = activate(portal, member.who, portal.code(here, member.record), OTHER_PASSWORD)
        assert answer.status_code == 200, answer.text
    member.tokens = answer.json or {}
    assert member("GET", f"/hospitals/{there.hospital.tenant_code}/doctors").status_code == 404


def test_a_hospital_that_is_away_says_so_and_costs_no_code(portal: PatientPortal) -> None:
    clinic, who = portal.clinics[0], person()
    code = portal.code(clinic, portal.registered(clinic, who))
    with away(clinic.hospital):
        answer = activate(portal, who, code)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_an_account_that_was_closed_is_not_opened_by_a_code(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patient_users SET status = 'inactive'")
    assert activate(portal, member.who, portal.code(clinic, member.record), OTHER_PASSWORD).status_code == 401
    assert member("GET", "/me").status_code == 401
    assert portal.sign_in(member.who).status_code == 401
