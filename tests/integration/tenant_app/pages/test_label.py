"""The label: what it says and what it must not, on both papers; and the code that opens the patient."""

import re
from collections.abc import Callable
from urllib.parse import unquote

import segno

from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def test_the_label_holds_the_code_and_no_cccd(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    found = clinic.patient()
    patient = found.patient
    desk = sign_in(clinic, "receptionist")
    with count_queries() as counted:
        page = desk.get(f"/patients/{patient.id}/label")
    assert counted.total <= 12
    assert page.count("la-label") == 1
    label = page[page.index("la-roll") :]
    for said in (patient.full_name, patient.patient_code, patient.date_of_birth.strftime("%d/%m/%Y")):
        assert said in label
    assert found.identifiers["cccd"] not in page
    assert found.identifiers["cccd"][:4] not in label, "not even masked"
    drawn = re.search(r'src="(data:image/svg[^"]+)"', label)
    assert drawn is not None
    expected = segno.make(patient.patient_code, error="m").svg_data_uri(border=2, light="#fff")
    assert unquote(drawn[1].replace("&#39;", "'")) == unquote(expected)
    assert desk.get(f"/patients/{patient.id}/label", paper="a4").count("la-label") == 36
    assert f"/patients/{patient.id}/label" in desk.get(f"/patients/{patient.id}")


def test_a_scanned_code_opens_the_patient(sign_in: SignIn, clinic: Clinic) -> None:
    patient = clinic.patient().patient
    desk = sign_in(clinic, "receptionist")
    there = f"/patients/{patient.id}"
    answer = desk.post("/patients", query=patient.patient_code)
    assert (answer.status_code, answer.location) == (303, there)
    assert desk.part("/patients", query=patient.patient_code.lower()).headers["HX-Redirect"] == there
    short = patient.patient_code.replace("-0000", "-")
    assert "HX-Redirect" not in desk.part("/patients", query=short).headers, "still being typed"
    assert there in desk.part("/patients", query=short).text
    carried = desk.part("/patients", query=patient.patient_code, day="2026-12-01")
    assert "HX-Redirect" not in carried.headers, "who books goes on booking"
    assert desk.post("/patients", query="BN-999999").status_code == 200


def test_the_other_hospital_prints_nothing(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    patient = clinic.patient().patient
    stranger = sign_in(other, "receptionist")
    assert stranger.client.get(f"/patients/{patient.id}/label").status_code == 404
    assert stranger.post("/patients", query=patient.patient_code).status_code == 200
