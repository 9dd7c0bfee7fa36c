"""The hospital's API as programs meet it: codes of errors, entity tags, repeated requests, the other hospital.

Signing in has its own tests; here a gatekeeper stands in that opens the transaction of whoever the header names, with
the permissions of their role, on the real database under the real role.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

import tenant_app
from kernel.errors import Unauthenticated
from kernel.ids import new_row_id
from kernel.settings import Settings
from kernel.web import api
from kernel.web.access import Access
from kernel.web.actor import Actor
from kernel.web.app import Portal, base_app, finish
from kernel.web.collaborators import hold_unit_of_work
from manage.demo.people import Person, person
from tenant_app.api import BLUEPRINTS
from tests.support.clinic import Clinic, tomorrow


@dataclass
class NamedGatekeeper:
    """Admits whom the header names."""

    people: dict[str, tuple[Clinic, Actor]]

    def admit(self, access: Access) -> Actor:
        del access
        found = self.people.get(request.headers.get("X-Test-Actor", ""))
        if found is None:
            raise Unauthenticated
        clinic, actor = found
        hold_unit_of_work(clinic.uow())
        return actor


class Caller:
    """Somebody who calls the API."""

    def __init__(self, client: FlaskClient, name: str) -> None:
        self._client = client
        self._name = name

    def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.open(
            f"/api/v1{path}", method=method, json=json, headers={"X-Test-Actor": self._name, **names}
        )


@pytest.fixture
def people(clinics: tuple[Clinic, Clinic]) -> dict[str, tuple[Clinic, Actor]]:
    """The administrators of both hospitals, and one colleague in each role at the first."""
    clinic, other = clinics
    roles = {role: (clinic, clinic.actor(role)) for role in ("doctor", "receptionist", "cashier")}
    return {"admin": (clinic, clinic.admin), "other": (other, other.admin), **roles}


@pytest.fixture
def app(people: dict[str, tuple[Clinic, Actor]]) -> Flask:
    """The API's blueprints in an app."""
    portal = Portal(name="staff", title="Hospital", package=Path(tenant_app.__file__).parent)
    made = base_app(portal, Settings(cookie_secret="test"))
    documented = api.install(made, title="Sokham: hospital")
    for blueprint in BLUEPRINTS:
        documented.register_blueprint(blueprint)
    return finish(made, gatekeeper=NamedGatekeeper(people))


@pytest.fixture
def call(app: Flask) -> Callable[[str], Caller]:
    """`call("admin")("GET", "/me")`."""
    client = app.test_client()
    return lambda name: Caller(client, name)


def _form(who: Person) -> dict[str, Any]:
    return {
        "full_name": who.full_name,
        "cccd": who.cccd,
        "date_of_birth": who.date_of_birth.isoformat(),
        "gender": who.gender,
        "phone": who.phone,
    }


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
    made = desk("POST", "/patients", _form(who))
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
    form = _form(person())
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
    wrong = desk("POST", "/patients", _form(person()) | {"cccd": "12", "phone": "1"})
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
    patient = desk("POST", "/patients", _form(who)).json["id"]
    again = desk("POST", "/patients", _form(who))
    assert (again.status_code, again.json["code"], again.json["patient_id"]) == (409, "identifier_in_use", patient)
    mismatch = desk("POST", "/patients", _form(person(gender="female")) | {"gender": "male"})
    assert (mismatch.status_code, mismatch.json["code"]) == (422, "mismatch_to_confirm")
    confirmed = _form(person(gender="female")) | {"gender": "male", "confirm_mismatch": True}
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
    form = _form(person())
    first = desk("POST", "/patients", form, Idempotency_Key="k-1")
    second = desk("POST", "/patients", form, Idempotency_Key="k-1")
    assert (second.status_code, second.json, second.headers["ETag"]) == (201, first.json, '"1"')
    assert second.headers["Idempotency-Replayed"] == "true"
    assert first.headers["Location"] == second.headers["Location"] == f"/api/v1/patients/{first.json['id']}"
    reused = desk("POST", "/patients", _form(person()), Idempotency_Key="k-1")
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
    assert cashier("POST", "/patients", _form(person())).status_code == 403
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


