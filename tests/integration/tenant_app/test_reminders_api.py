"""Reminders over the API: the same answers as elsewhere, and the other hospital finds nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.clinic import Clinic
from tests.support.reminding import switch_on, wish
from tests.support.staff_api import Caller


@pytest.fixture
def callers(call: Callable[[str], Caller]) -> dict[str, Caller]:
    return {name: call(name) for name in ("admin", "receptionist", "cashier", "other")}


@pytest.fixture
def appointment(clinic: Clinic) -> Any:
    switch_on(clinic, sms_on=True)
    patient = clinic.patient().patient.id
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET email = 'nguoi.benh@vidu.example', phone = '0912345678'")
    return clinic.appointment(patient, start="23:00", end="23:30")


def test_reminders_of_an_appointment(callers: dict[str, Caller], appointment: Any) -> None:
    path = f"/appointments/{appointment.id}/reminders"
    desk = callers["receptionist"]
    planned = desk("GET", path).json["items"]
    assert {(each["channel"], each["status"]) for each in planned} == {("email", "pending"), ("sms", "pending")}
    sent = desk("POST", path, {"channel": "sms"}, Idempotency_Key="mot")
    assert (sent.status_code, sent.json["kind"], sent.json["status"]) == (201, "now", "pending")
    assert desk("POST", path, {"channel": "sms"}, Idempotency_Key="mot").json["id"] == sent.json["id"]
    stopped = desk("POST", f"/reminders/{planned[0]['id']}/stop")
    assert (stopped.status_code, stopped.json["status"], stopped.json["reason"]) == (200, "cancelled", "by_staff")
    refused = desk("POST", f"/reminders/{planned[0]['id']}/stop")
    assert (refused.status_code, refused.json["code"]) == (409, "reminder_gone")
    assert desk("POST", path, {"channel": "fax"}).status_code == 422
    assert desk("GET", "/reminders").json == {"items": [], "next_cursor": None}
    assert len(desk("GET", "/reminders?status=pending&limit=1").json["items"]) == 1


def test_no_reminder_where_the_patient_does_not_want_one(
    callers: dict[str, Caller], clinic: Clinic, appointment: Any
) -> None:
    wish(clinic, appointment.patient_id, email="off")
    refused = callers["admin"]("POST", f"/appointments/{appointment.id}/reminders", {"channel": "email"})
    assert (refused.status_code, refused.json["code"]) == (409, "reminder_not_possible")
    items = callers["admin"]("GET", f"/appointments/{appointment.id}/reminders").json["items"]
    assert {each["obstacle"] for each in items if each["channel"] == "email"} == {"opted_out"}


def test_wishes_and_settings(callers: dict[str, Caller], appointment: Any) -> None:
    admin, desk = callers["admin"], callers["receptionist"]
    path = f"/patients/{appointment.patient_id}/reminder-wishes"
    assert desk("GET", path).json == {"email": None, "sms": None, "language": "vi"}
    assert desk("PUT", path, {"email": "on", "language": "en"}).json == {"email": "on", "sms": None, "language": "en"}
    assert desk("PUT", path, {"email": "perhaps"}).status_code == 422
    found = admin("GET", "/hospital/reminders")
    assert found.json["day_before_at"] == "18:00"
    changed = admin("PATCH", "/hospital/reminders", {"hours_before": 4}, If_Match=found.headers["ETag"])
    assert (changed.status_code, changed.json["hours_before"]) == (200, 4)
    assert admin("PATCH", "/hospital/reminders", {"hours_before": 5}).status_code == 428
    assert admin("PATCH", "/hospital/reminders", {"hours_before": 5}, If_Match=found.headers["ETag"]).status_code == 412
    fresh = changed.headers["ETag"]
    assert admin("PATCH", "/hospital/reminders", {"hours_before": 99}, If_Match=fresh).status_code == 422
    assert desk("PATCH", "/hospital/reminders", {"hours_before": 3}, If_Match=fresh).status_code == 403
    test = admin("POST", "/hospital/reminders/tests", {"channel": "email", "to": "toi@vidu.example"})
    assert (test.status_code, test.json["kind"]) == (201, "test")


def test_the_other_hospital_and_who_may_not(callers: dict[str, Caller], appointment: Any) -> None:
    desk, other = callers["receptionist"], callers["other"]
    path = f"/appointments/{appointment.id}/reminders"
    reminder = desk("GET", path).json["items"][0]["id"]
    for method, where, body in (
        ("GET", path, None),
        ("POST", path, {"channel": "email"}),
        ("POST", f"/reminders/{reminder}/stop", None),
        ("POST", f"/reminders/{reminder}/again", None),
        ("GET", f"/patients/{appointment.patient_id}/reminder-wishes", None),
        ("PUT", f"/patients/{appointment.patient_id}/reminder-wishes", {"email": "on"}),
        ("POST", f"/appointments/{appointment.id}/came", None),
    ):
        assert other(method, where, body).status_code == 404, where
    assert callers["cashier"]("POST", f"/reminders/{reminder}/stop").status_code == 403
    assert callers["cashier"]("GET", "/reminders").status_code == 403
