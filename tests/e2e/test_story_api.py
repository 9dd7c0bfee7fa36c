"""The main job over the API, as the contract has it: two hospitals, one index, a patient found and served."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.clock import local_today
from manage.demo.people import person
from tests.support.opened import PASSWORD, Opened, administrator, hire, open_hospital
from tests.support.system import System
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


def test_the_main_job(system: System) -> None:
    root = administrator(system, "root")
    here = open_hospital(system, root, "bv-mot", "Bệnh viện Một")
    there = open_hospital(system, root, "bv-hai", "Bệnh viện Hai")

    department = system.call(
        "POST", f"{system.staff}/api/v1/departments", {"code": "NOI", "name": "Khoa Nội"}, token=here.token, expect=201
    )
    doctor, _ = hire(system, here, "bs.hung", "doctor", department["id"])
    _, desk = hire(system, here, "letan", "receptionist", department["id"])

    somebody = person()
    spaced = f"{somebody.cccd[:3]} {somebody.cccd[3:6]} {somebody.cccd[6:]}"
    patient = system.call(
        "POST",
        f"{system.staff}/api/v1/patients",
        {
            "full_name": somebody.full_name,
            "cccd": spaced,
            "date_of_birth": somebody.date_of_birth.isoformat(),
            "gender": somebody.gender,
            "phone": somebody.phone,
        },
        token=desk,
        expect=201,
    )
    assert patient["patient_code"]
    assert patient["global_id_state"] in {"provisional", "settled"}

    tomorrow = local_today() + timedelta(days=1)
    appointment = system.call(
        "POST",
        f"{system.staff}/api/v1/appointments",
        {
            "patient_id": patient["id"],
            "doctor_id": doctor,
            "department_id": department["id"],
            "appointment_date": tomorrow.isoformat(),
            "start_time": "09:00",
            "end_time": "09:30",
            "appointment_type": "consultation",
            "reason": "Ho, sốt ba ngày",
        },
        token=desk,
        expect=201,
    )
    assert appointment["status"] == "scheduled"

    def settled() -> Any:
        read = system.call("GET", f"{system.staff}/api/v1/patients/{patient['id']}", token=desk)
        return read if read["global_id_state"] == "settled" else None

    known = wait_until(settled, seconds=30, what="the settled id")
    found = system.call(
        "POST",
        f"{system.central}/api/v1/patient-index/lookup",
        {"cccd": somebody.cccd, "reason": "Đối chiếu hồ sơ theo yêu cầu"},
        token=root,
    )
    assert [(item["tenant_code"], item["patient_local_id"]) for item in found["items"]] == [(here.code, patient["id"])]
    assert found["items"][0]["patient_global_id"] == known["patient_global_id"]

    code = system.call("POST", f"{system.staff}/api/v1/patients/{patient['id']}/portal-invite", token=desk)
    system.call(
        "POST",
        f"{system.patient}/api/v1/auth/activate",
        {"cccd": somebody.cccd, "activation_code": code["activation_code"], "password": PASSWORD},
    )
    mine = system.call("POST", f"{system.patient}/api/v1/auth/login", {"cccd": spaced, "password": PASSWORD})[
        "access_token"
    ]
    me = system.call("GET", f"{system.patient}/api/v1/me", token=mine)
    assert me["full_name"] == somebody.full_name
    assert [each["tenant_code"] for each in me["hospitals"]] == [here.code]
    shown = system.call("GET", f"{system.patient}/api/v1/appointments", token=mine)
    assert [(item["id"], item["tenant_code"]) for item in shown["items"]] == [(appointment["id"], here.code)]

    elsewhere(system, there, patient, somebody.cccd)
    assert {each["tenant_code"] for each in system.sokham("tenant", "list")["items"]} >= {here.code, there.code}


def elsewhere(system: System, there: Opened, patient: dict[str, Any], cccd: str) -> None:
    """At another hospital the same patient does not exist, by id, by name, or by number."""
    problem = system.call("GET", f"{system.staff}/api/v1/patients/{patient['id']}", token=there.token, expect=404)
    assert problem["code"] == "not_found"
    for terms in ({"query": patient["full_name"]}, {"query": cccd}):
        answer = system.call("POST", f"{system.staff}/api/v1/patients/search", terms, token=there.token)
        assert answer["items"] == []
