"""The hospital's API as programs meet it: codes of errors, entity tags, repeated requests, the other hospital."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from kernel.ids import new_row_id
from manage.demo.people import person
from tests.support.clinic import Clinic, tomorrow
from tests.support.staff_api import Caller, registration_body


def _booking(clinic: Clinic, patient: str, **changed: Any) -> dict[str, Any]:
    return {
        "patient_id": patient,
        "doctor_id": str(clinic.doctor_id),
        "department_id": str(clinic.department_id),
        "appointment_date": tomorrow().isoformat(),
        "start_time": "09:00",
        "end_time": "09:30",
        "appointment_type": "consultation",
        **changed,
    }


def test_the_story_of_a_patient(clinics: tuple[Clinic, Clinic], call: Callable[[str], Caller]) -> None:
    """Registered, found, changed, given a code, booked, seen; at the other hospital each of these is a 404."""
    clinic, _ = clinics
    desk, other = call("receptionist"), call("other")
    who = person()
    made = desk("POST", "/patients", registration_body(who))
    assert made.status_code == 201, made.json
    assert made.headers["ETag"] == '"1"'
    patient = made.json["id"]
    assert made.headers["Location"].endswith(patient)
    assert {"patient_code", "patient_global_id", "global_id_state"} <= set(made.json)
    assert made.json["cccd"] == who.cccd
    read = desk("GET", f"/patients/{patient}")
    assert (read.status_code, read.json) == (200, made.json)
    assert read.headers["Cache-Control"] == "no-store"
    found = desk("POST", "/patients/search", {"query": who.full_name.split()[-1]})
    assert [row["id"] for row in found.json["items"]] == [patient]
    assert who.cccd not in found.text
    changed = desk("PATCH", f"/patients/{patient}", {"address": "12 Lê Lợi, Huế"}, If_Match='"1"')
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    code = desk("POST", f"/patients/{patient}/portal-invite")
    assert code.json["activation_code"].startswith(f"{clinic.hospital.tenant_code}.")
    booked = desk("POST", "/appointments", _booking(clinic, patient))
    assert booked.status_code == 201, booked.json
    appointment = booked.json["id"]
    assert (booked.json["start_time"], booked.json["status"]) == ("09:00", "scheduled")
    assert desk("POST", f"/appointments/{appointment}/confirm").json["status"] == "confirmed"
    doctor = call("doctor")
    assert doctor("POST", f"/appointments/{appointment}/start").json["status"] == "in_progress"
    assert doctor("POST", f"/appointments/{appointment}/complete").json["status"] == "completed"
    day = desk("GET", f"/appointments?date={tomorrow()}&doctor_id={clinic.doctor_id}")
    assert [row["id"] for row in day.json["items"]] == [appointment]
    seen = call("admin")("GET", f"/patients/{patient}/accesses")
    assert {row["action"] for row in seen.json["items"]} >= {"patient.register", "patient.read", "appointment.book"}

    for method, path, body in (
        ("GET", f"/patients/{patient}", None),
        ("PATCH", f"/patients/{patient}", {"address": "x"}),
        ("POST", f"/patients/{patient}/portal-invite", None),
        ("GET", f"/patients/{patient}/accesses", None),
        ("GET", f"/appointments/{appointment}", None),
        ("POST", f"/appointments/{appointment}/confirm", None),
        ("POST", f"/appointments/{appointment}/cancel", {"reason": "x"}),
        ("GET", f"/users/{clinic.doctor_id}", None),
    ):
        foreign = other(method, path, body, If_Match='"1"')
        unknown = other(method, path.replace(path.split("/")[2], str(uuid4())), body, If_Match='"1"')
        assert (foreign.status_code, foreign.json["code"]) == (404, "not_found"), path
        assert {**foreign.json, "request_id": None} == {**unknown.json, "request_id": None}
    assert other("POST", "/patients/search", {"query": who.full_name}).json["items"] == []
    assert other("GET", f"/appointments?patient_id={patient}").json["items"] == []
    refused = other("POST", "/appointments", _booking(clinic, patient))
    assert (refused.status_code, set(refused.json["errors"])) == (
        422,
        {"patient_id", "doctor_id", "department_id"},
    )


@pytest.mark.parametrize(
    "planted",
    [
        {"id": str(new_row_id())},
        {"status": "deceased"},
        {"version": 7},
        {"patient_code": "BN-1"},
        {"patient_global_id": str(new_row_id())},
        {"global_id_state": "settled"},
        {"search_key": "x"},
        {"created_by": str(new_row_id())},
        {"tenant_id": str(new_row_id())},
    ],
)
def test_nobody_sets_what_is_not_theirs(call: Callable[[str], Caller], planted: dict[str, Any]) -> None:
    """Mass assignment is refused by name, at registration and at a change."""
    desk = call("receptionist")
    form = registration_body(person())
    refused = desk("POST", "/patients", form | planted)
    assert (refused.status_code, set(refused.json["errors"])) == (422, set(planted))
    patient = desk("POST", "/patients", form).json["id"]
    refused = desk("PATCH", f"/patients/{patient}", planted, If_Match='"1"')
    assert (refused.status_code, set(refused.json["errors"])) == (422, set(planted))
    assert desk("GET", f"/patients/{patient}").json["version"] == 1


@pytest.mark.parametrize("planted", [{"status": "completed"}, {"source": "web_portal"}, {"id": str(new_row_id())}])
def test_nor_of_an_appointment(clinic: Clinic, call: Callable[[str], Caller], planted: dict[str, Any]) -> None:
    """The same for a booking."""
    patient = str(clinic.patient().patient.id)
    refused = call("receptionist")("POST", "/appointments", _booking(clinic, patient, **planted))
    assert (refused.status_code, set(refused.json["errors"])) == (422, set(planted))


def test_bad_input(clinic: Clinic, call: Callable[[str], Caller], app: Flask) -> None:
    """Each kind has its status and code, and fields are named."""
    desk = call("receptionist")
    client: Any = app.test_client()
    headers = {"X-Test-Actor": "receptionist"}
    broken = client.post("/api/v1/patients", data="{", content_type="application/json", headers=headers)
    assert (broken.status_code, broken.json["code"]) == (400, "invalid_request")
    form = client.post("/api/v1/patients", data={"full_name": "x"}, headers=headers)
    assert (form.status_code, form.json["code"]) == (415, "unsupported_media_type")
    large = client.post("/api/v1/patients", data=b" " * 2_000_000, content_type="application/json", headers=headers)
    assert (large.status_code, large.json["code"]) == (413, "too_large")
    empty = desk("POST", "/patients", {})
    assert set(empty.json["errors"]) == {"full_name", "date_of_birth", "gender"}
    wrong = desk("POST", "/patients", registration_body(person()) | {"cccd": "12", "phone": "1"})
    assert (wrong.status_code, set(wrong.json["errors"])) == (422, {"cccd", "phone"})
    # What the schema refuses and what the rules refuse come in one answer, when registering and when changing.
    both = {
        "full_name": "",
        "gender": "x",
        "cccd": "001234567890",
        "bhyt": "1",
        "phone": "1",
        "date_of_birth": "2199-01-01",
    }
    for method, path in (("POST", "/patients"), ("PATCH", f"/patients/{uuid4()}")):
        wrong = desk(method, path, both, If_Match='"1"')
        assert (wrong.status_code, set(wrong.json["errors"])) == (422, set(both))
    nothing = client.post("/api/v1/patients", json=[], headers=headers)
    assert (nothing.status_code, set(nothing.json["errors"])) == (422, {"_schema"})
    assert desk("POST", "/patients/search", {"query": " "}).json["errors"].keys() == {"query"}
    assert desk("GET", "/appointments?day=2026-01-01").status_code == 422
    assert desk("GET", "/appointments?limit=1000").json["errors"].keys() == {"limit"}
    assert desk("GET", "/appointments?cursor=abc").json["errors"].keys() == {"cursor"}
    patient = str(clinic.patient().patient.id)
    late = desk("POST", "/appointments", _booking(clinic, patient, start_time="10:00", end_time="09:00"))
    assert (late.status_code, set(late.json["errors"])) == (422, {"end_time"})


def test_conflicts(clinic: Clinic, call: Callable[[str], Caller]) -> None:
    """409 with a code that says which, 412 and 428 for a stale or missing version."""
    desk = call("receptionist")
    who = person(gender="female")
    patient = desk("POST", "/patients", registration_body(who)).json["id"]
    again = desk("POST", "/patients", registration_body(who))
    assert (again.status_code, again.json["code"], again.json["patient_id"]) == (409, "identifier_in_use", patient)
    mismatch = desk("POST", "/patients", registration_body(person(gender="female")) | {"gender": "male"})
    assert (mismatch.status_code, mismatch.json["code"]) == (422, "mismatch_to_confirm")
    confirmed = registration_body(person(gender="female")) | {"gender": "male", "confirm_mismatch": True}
    assert desk("POST", "/patients", confirmed).status_code == 201
    assert desk("PATCH", f"/patients/{patient}", {"address": "x"}).json["code"] == "precondition_required"
    stale = desk("PATCH", f"/patients/{patient}", {"address": "x"}, If_Match='"9"')
    assert (stale.status_code, stale.json["code"]) == (412, "changed_meanwhile")
    assert desk("POST", "/appointments", _booking(clinic, patient)).status_code == 201
    taken = desk("POST", "/appointments", _booking(clinic, patient, start_time="09:15", end_time="09:45"))
    assert (taken.status_code, taken.json["code"]) == (409, "slot_taken")


def test_the_same_request_twice_creates_once(clinic: Clinic, call: Callable[[str], Caller]) -> None:
    """The same answer again; another body under the key is refused; a secret is not kept for the second answer."""
    desk, admin = call("receptionist"), call("admin")
    form = registration_body(person())
    first = desk("POST", "/patients", form, Idempotency_Key="k-1")
    second = desk("POST", "/patients", form, Idempotency_Key="k-1")
    assert (second.status_code, second.json, second.headers["ETag"]) == (201, first.json, '"1"')
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.headers["Location"] == second.headers["Location"] == f"/api/v1/patients/{first.json['id']}"
    reused = desk("POST", "/patients", registration_body(person()), Idempotency_Key="k-1")
    assert (reused.status_code, reused.json["code"]) == (409, "idempotency_key_reused")
    booking = _booking(clinic, first.json["id"])
    booked = [desk("POST", "/appointments", booking, Idempotency_Key="k-2") for _ in range(2)]
    assert booked[0].json == booked[1].json
    for answer in booked:
        assert answer.headers["ETag"] == '"1"'
        assert answer.headers["Location"] == f"/api/v1/appointments/{booked[0].json['id']}"
    user = {"username": "dd.lan", "email": "lan@benhvien.example", "full_name": "Vũ Thị Lan", "role": "nurse"}
    invited = [admin("POST", "/users", user, Idempotency_Key="k-3") for _ in range(2)]
    assert invited[0].json["invite"]["token"].startswith(clinic.hospital.tenant_code)
    assert invited[1].json == {**invited[0].json, "invite": None}
    with clinic.hospital.connect("app") as connection:
        kept = connection.execute("SELECT string_agg(body, '') FROM idempotency_keys").fetchone()
    assert kept is not None
    assert invited[0].json["invite"]["token"].split(".")[1] not in kept[0]


def test_roles_and_permissions(call: Callable[[str], Caller]) -> None:
    """A cashier sees and changes nothing; nobody is answered 401; who one is and what one may is told."""
    cashier = call("cashier")
    assert cashier("GET", "/me").json["role"] == "cashier"
    assert cashier("POST", "/patients", registration_body(person())).status_code == 403
    assert cashier("POST", "/users", {}).json["code"] == "forbidden"
    assert call("nobody")("GET", "/me").status_code == 401
    me = call("admin")("GET", "/me").json
    assert "patient.register" in me["permissions"]
    assert me["tenant_code"].startswith("bv-")
    assert call("doctor")("GET", "/hospital").json["name"] == "Bệnh viện Đa khoa Hồng Hà"


def test_the_hospitals_details(call: Callable[[str], Caller]) -> None:
    """Changed with If-Match by administrators; at the other hospital nothing changes."""
    admin = call("admin")
    seen = admin("GET", "/hospital")
    assert seen.headers["ETag"] == f'"{seen.json["version"]}"'
    tag = seen.headers["ETag"]
    changed = admin("PATCH", "/hospital", {"phone": "1900 1234", "tax_code": "0101234567"}, If_Match=tag)
    assert (changed.status_code, changed.json["phone"]) == (200, "19001234")
    assert changed.headers["ETag"] != tag
    assert admin("PATCH", "/hospital", {"phone": None}, If_Match=tag).status_code == 412
    assert admin("PATCH", "/hospital", {"phone": None}).json["code"] == "precondition_required"
    wrong = admin("PATCH", "/hospital", {"website": "ftp://x", "name": "Khác"}, If_Match=changed.headers["ETag"])
    assert wrong.status_code == 422
    emptied = admin("PATCH", "/hospital", {"phone": None}, If_Match=changed.headers["ETag"])
    assert (emptied.json["phone"], emptied.json["tax_code"]) == (None, "0101234567")
    assert call("doctor")("PATCH", "/hospital", {"phone": None}, If_Match=tag).status_code == 403
    assert call("other")("GET", "/hospital").json["tax_code"] is None


def test_hours_and_holidays(call: Callable[[str], Caller]) -> None:
    """Hours with the hospital's details; holidays made once, listed, taken out, and never the other hospital's."""
    admin, other = call("admin"), call("other")
    tag = admin("GET", "/hospital").headers["ETag"]
    wrong = admin("PATCH", "/hospital", {"business_hours": {"mon": [["9", "8"]]}}, If_Match=tag)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["business_hours_mon"])
    changed = admin("PATCH", "/hospital", {"business_hours": {"mon": [["07:00", "11:00"]]}}, If_Match=tag)
    assert changed.json["business_hours"]["mon"] == [["07:00", "11:00"]]
    assert changed.json["business_hours"]["sun"] == []
    body = {"name": "Họp toàn viện", "first_day": "2027-03-01", "start_time": "07:00", "end_time": "09:00"}
    made = [admin("POST", "/holidays", body, Idempotency_Key="h-1") for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0].json == made[1].json
    assert admin("POST", "/holidays", body).json["code"] == "holiday_exists"
    assert admin("POST", "/holidays", {**body, "last_day": "2027-01-01"}).status_code == 422
    assert call("doctor")("POST", "/holidays", body).status_code == 403
    listed = call("doctor")("GET", "/holidays?since=2027-03-01&limit=1").json
    assert [row["start_time"] for row in listed["items"]] == ["07:00"]
    assert "Tết Dương lịch" in {row["name"] for row in admin("GET", "/holidays/public").json["items"]}
    path = f"/holidays/{made[0].json['id']}"
    assert other("DELETE", path).status_code == 404
    assert other("GET", "/holidays").json["items"] == []
    assert [admin("DELETE", path).status_code for _ in range(2)] == [204, 404]


def test_staff_and_departments(clinic: Clinic, call: Callable[[str], Caller]) -> None:
    """As the contract has it."""
    admin = call("admin")
    made = admin("POST", "/departments", {"code": "NHI", "name": "Khoa Nhi"})
    assert (made.status_code, made.json["code"]) == (201, "NHI")
    taken = admin("POST", "/departments", {"code": "nhi", "name": "Khoa Nhi"})
    assert (taken.status_code, taken.json["code"]) == (409, "department_code_taken")
    assert [row["code"] for row in admin("GET", "/departments").json["items"]] == ["NHI", "NOI"]
    body = {
        "username": "bs.dung",
        "email": "dung@benhvien.example",
        "full_name": "Phạm Quang Dũng",
        "role": "doctor",
        "department_id": made.json["id"],
    }
    user = admin("POST", "/users", body)
    assert user.status_code == 201, user.json
    assert (user.json["status"], user.json["department_name"]) == ("invited", "Khoa Nhi")
    assert admin("GET", f"/users/{user.json['id']}").json["username"] == "bs.dung"
    assert admin("POST", f"/users/{user.json['id']}/invite").json["token"] != user.json["invite"]["token"]
    doctors = admin("GET", "/users?role=doctor&status=active").json["items"]
    assert str(clinic.doctor_id) in {row["id"] for row in doctors}


def test_the_document_names_every_call(app: Flask) -> None:
    """OpenAPI 3.1, each operation with its answers."""
    document = app.test_client().get("/api/openapi.json").json
    assert document is not None
    assert document["openapi"].startswith("3.1")
    assert {"/api/v1/patients", "/api/v1/appointments/{appointment_id}/cancel"} <= set(document["paths"])
