"""Nothing of a number, a password or a code goes into a log, an address, or Redis; of secrets only hashes are kept."""

import logging
import re

import pytest
from psycopg import sql
from redis import Redis

from tests.support.patient_portal import GOOD_PASSWORD, OTHER_PASSWORD, PatientPortal, away, csrf_token


def test_a_whole_story_leaves_no_secret_behind(
    portal: PatientPortal, redis: Redis, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    here, there = portal.clinics
    member = portal.activated(here)
    second = portal.code(there, portal.registered(there, member.who))
    member("POST", "/hospitals/link", {"activation_code": second})
    portal.sign_in(member.who)
    portal.sign_in(member.who, OTHER_PASSWORD)
    portal.sign_in(member.who, tenant=here.hospital.tenant_code)
    with away(there.hospital):
        portal.sign_in(member.who)
        member("GET", "/appointments")
    with away(portal.central):
        portal.sign_in(member.who)
    client = portal.client()
    form = {"cccd": member.who.cccd, "password": GOOD_PASSWORD, "csrf_token": csrf_token(client.get("/sign-in"))}
    addresses = [client.post("/sign-in", data=form).headers["Location"]]
    for path in ("/", "/appointments", "/my-data", "/hospitals", "/book"):
        page = client.get(path, follow_redirects=True)
        assert page.status_code == 200
        assert member.who.cccd not in page.text
        assert page.headers["Cache-Control"] == "no-store"
        addresses += re.findall(r'(?:href|action)="([^"]+)"', page.text)

    logged = capfd.readouterr()
    secrets = [member.who.cccd, GOOD_PASSWORD, OTHER_PASSWORD, second.partition(".")[2], *member.tokens.values()]
    secrets = [str(secret) for secret in secrets if len(str(secret)) > 8]
    written = logged.out + logged.err + caplog.text + " ".join(addresses)
    assert "request.answered" in written
    assert [secret for secret in secrets if secret in written] == []
    assert member.who.full_name not in logged.out + logged.err + caplog.text

    keys = [key.decode() for key in redis.scan_iter("*")]
    assert any(key.startswith("sokham:person:") for key in keys)
    held = " ".join(keys) + " ".join(str(redis.get(key)) for key in keys if redis.type(key) == b"string")
    assert [secret for secret in secrets if secret in held] == []


def test_what_is_stored_of_secrets_is_their_hash(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    with clinic.hospital.superuser() as connection:
        for table in (
            "patient_users",
            "portal_invites",
            "patient_sessions",
            "patient_refresh_tokens",
            "patient_login_logs",
        ):
            statement = sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table))
            stored = " ".join(str(row) for row in connection.execute(statement))
            assert member.tokens["refresh_token"].partition(".")[2] not in stored
            assert GOOD_PASSWORD not in stored
            assert member.who.cccd not in stored
    with portal.central.superuser() as connection:
        stored = str(connection.execute("SELECT p::text FROM person_identifiers p").fetchall())
    assert member.who.cccd not in stored
