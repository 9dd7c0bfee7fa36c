"""Schedules, exceptions, free times and moves over the API."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kernel.clock import local_today
from kernel.web.api import write_cursor
from tenant_app.calendar.public import WEEKDAYS
from tests.support.clinic import Clinic, tomorrow
from tests.support.schedules import away, hours
from tests.support.staff_api import Caller

Call = Callable[[str], Caller]


def week_body(clinic: Clinic, **changed: Any) -> dict[str, Any]:
    return {
        "doctor_id": str(clinic.doctor_id),
        "department_id": str(clinic.department_id),
        "weekday": WEEKDAYS[tomorrow().weekday()],
        "start_time": "08:00",
        "end_time": "10:00",
        "slot_minutes": 20,
        "valid_from": local_today().isoformat(),
        **changed,
    }


def test_hours_are_added_once_changed_by_etag_and_taken_out(clinic: Clinic, call: Call) -> None:
    admin, desk, other = call("admin"), call("receptionist"), call("other")
    made = admin("POST", "/schedules", week_body(clinic), Idempotency_Key="hours-1")
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"'), made.json
    assert made.json["weekday"] == WEEKDAYS[tomorrow().weekday()]
    assert admin("POST", "/schedules", week_body(clinic), Idempotency_Key="hours-1").json == made.json
    assert admin("POST", "/schedules", week_body(clinic)).json["code"] == "schedule_overlaps"
    path = f"/schedules/{made.json['id']}"
    assert desk("GET", path).json == made.json
    free = desk("GET", f"/appointments/free-times?doctor_id={clinic.doctor_id}&date={tomorrow()}").json["items"]
    assert free[0] == {"start_time": "08:00", "end_time": "08:20", "department_id": str(clinic.department_id)}
    assert admin("PATCH", path, {"slot_minutes": 30}).status_code == 428
    changed = admin("PATCH", path, {"slot_minutes": 30, "valid_until": None}, If_Match='"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert admin("PATCH", path, {"slot_minutes": 40}, If_Match='"1"').status_code == 412
    assert admin("PATCH", path, {"end_time": "07:00"}, If_Match='"2"').json["errors"].keys() == {"end_time"}
    listed = desk("GET", f"/schedules?doctor_id={clinic.doctor_id}&since={local_today()}").json
    assert [row["slot_minutes"] for row in listed["items"]] == [30]
    for method, address, sent in (
        ("GET", path, None),
        ("PATCH", path, {"slot_minutes": 15}),
        ("DELETE", path, None),
    ):
        assert other(method, address, sent, If_Match='"2"').status_code == 404
        if method != "GET":
            assert desk(method, address, sent, If_Match='"2"').status_code == 403
    assert other("GET", "/schedules").json["items"] == []
    assert admin("DELETE", path).status_code == 204
    assert admin("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"weekday": "monday"}, "weekday"),
        ({"start_time": "22:00", "end_time": "02:00"}, "end_time"),
        ({"slot_minutes": 0}, "slot_minutes"),
        ({"slot_minutes": "20"}, "slot_minutes"),
        ({"valid_until": "2020-01-01"}, "valid_until"),
        ({"doctor_id": "00000000-0000-7000-8000-000000000000"}, "doctor_id"),
        ({"version": 7}, "version"),
    ],
)
def test_hours_of_another_shape_are_refused(clinic: Clinic, call: Call, changed: dict[str, Any], field: str) -> None:
    refused = call("admin")("POST", "/schedules", week_body(clinic, **changed))
    assert (refused.status_code, set(refused.json["errors"])) == (422, {field})


def test_what_no_calendar_holds_is_refused(clinic: Clinic, call: Call) -> None:
    hours(clinic)
    desk = call("receptionist")
    path = f"/appointments/free-times?doctor_id={clinic.doctor_id}"
    for day in ("9999-12-31", "0001-01-01"):
        refused = desk("GET", f"{path}&date={day}&minutes=480")
        assert (refused.status_code, set(refused.json["errors"])) == (422, {"date"})
    for weekday in ("7", "-1", "9" * 30, "x"):
        cursor = write_cursor(weekday, "08:00:00", clinic.doctor_id)
        refused = desk("GET", f"/schedules?cursor={cursor}")
        assert (refused.status_code, set(refused.json["errors"])) == (422, {"cursor"})
    assert desk("GET", f"/schedules?cursor={write_cursor('6', '23:00:00', clinic.doctor_id)}").json["items"] == []


def test_exceptions_and_who_reads_why(clinic: Clinic, call: Call) -> None:
    admin, doctor, desk, other = call("admin"), call("doctor"), call("receptionist"), call("other")
    body = {
        "doctor_id": str(clinic.doctor_id),
        "kind": "away",
        "reason": "sick",
        "note": "Sốt",
        "first_day": tomorrow().isoformat(),
    }
    assert desk("POST", "/schedule-exceptions", body).status_code == 403
    assert doctor("POST", "/schedule-exceptions", body).status_code == 403, "a colleague's"
    made = admin("POST", "/schedule-exceptions", body, Idempotency_Key="away-1")
    assert made.status_code == 201, made.json
    assert admin("POST", "/schedule-exceptions", body, Idempotency_Key="away-1").json == made.json
    path = f"/schedule-exceptions/{made.json['id']}"
    assert (admin("GET", path).json["reason"], admin("GET", path).json["note"]) == ("sick", "Sốt")
    for reader in (desk, doctor):
        assert reader("GET", path).json["reason"] is None
        (row,) = reader("GET", f"/schedule-exceptions?doctor_id={clinic.doctor_id}").json["items"]
        assert (row["reason"], row["note"], row["kind"]) == (None, None, "away")
    assert other("GET", path).status_code == 404
    assert other("DELETE", path).status_code == 404
    assert doctor("DELETE", path).status_code == 403
    wrong = admin("POST", "/schedule-exceptions", {**body, "kind": "extra"})
    assert set(wrong.json["errors"]) == {"reason", "start_time", "department_id"}
    assert admin("DELETE", path).status_code == 204
    assert admin("GET", "/schedule-exceptions").json == {"items": [], "next_cursor": None}


def test_an_appointment_is_moved_with_its_etag(clinic: Clinic, call: Call) -> None:
    desk, other, cashier = call("receptionist"), call("other"), call("cashier")
    visit = clinic.appointment(clinic.patient().patient.id)
    path = f"/appointments/{visit.id}/move"
    to = {"appointment_date": tomorrow().isoformat(), "start_time": "10:00", "end_time": "10:30", "reason": "Bận"}
    assert cashier("POST", path, to, If_Match='"1"').status_code == 403
    assert other("POST", path, to, If_Match='"1"').status_code == 404
    assert desk("POST", path, to).status_code == 428
    assert desk("POST", path, {**to, "status": "completed"}, If_Match='"1"').status_code == 422
    moved = desk("POST", path, to, If_Match='"1"')
    assert (moved.status_code, moved.headers["ETag"], moved.json["start_time"]) == (200, '"2"', "10:00")
    assert desk("POST", path, {**to, "start_time": "09:00"}, If_Match='"1"').json["code"] == "changed_meanwhile"
    clinic.appointment(visit.patient_id)
    taken = desk("POST", path, {**to, "start_time": "09:00"}, If_Match='"2"')
    assert (taken.status_code, taken.json["code"]) == (409, "slot_taken")
    (told,) = desk("GET", f"/appointments/{visit.id}/moves").json["items"]
    assert (told["from_start"], told["to_start"], told["reason"]) == ("09:00", "10:00", "Bận")
    assert other("GET", f"/appointments/{visit.id}/moves").status_code == 404


def test_outside_the_schedule_it_needs_a_reason_and_what_is_hit_is_listed(clinic: Clinic, call: Call) -> None:
    desk, other = call("receptionist"), call("other")
    visit = clinic.appointment(clinic.patient().patient.id)
    hours(clinic, "13:00", "15:00")
    away(clinic, tomorrow() + timedelta(days=1))
    address = f"/appointments/to-move?doctor_id={clinic.doctor_id}"
    assert [row["id"] for row in desk("GET", address).json["items"]] == [str(visit.id)]
    assert other("GET", address).json["items"] == []
    to = {"appointment_date": tomorrow().isoformat(), "start_time": "15:00", "end_time": "15:30"}
    path = f"/appointments/{visit.id}/move"
    refused = desk("POST", path, to, If_Match='"1"')
    assert (refused.status_code, refused.json["code"]) == (409, "outside_schedule")
    moved = desk("POST", path, {**to, "outside_reason": "Đã hẹn với bác sĩ"}, If_Match='"1"')
    assert moved.json["outside_reason"] == "Đã hẹn với bác sĩ"
    assert desk("GET", address).json["items"] == []
    free = f"/appointments/free-times?doctor_id={clinic.doctor_id}&date="
    assert desk("GET", f"{free}{tomorrow() + timedelta(days=1)}").json["items"] == []
    assert desk("GET", f"{free}{tomorrow()}&minutes=60").json["items"][-1]["start_time"] == "14:00"
    assert desk("GET", f"{free}x").status_code == 422
