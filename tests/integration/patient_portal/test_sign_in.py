"""Signing in: one answer from outside after two checks of a password, whatever the reason; tokens that rotate."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from keys.public import LocalKeyring
from manage.demo.people import person
from tests.support.clinic import Clinic
from tests.support.databases import CentralDatabase
from tests.support.patient_portal import (
    GOOD_PASSWORD,
    OTHER_PASSWORD,
    Member,
    PatientPortal,
    away,
    csrf_token,
    outside,
    patient_portal,
    post,
    suspend_now,
)

Checks = Callable[[], int]


def both(portal: PatientPortal) -> Member:
    """Somebody with an account at each hospital, each with a password of its own; the second was used last."""
    here, there = portal.clinics
    member = portal.activated(here)
    portal.activated(there, member.who, password=OTHER_PASSWORD)
    return member


@pytest.mark.usefixtures("quick_routes")
def test_every_failure_looks_the_same_after_two_checks(portal: PatientPortal, checks: Checks) -> None:
    here, there = portal.clinics
    member, locked, registered = portal.activated(here), portal.activated(here), person()
    portal.registered(there, registered)
    for _ in range(5):
        portal.sign_in(locked.who, OTHER_PASSWORD)
    inactive = portal.activated(here)
    with here.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET status = 'inactive' WHERE id = %s", (inactive.record.patient.id,))
    elsewhere = portal.activated(there)
    suspend_now(portal, there.hospital)
    checks()
    code = here.hospital.tenant_code
    answers = []
    attempts: list[Callable[[], TestResponse]] = [
        lambda: portal.sign_in(person()),
        lambda: portal.sign_in(member.who, OTHER_PASSWORD),
        lambda: portal.sign_in(locked.who),
        lambda: portal.sign_in(registered),
        lambda: portal.sign_in(inactive.who),
        lambda: portal.sign_in(elsewhere.who),
        lambda: portal.sign_in(person(), tenant=code),
        lambda: portal.sign_in(member.who, OTHER_PASSWORD, tenant=code),
        lambda: portal.sign_in(member.who, tenant=there.hospital.tenant_code),
        lambda: portal.sign_in(member.who, tenant="no-such-hospital"),
        lambda: portal.sign_in(member.who, tenant="?"),
    ]
    for attempt in attempts:
        answers.append(outside(attempt()))
        assert checks() == 2
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["body"]["code"] == "sign_in_failed"
    assert portal.sign_in(member.who).status_code == 200
    assert checks() == 2


def test_either_password_of_two_accounts_opens_its_own_hospital(portal: PatientPortal, checks: Checks) -> None:
    member = both(portal)
    checks()
    for clinic, password in zip(portal.clinics, (GOOD_PASSWORD, OTHER_PASSWORD), strict=True):
        answer = portal.sign_in(member.who, password)
        assert checks() == 2
        member.tokens = answer.json or {}
        codes = [each["tenant_code"] for each in (member("GET", "/me").json or {})["hospitals"]]
        assert codes == [clinic.hospital.tenant_code]
    # The right password of one account is no failure of the other.
    for clinic in portal.clinics:
        with clinic.hospital.superuser() as connection:
            assert connection.execute("SELECT count(*) FROM patient_sign_in_failures").fetchone() == (0,)
    first = portal.clinics[0].hospital.tenant_code
    assert portal.sign_in(member.who, GOOD_PASSWORD, tenant=first).status_code == 200
    assert portal.sign_in(member.who, OTHER_PASSWORD, tenant=first).status_code == 401


def test_a_lock_holds_for_the_network_that_failed_only(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)

    def from_address(address: str, password: str) -> int:
        return (
            portal.client()
            .post(
                "/api/v1/auth/login",
                json={"cccd": member.who.cccd, "password": password},
                environ_base={"REMOTE_ADDR": address},
            )
            .status_code
        )

    for _ in range(5):
        assert from_address("203.0.113.7", OTHER_PASSWORD) == 401
    assert from_address("203.0.113.99", GOOD_PASSWORD) == 401
    assert from_address("198.51.100.7", GOOD_PASSWORD) == 200
    with clinic.hospital.superuser() as connection:
        log = connection.execute("SELECT login_status, count(*) FROM patient_login_logs GROUP BY 1").fetchall()
        connection.execute("UPDATE patient_sign_in_failures SET locked_until = now() - interval '1 second'")
    assert dict(log) == {"failed": 5, "success": 2}
    assert from_address("203.0.113.7", GOOD_PASSWORD) == 200


def test_a_lock_of_the_whole_family_leaves_the_patients_own_browser(portal: PatientPortal) -> None:
    """Those who live together are one network."""
    member, sister = (portal.activated(portal.clinics[0]) for _ in range(2))

    def attempt(client: FlaskClient, whose: Member, password: str = GOOD_PASSWORD) -> int:
        client.delete_cookie("sokham_patient_session")
        return post(client, "/sign-in", "/sign-in", cccd=whose.who.cccd, password=password).status_code

    own, hers = portal.client(), portal.client()
    assert attempt(own, member) == attempt(hers, sister) == 303
    for _ in range(5):
        assert attempt(hers, member, OTHER_PASSWORD) == 401
    assert attempt(hers, member) == 401
    assert attempt(own, member) == 303


def test_a_hospital_that_is_away_is_skipped(portal: PatientPortal, checks: Checks) -> None:
    here, there = portal.clinics
    member = both(portal)
    checks()
    with away(there.hospital):
        assert portal.sign_in(member.who, GOOD_PASSWORD).status_code == 200
        assert checks() == 2
        assert portal.sign_in(member.who, OTHER_PASSWORD).status_code == 401
        assert checks() == 2
        named = portal.sign_in(member.who, OTHER_PASSWORD, tenant=there.hospital.tenant_code)
        unknown = portal.sign_in(person(), OTHER_PASSWORD, tenant=there.hospital.tenant_code)
        assert (named.status_code, checks()) == (503, 4)
        assert (named.json or {})["code"] == (unknown.json or {})["code"]
        with away(here.hospital):
            answer = portal.sign_in(member.who, GOOD_PASSWORD)
            assert (answer.status_code, checks()) == (401, 2)
            assert outside(answer) == outside(portal.sign_in(person()))
            for hospital in (here.hospital, there.hospital):
                named = portal.sign_in(member.who, GOOD_PASSWORD, tenant=hospital.tenant_code)
                assert named.status_code == 503
                assert named.headers["Retry-After"]
    here.hospital.close()


def test_while_central_is_away_known_ways_go_on(portal: PatientPortal, checks: Checks) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    assert portal.sign_in(member.who).status_code == 200
    checks()
    with away(portal.central):
        assert portal.sign_in(member.who).status_code == 200
        assert member("GET", "/me").status_code == 200
        assert member("GET", "/appointments").status_code == 200
        # Absence cannot be told now, so all that fails has one answer.
        failed, unknown = portal.sign_in(member.who, OTHER_PASSWORD), portal.sign_in(person())
        assert (failed.status_code, unknown.status_code) == (503, 503)
        assert (failed.json or {})["code"] == (unknown.json or {})["code"]
        assert portal.sign_in(member.who, OTHER_PASSWORD, tenant=clinic.hospital.tenant_code).status_code == 401


def test_without_redis_all_goes_on(
    central: CentralDatabase,
    clinics: tuple[Clinic, Clinic],
    keys: LocalKeyring,
    keyring_path: Path,
    tmp_path: Path,
) -> None:
    with patient_portal(
        central=central,
        clinics=clinics,
        keys=keys,
        keyring_path=keyring_path,
        folder=tmp_path,
        redis_url="redis://127.0.0.1:1",
        sign_in_per_minute=8,
    ) as portal:
        member = portal.activated(clinics[0])
        assert portal.sign_in(member.who).status_code == 200
        member.link(clinics[1])
        assert member("GET", "/appointments").status_code == 200
        # Limits do not fail open.
        statuses = [portal.sign_in(person()).status_code for _ in range(8)]
        assert statuses[0] == 401
        assert statuses[-1] == 429


def test_a_refresh_token_is_exchanged_once_and_a_replay_ends_the_family(portal: PatientPortal) -> None:
    member = portal.activated(portal.clinics[0])

    def refresh(token: str) -> TestResponse:
        return portal.client().post("/api/v1/auth/refresh", json={"refresh_token": token})

    first = member.tokens["refresh_token"]
    second = (refresh(first).json or {})["refresh_token"]
    third = refresh(second)
    assert third.status_code == 200
    member.tokens = third.json or {}
    assert member("GET", "/me").status_code == 200
    assert refresh(first).status_code == 401
    assert member("GET", "/me").status_code == 401
    assert refresh(member.tokens["refresh_token"]).status_code == 401
    # The tag routes, and at another hospital the hash proves nothing.
    other = portal.clinics[1].hospital.tenant_code
    assert refresh(f"{other}.{first.partition('.')[2]}").status_code == 401


def test_signing_out_ends_it(portal: PatientPortal) -> None:
    member = portal.activated(portal.clinics[0])
    token = {"refresh_token": member.tokens["refresh_token"]}
    assert portal.client().post("/api/v1/auth/logout", json=token).status_code == 204
    assert member("GET", "/me").status_code == 401
    assert portal.client().post("/api/v1/auth/refresh", json=token).status_code == 401


def test_an_idle_session_ends_by_itself(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patient_sessions SET last_seen_at = now() - interval '29 minutes'")
    assert member("GET", "/me").status_code == 200
    with clinic.hospital.superuser() as connection:
        assert connection.execute(
            "SELECT now() - last_seen_at < interval '1 minute' FROM patient_sessions"
        ).fetchone() == (True,)
        connection.execute("UPDATE patient_sessions SET last_seen_at = now() - interval '31 minutes'")
    assert member("GET", "/me").status_code == 401


@pytest.mark.usefixtures("quick_routes")
def test_a_suspended_hospital_is_closed_to_its_sessions(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    suspend_now(portal, there.hospital)
    shown = member("GET", "/appointments")
    assert (shown.status_code, (shown.json or {})["unavailable"]) == (200, [there.hospital.tenant_code])
    suspend_now(portal, here.hospital)
    assert member("GET", "/me").status_code == 403


def test_pages_and_api_do_not_take_each_others_tokens(portal: PatientPortal) -> None:
    member = portal.activated(portal.clinics[0])
    client = portal.client()
    assert client.get("/", headers={"Authorization": f"Bearer {member.tokens['access_token']}"}).status_code == 303
    form = client.get("/sign-in")
    sent = {
        "cccd": member.who.cccd,
        "password": GOOD_PASSWORD,
        "csrf_token": csrf_token(form),
        "next": "//evil.example",
    }
    answer = client.post("/sign-in", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("sokham_patient_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert client.get("/").status_code == 200
    assert client.get("/api/v1/me").status_code == 401
    page_token = cookie.partition("=")[2].partition(";")[0]
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {page_token}"}).status_code == 401


def test_a_form_without_its_token_is_refused(portal: PatientPortal) -> None:
    member = portal.activated(portal.clinics[0])
    client = portal.client()
    data = {"cccd": member.who.cccd, "password": GOOD_PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 400
    client.post("/sign-in", data={**data, "csrf_token": csrf_token(client.get("/sign-in"))})
    assert client.get("/").status_code == 200
    for path in (
        "/sign-out",
        "/hospitals/link",
        "/hospitals/x/unlink",
        f"/hospitals/{portal.clinics[0].hospital.tenant_code}/book",
    ):
        assert client.post(path, data={}).status_code == 400
    assert client.get("/").status_code == 200


def test_signing_out_of_the_pages_works_while_the_hospital_is_away(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    client = portal.client()
    token = csrf_token(client.get("/sign-in"))
    client.post("/sign-in", data={"cccd": member.who.cccd, "password": GOOD_PASSWORD, "csrf_token": token})
    signed_in = csrf_token(client.get("/"))
    with away(clinic.hospital):
        assert client.get("/").status_code == 503
        assert client.post("/sign-out", data={"csrf_token": token}).status_code == 400, "a token of before signing in"
        assert client.post("/sign-out", data={"csrf_token": signed_in}).status_code == 303
    assert client.get("/").status_code == 303
