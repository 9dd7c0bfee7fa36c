"""A patient's numbers and allergies as programs meet them, and what no caller may set."""

from collections.abc import Callable
from uuid import uuid4

from flask import Flask

from manage.demo.people import person
from tests.support.clinic import Clinic
from tests.support.staff_api import Caller, registration_body


def test_numbers_are_added_corrected_and_ended(call: Callable[[str], Caller]) -> None:
    """Masked in each answer, created once, guarded by the patient's ETag; nothing of it for the other hospital."""
    desk, other = call("receptionist"), call("other")
    patient = desk("POST", "/patients", registration_body(person())).json["id"]
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
    patient = desk("POST", "/patients", registration_body(person())).json["id"]
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
    made = admin("POST", "/patients", registration_body(person())).json
    path = f"/patients/{made['id']}"
    ids = {
        "patient_id": made["id"],
        "identifier_id": admin("GET", f"{path}/identifiers").json["items"][0]["id"],
        "allergy_id": admin("POST", f"{path}/allergies", {"substance": "Penicillin"}).json["id"],
        "contact_id": admin("POST", f"{path}/contacts", {"full_name": "Lê Thị Hoa", "phone": "0912345678"}).json["id"],
        "history_id": admin("POST", f"{path}/history", {"kind": "chronic", "what": "Tăng huyết áp"}).json["id"],
        "card_id": admin(
            "POST", f"{path}/insurance-cards", {"number": "DN4010123456789", "valid_from": "2026-01-01"}
        ).json["id"],
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
    whole = admin("POST", "/patients", {**registration_body(person()), **foreign})
    assert whole.status_code == 422
    assert set(foreign) <= set(whole.json["errors"])