def test_numbers_are_added_corrected_and_ended(call: Callable[[str], Caller]) -> None:
    """Masked in each answer, created once, guarded by the patient's ETag; nothing of it for the other hospital."""
    desk, other = call("receptionist"), call("other")
    patient = desk("POST", "/patients", _form(person())).json["id"]
    path = f"/patients/{patient}/identifiers"
    body = {"system": "bhyt", "value": "DN4010123456789"}
    made = desk("POST", path, body, Idempotency_Key="bhyt-1")
    assert (made.status_code, made.headers["ETag"]) == (201, '"2"'), made.json
    assert body["value"] not in made.text
    assert desk("POST", path, body, Idempotency_Key="bhyt-1").json == made.json
    number = f"{path}/{made.json['id']}"
    assert desk("POST", f"{number}/correct", {"value": "1"}).status_code == 422
    assert desk("POST", f"{number}/correct", {"value": "0123456789"}, If_Match='"1"').status_code == 412
    right = desk("POST", f"{number}/correct", {"value": "0123456789"}, If_Match='"2"')
    assert (right.status_code, right.headers["ETag"]) == (200, '"3"')
    assert desk("POST", f"{number}/end", {}).json["code"] == "identifier_ended"
    assert desk("POST", f"{path}/{right.json['id']}/end", {}).json["end_reason"] == "ended"
    history = desk("GET", path).json["items"]
    assert [(row["system"], row["end_reason"]) for row in history] == [
        ("cccd", None),
        ("bhyt", "ended"),
        ("bhyt", "mistaken"),
    ]
    assert call("cashier")("POST", path, body).status_code == 403
    assert desk("POST", path, {**body, "patient_id": patient}).status_code == 422
    for method, address, sent in (
        ("GET", path, None),
        ("POST", path, body),
        ("POST", f"{path}/{right.json['id']}/end", {}),
        ("POST", f"{path}/{right.json['id']}/correct", {"value": "1"}),
    ):
        assert other(method, address, sent).status_code == 404


def test_allergies_are_noted_ended_and_none_is_known(call: Callable[[str], Caller]) -> None:
    """The doctor writes them down, the cashier reads them, the other hospital does neither."""
    desk, doctor, other = call("receptionist"), call("doctor"), call("other")
    patient = desk("POST", "/patients", _form(person())).json["id"]
    path = f"/patients/{patient}/allergies"
    assert desk("GET", path).json == {"items": [], "none_known": None}
    assert doctor("POST", f"{path}/none-known").status_code == 200
    assert desk("GET", path).json["none_known"]["by_name"]
    body = {"substance": "Penicillin", "severity": "severe", "reaction": "phát ban"}
    made = doctor("POST", path, body, Idempotency_Key="allergy-1")
    assert (made.status_code, made.headers["ETag"]) == (201, '"3"'), made.json
    assert doctor("POST", path, body, Idempotency_Key="allergy-1").json == made.json
    assert desk("GET", f"/patients/{patient}").json["allergies"] == ["Penicillin"]
    assert doctor("POST", path, body).status_code == 422, "it is written down already"
    assert doctor("POST", path, {**body, "severity": "fatal"}).status_code == 422
    assert doctor("POST", path, {"substance": "tôm"}, If_Match='"1"').status_code == 412
    assert doctor("POST", f"{path}/none-known").json["code"] == "allergies_known"
    cashier = call("cashier")
    assert [row["substance"] for row in cashier("GET", path).json["items"]] == ["Penicillin"]
    assert cashier("POST", path, {"substance": "tôm"}).status_code == 403
    end = f"{path}/{made.json['id']}/end"
    assert other("POST", end, {}).status_code == 404
    assert doctor("POST", end, {"reason": "mistaken"}).json["end_reason"] == "mistaken"
    assert doctor("POST", end, {}).json["code"] == "allergy_ended"
    assert other("GET", path).status_code == 404
    assert other("POST", path, body).status_code == 404


def test_no_route_of_patients_sets_what_is_not_the_callers_to_set(
    app: Flask, clinics: tuple[Clinic, Clinic], call: Callable[[str], Caller]
) -> None:
    """Ids, status, version, who and when: a body that names them is refused or has no effect, on every route."""
    admin = call("admin")
    made = admin("POST", "/patients", _form(person())).json
    path = f"/patients/{made['id']}"
    ids = {
        "patient_id": made["id"],
        "identifier_id": admin("GET", f"{path}/identifiers").json["items"][0]["id"],
        "allergy_id": admin("POST", f"{path}/allergies", {"substance": "Penicillin"}).json["id"],
    }
    own = ("id", "patient_code", "patient_global_id", "global_id_state", "status", "created_at")
    before = {name: admin("GET", path).json[name] for name in own}
    foreign = {
        "id": str(uuid4()),
        "tenant_id": str(uuid4()),
        "version": 999,
        "status": "deceased",
        "patient_code": "BN-999999",
        "patient_global_id": str(uuid4()),
        "global_id_state": "settled",
        "created_at": "2000-01-01T00:00:00+07:00",
        "created_by": str(uuid4()),
        "updated_by": str(uuid4()),
    }
    asked = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/v1/patients"):
            continue
        address = rule.rule.removeprefix("/api/v1")
        for name in rule.arguments:
            address = address.replace(f"<uuid:{name}>", ids[name])
        for method in sorted((rule.methods or set()) & {"POST", "PATCH", "PUT", "DELETE"}):
            for field, value in foreign.items():
                etag = admin("GET", path).headers["ETag"]
                answer = admin(method, address, {field: value}, If_Match=etag)
                assert answer.status_code in {200, 409, 422}, (method, address, field, answer.text)
                asked += 1
    assert asked >= 80
    after = admin("GET", path).json
    assert {name: after[name] for name in own} == before
    assert after["version"] < 999
    whole = admin("POST", "/patients", {**_form(person()), **foreign})
    assert whole.status_code == 422
    assert set(foreign) <= set(whole.json["errors"])
