"""Mass assignment: what a body does not name is refused, on every route of every portal that takes one.

The routes are read from the apps and what they take from their OpenAPI documents, so that a new one cannot be left out.
Where a body does name something that sounds dangerous, it stands below, and somebody thought about it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import update

from central import roles
from central.auth.administrators import AdministratorSignIn, create_administrator
from kernel.passwords import Passwords
from keys.public import LocalKeyring
from tenant_app.staff.models import Role
from tenant_app.staff.permissions import PERMISSIONS
from tests.support.clinic import open_clinic
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.patient_portal import patient_portal
from tests.support.portals import Portals

PASSWORD: Final = "một mật khẩu thật dài"
DANGEROUS: Final = (
    *("id", "tenant_id", "tenant", "tenant_code", "role", "roles", "role_ids", "permissions", "is_admin"),
    *("version", "status", "source", "created_at", "created_by", "updated_at", "updated_by", "deleted_at"),
    *("patient_id", "patient_global_id", "patient_code", "user_id", "account_id", "actor_id", "doctor_id"),
    *("password_hash", "mfa_enabled", "failed_login_attempts", "locked_until", "confirmed_by", "cancelled_by"),
    *("number", "queue_day", "taken_at", "appointment_code", "is_prepaid", "started_at", "completed_at", "no_show_at"),
)
# Bodies that name one of them: it is what the call is about, and what it may be is judged by the service.
CONSOLE: Final = {"POST /api/v1/tenants": {"tenant_code"}}
PATIENT: Final = {
    "POST /api/v1/auth/login": {"tenant"},
    "POST /api/v1/hospitals/{tenant_code}/appointments": {"doctor_id"},
}
STAFF: Final = {
    "POST /api/v1/auth/login": {"tenant"},
    "POST /api/v1/users": {"role"},
    "PATCH /api/v1/users/{user_id}": {"role", "role_ids"},
    "POST /api/v1/roles": {"permissions"},
    "PATCH /api/v1/roles/{role_id}": {"permissions"},
    "POST /api/v1/patients/search": {"status"},
    "POST /api/v1/patients/{patient_id}/insurance-cards": {"number"},
    "POST /api/v1/patients/{patient_id}/status": {"status"},
    "POST /api/v1/appointments": {"doctor_id", "patient_id"},
    "POST /api/v1/appointments/{appointment_id}/move": {"doctor_id"},
    "POST /api/v1/schedules": {"doctor_id"},
    "POST /api/v1/schedule-exceptions": {"doctor_id"},
    "POST /api/v1/queue": {"patient_id"},
    "POST /api/v1/queue/departments/{department_id}/call-next": {"doctor_id"},
    "POST /api/v1/queue/{entry_id}/call": {"doctor_id"},
}
# Read by msgspec, strictly, and signed: tests/integration/sync.
OTHER_FORMS: Final = {"POST /api/v1/sync/batches"}


@dataclass(frozen=True, kw_only=True)
class Door:
    """A call with a JSON body, and the names that its body has."""

    call: str
    path: str
    method: str
    names: frozenset[str]


def doors(app: Flask) -> Iterator[Door]:
    """Every call of an app that takes a JSON body."""
    document = app.test_client().get("/api/openapi.json").get_json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}) if isinstance(operation, dict) else {}
            call = f"{method.upper()} {path}"
            if "application/json" in content and call not in OTHER_FORMS:
                schema = _resolved(document, content["application/json"]["schema"])
                address = re.sub(r"{[^}]+}", str(uuid4()), path)
                yield Door(call=call, path=address, method=method.upper(), names=frozenset(schema["properties"]))


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def refusals(app: Flask, bearer: dict[str, str], *, in_place: dict[str, str] | None = None) -> dict[str, set[str]]:
    """Send each dangerous name to each call; what calls name them, after all others have been refused by name."""
    client = app.test_client()
    named: dict[str, set[str]] = {}
    # The documents are complete: a guard holds them against the routes.
    for door in doors(app):
        path = door.path
        for placeholder, value in (in_place or {}).items():
            path = re.sub(placeholder, value, path)
        for name in DANGEROUS:
            if name in door.names:
                named.setdefault(door.call, set()).add(name)
                continue
            headers = {**bearer, "If-Match": '"1"', "Accept-Language": "en"}
            answer = client.open(path, method=door.method, json={name: "x"}, headers=headers)
            assert answer.status_code == 422, (door.call, name, answer.status_code, answer.text[:300])
            assert name in answer.get_json()["errors"], (door.call, name, answer.text[:300])
    return named


def test_staff(portals: Portals, two_hospitals: tuple[Hospital, Hospital]) -> None:
    hospital = two_hospitals[0]
    token = hospital.provisioned.invite.token
    entered = portals.staff.test_client().post(
        "/api/v1/auth/accept-invite", json={"token": token, "password": PASSWORD}
    )
    with hospital.unit_of_work() as uow:
        uow.session.execute(update(Role).where(Role.name == "admin").values(permissions=sorted(PERMISSIONS)))
        uow.commit()
    bearer = {"Authorization": f"Bearer {entered.get_json()['access_token']}"}
    found = refusals(portals.staff, bearer)
    assert found == STAFF


def test_console(portals: Portals, central: CentralDatabase) -> None:
    with central.database(roles.CONSOLE).unit_of_work() as uow:
        _, invite = create_administrator(
            uow=uow,
            signing_in=AdministratorSignIn(Passwords(memory_kib=8, passes=1, lanes=1)),
            username="quan-tri",
            email="quan-tri@sokham.example",
            full_name="Quản Trị",
            role="super_admin",
        )
        uow.commit()
    client = portals.console.test_client()
    entered = client.post("/api/v1/auth/accept-invite", json={"token": invite.secret.text, "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {entered.get_json()['access_token']}"}
    found = refusals(portals.console, bearer)
    assert found == CONSOLE


def test_patients(
    central: CentralDatabase,
    two_hospitals: tuple[Hospital, Hospital],
    keys: LocalKeyring,
    keyring_path: Path,
    redis_url: str,
    tmp_path: Path,
) -> None:
    clinics = (open_clinic(two_hospitals[0]), open_clinic(two_hospitals[1]))
    with patient_portal(
        central=central, clinics=clinics, keys=keys, keyring_path=keyring_path, folder=tmp_path, redis_url=redis_url
    ) as portal:
        member = portal.activated(clinics[0])
        bearer = {"Authorization": f"Bearer {member.tokens['access_token']}"}
        code = clinics[0].hospital.tenant_code
        found = refusals(portal.app, bearer, in_place={"(?<=/hospitals/)[0-9a-f-]{36}": code})
    assert found == PATIENT


@pytest.mark.parametrize("package", ["central", "tenant_app", "patient_portal"])
def test_pages_and_calls_read_what_they_name(package: str) -> None:
    """Nothing takes a form or a body as a whole: without a schema, each field is asked for by its name."""
    whole = re.compile(r"\*\*request\.|\bget_json\(|request\.json\b")
    for path in sorted((Path(__file__).parents[2] / package).rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not whole.search(line), f"{path}:{number}"
