"""The waiting queue as programs meet it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.clinic import Clinic
from tests.support.portals import Portals

PASSWORD = "một mật khẩu thật dài"

Call = Callable[..., Any]


@pytest.fixture
def call(portals: Portals, clinic: Clinic) -> Call:
    """The administrator's program."""
    app: Flask = portals.staff
    client: FlaskClient = app.test_client()
    invite = clinic.hospital.provisioned.invite.token
    accepted = client.post("/api/v1/auth/accept-invite", json={"token": invite, "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {accepted.get_json()['access_token']}"}

    def send(method: str, path: str, json: Any = None, **headers: str) -> Any:
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.open(f"/api/v1/queue{path}", method=method, json=json, headers={**bearer, **more})

    return send


def test_the_story_of_a_number(clinic: Clinic, call: Call) -> None:
    patient = clinic.patient().patient
    body = {"patient_id": str(patient.id), "department_id": str(clinic.department_id), "priority": "pregnant"}
    taken = call("POST", "", body, Idempotency_Key="desk-1")
    assert taken.status_code == 201, taken.text
    entry = taken.get_json()
    assert (entry["number"], entry["status"], entry["priority"]) == (1, "waiting", "pregnant")
    assert taken.headers["Location"] == f"/api/v1/queue/{entry['id']}"
    assert call("POST", "", body, Idempotency_Key="desk-1").get_json() == entry
    again = call("POST", "", body)
    assert (again.status_code, again.get_json()["code"], again.get_json()["number"]) == (409, "already_waiting", 1)

    place = f"/departments/{clinic.department_id}"
    assert [each["id"] for each in call("GET", place).get_json()["waiting"]] == [entry["id"]]
    called = call("POST", f"{place}/call-next", {"room": "P.12"})
    assert (called.get_json()["status"], called.get_json()["room"]) == ("called", "P.12")
    assert call("POST", f"{place}/call-next", {}).get_json()["code"] == "nobody_waiting"
    assert call("POST", f"/{entry['id']}/recall", If_Match='"1"').status_code == 412
    assert call("POST", f"/{entry['id']}/recall", If_Match=called.headers["ETag"]).get_json()["calls"] == 2
    assert call("POST", f"/{entry['id']}/start").get_json()["status"] == "in_room"
    assert call("POST", f"/{entry['id']}/undo").get_json()["status"] == "called"
    assert call("POST", f"/{entry['id']}/miss").get_json()["status"] == "waiting"
    assert call("POST", f"/{entry['id']}/call", {}).get_json()["status"] == "called"
    assert call("POST", f"/{entry['id']}/start").status_code == 200
    done = call("POST", f"/{entry['id']}/finish")
    assert done.get_json()["status"] == "done"
    refused = call("POST", f"/{entry['id']}/leave")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "queue_step_not_allowed")
    assert call("GET", f"/{entry['id']}").get_json()["status"] == "done"
    assert call("GET", "?limit=1").get_json()["items"][0]["id"] == entry["id"]
    assert call("GET", "?status=waiting").get_json()["items"] == []
    figures = call("GET", "/figures").get_json()
    assert figures["departments"][0]["done"] == 1
    assert figures["hours"][0]["taken"] == 1


def test_bad_input_is_named(clinic: Clinic, call: Call) -> None:
    patient = str(clinic.patient().patient.id)
    department = str(clinic.department_id)
    entry = call("POST", "", {"patient_id": patient, "department_id": department}).get_json()
    for method, path, body, field in (
        ("POST", "", {"patient_id": patient, "department_id": department, "priority": "rich"}, "priority"),
        ("POST", "", {"patient_id": patient}, "department_id"),
        ("POST", f"/departments/{department}/call-next", {"room": "x" * 21}, "room"),
        ("POST", f"/{entry['id']}/call", {"doctor_id": patient}, "doctor_id"),
        ("POST", f"/{entry['id']}/transfer", {"department_id": patient}, "department_id"),
        ("GET", "?status=lost", None, "status"),
        ("GET", "/figures?day=2026-11-01", None, "day"),
    ):
        refused = call(method, path, body)
        assert refused.status_code == 422, (path, refused.text)
        assert field in refused.get_json()["errors"]
    assert call("GET", "/departments/018f0000-0000-7000-8000-000000000000").status_code == 404
