"""Who may push: a good token for exactly this body, once, from a hospital that is active."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests

from central.sync.public import AUDIENCE
from kernel.clock import utc_now
from keys.public import BodySigner, Keychain, SigningKey
from tenant_app.sync_public import sync_key
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.sync import ADMINISTRATOR_TOKEN, CentralServer, rows

BODY = b'{"events":[]}'


@dataclass
class Caller:
    """Calls central as whoever has the token."""

    server: CentralServer

    def push(
        self, token: str | None, body: bytes = BODY, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """POST a batch."""
        authorization = {} if token is None else {"Authorization": f"Bearer {token}"}
        return requests.post(
            f"{self.server.url}/api/v1/sync/batches",
            data=body,
            headers={"Content-Type": "application/json", **authorization, **(headers or {})},
            timeout=10,
        )


@pytest.fixture
def caller(server: CentralServer) -> Caller:
    """Calls the server."""
    return Caller(server)


def key_of(hospital: Hospital, keychain: Keychain) -> SigningKey:
    with hospital.unit_of_work("sync") as uow:
        return sync_key(uow=uow, tenant=hospital.tenant, keychain=keychain)


@pytest.fixture
def key(hospital: Hospital, keychain: Keychain) -> SigningKey:
    """The first hospital's sync key."""
    return key_of(hospital, keychain)


def code_of(response: requests.Response) -> tuple[int, Any]:
    return response.status_code, response.json().get("code")


def test_a_good_token_is_good_once(
    caller: Caller, key: SigningKey, hospital: Hospital, central: CentralDatabase
) -> None:
    token = BodySigner(key=key).sign(BODY, audience=AUDIENCE)
    assert caller.push(token).json() == {"results": []}
    assert code_of(caller.push(token)) == (401, "invalid_token")
    with central.superuser() as connection:
        assert rows(connection, "SELECT security_event, risk_level, tenant_id FROM security_audit_logs") == [
            ("sync_token_replayed", "high", hospital.tenant)
        ]


def test_a_token_is_for_its_body_only(caller: Caller, key: SigningKey) -> None:
    token = BodySigner(key=key).sign(BODY, audience=AUDIENCE)
    assert code_of(caller.push(token, b'{"events": []}')) == (401, "invalid_token")
    # And it was not used up by somebody who could not use it.
    assert caller.push(token).status_code == 200


def test_without_a_token_or_with_somebody_elses_nothing_is_taken(caller: Caller, key: SigningKey) -> None:
    assert code_of(caller.push(None)) == (401, "unauthenticated")
    assert code_of(caller.push("nonsense")) == (401, "invalid_token")
    assert code_of(caller.push(ADMINISTRATOR_TOKEN)) == (401, "invalid_token")
    elsewhere = BodySigner(key=key).sign(BODY, audience="another-service")
    assert code_of(caller.push(elsewhere)) == (401, "invalid_token")


def test_a_forged_key_does_not_become_good_by_naming_a_known_one(caller: Caller, key: SigningKey) -> None:
    forged = SigningKey.generate(issuer=key.issuer, lifetime=timedelta(days=1))
    assert code_of(caller.push(BodySigner(key=forged).sign(BODY, audience=AUDIENCE))) == (401, "invalid_token")
    good = BodySigner(key=key).sign(BODY, audience=AUDIENCE).split(".")
    bad = BodySigner(key=forged).sign(BODY, audience=AUDIENCE).split(".")
    assert code_of(caller.push(".".join([good[0], good[1], bad[2]]))) == (401, "invalid_token")
    assert code_of(caller.push(".".join([good[0], bad[1], bad[2]]))) == (401, "invalid_token")


@pytest.mark.parametrize("minutes", [-3, 3])
def test_a_clock_that_is_wrong_is_refused_in_both_directions(caller: Caller, key: SigningKey, minutes: int) -> None:
    signer = BodySigner(key=key, clock=lambda: utc_now() + timedelta(minutes=minutes))
    assert code_of(caller.push(signer.sign(BODY, audience=AUDIENCE))) == (401, "invalid_token")


def test_the_hospital_is_the_keys_whatever_the_body_says(
    caller: Caller, two_hospitals: tuple[Hospital, Hospital], keychain: Keychain, central: CentralDatabase
) -> None:
    here, there = two_hospitals
    patient = uuid4()
    event = (
        f'{{"id":"{uuid4()}","type":"patient.erased","aggregate_type":"patient",'
        f'"aggregate_id":"{patient}","epoch":1,"n":1}}'
    )
    body = f'{{"events":[{event}]}}'.encode()
    token = BodySigner(key=key_of(there, keychain)).sign(body, audience=AUDIENCE)
    assert caller.push(token, body, {"X-Tenant": here.tenant_code}).status_code == 200
    with central.superuser() as connection:
        assert rows(connection, "SELECT tenant_id, patient_local_id FROM patient_tombstones") == [
            (there.tenant, patient)
        ]
    named = f'{{"tenant_id":"{here.tenant}","events":[{event}]}}'.encode()
    token = BodySigner(key=key_of(there, keychain)).sign(named, audience=AUDIENCE)
    assert code_of(caller.push(token, named)) == (422, "invalid_fields")


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        ("UPDATE tenants SET status = 'suspended' WHERE id = %s", (403, "tenant_not_active")),
        ("UPDATE sync_keys SET retired_at = now() WHERE tenant_id = %s", (401, "invalid_token")),
    ],
)
def test_a_suspended_hospital_and_a_retired_key_are_refused(
    caller: Caller,
    two_hospitals: tuple[Hospital, Hospital],
    keychain: Keychain,
    central: CentralDatabase,
    spoil: str,
    expected: tuple[int, str],
) -> None:
    here, there = two_hospitals
    sign: Callable[[Hospital], str] = lambda who: BodySigner(key=key_of(who, keychain)).sign(BODY, audience=AUDIENCE)  # noqa: E731 - only here.
    before, other = sign(here), sign(there)
    with central.superuser() as connection:
        connection.execute(spoil.encode(), (here.tenant,))
    assert code_of(caller.push(before)) == expected
    assert caller.push(other).status_code == 200


def test_bad_bodies(caller: Caller, key: SigningKey) -> None:
    def signed(body: bytes) -> str:
        return BodySigner(key=key).sign(body, audience=AUDIENCE)

    assert code_of(caller.push(signed(b"{"), b"{")) == (422, "invalid_fields")
    assert code_of(caller.push(signed(b"[]"), b"[]")) == (422, "invalid_fields")
    form = caller.push(signed(BODY), headers={"Content-Type": "text/plain"})
    assert code_of(form) == (415, "unsupported_media_type")
    huge = b'{"events":[' + b" " * (17 * 1024 * 1024) + b"]}"
    assert code_of(caller.push(signed(huge), huge)) == (413, "too_large")


def test_a_worker_is_no_administrator_and_an_administrator_no_worker(server: CentralServer, key: SigningKey) -> None:
    token = BodySigner(key=key).sign(b"", audience=AUDIENCE)
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{server.url}/api/v1/sync/dead-letters", headers=headers, timeout=10).status_code == 401
    assert requests.get(f"{server.url}/api/v1/sync/changes", headers=headers, timeout=10).status_code == 200
    headers = {"Authorization": f"Bearer {ADMINISTRATOR_TOKEN}"}
    assert requests.get(f"{server.url}/api/v1/sync/dead-letters", headers=headers, timeout=10).status_code == 200
    assert requests.get(f"{server.url}/api/v1/sync/changes", headers=headers, timeout=10).status_code == 401
