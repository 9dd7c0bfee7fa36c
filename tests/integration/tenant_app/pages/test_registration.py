"""Registering a patient: what is asked, what is refused, and who may be registered already."""

import dataclasses
import re
from collections.abc import Callable

from kernel.ids import new_row_id
from manage.demo.people import person
from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser, form_of

SignIn = Callable[[Clinic, str], Browser]


def test_a_patient_is_registered_and_the_page_offers_what_is_next(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    somebody = person()
    answer = desk.post("/patients/new", **form_of(somebody, allergies="penicillin, tôm", address="1 Lê Lợi"))
    assert answer.status_code == 303
    page = desk.get(answer.location)
    assert somebody.full_name in page
    assert somebody.cccd not in page
    assert f"{somebody.cccd[:4]}******{somebody.cccd[-2:]}" in page
    assert "penicillin" in page
    assert "/appointments/new?patient=" in page
    assert "/portal-code" in page


def test_all_that_is_wrong_is_said_at_once_and_nothing_typed_is_lost(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    answer = desk.post(
        "/patients/new", step="save", cccd="123", bhyt="1", email="x", date_of_birth="31/02/2020", phone="0912345678"
    )
    assert answer.status_code == 422
    for name in ("cccd", "bhyt", "email", "full_name", "date_of_birth", "gender"):
        assert f'id="{name}-error"' in answer.text, name
    assert 'value="0912345678"' in answer.text
    assert 'value="31/02/2020"' in answer.text
    contact = desk.post("/patients/new", **form_of(person(), contact_name="Lê Văn Tám", contact_phone="12"))
    assert contact.status_code == 422
    assert 'id="contact_phone-error"' in contact.text
    path = f"/patients/{clinic.patient().patient.id}/edit"
    changed = desk.post(path, version="1", **form_of(person(), cccd="123", date_of_birth="31/02/2020"))
    assert changed.status_code == 422
    assert 'id="cccd-error"' in changed.text
    assert 'id="date_of_birth-error"' in changed.text


def test_a_number_that_disagrees_is_asked_about_and_can_be_confirmed(sign_in: SignIn, clinic: Clinic) -> None:
    desk = sign_in(clinic, "receptionist")
    somebody = person(gender="female")
    form = form_of(somebody, gender="male")
    asked = desk.post("/patients/new", **form)
    assert asked.status_code == 422
    assert 'name="confirm_mismatch"' in asked.text
    assert somebody.full_name in asked.text
    assert desk.post("/patients/new", **form, confirm_mismatch="1").status_code == 303


def test_somebody_alike_is_shown_beside_the_form_and_must_be_told_apart(
    sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    clinic, other = clinics
    known = clinic.patient(dataclasses.replace(person(), full_name="Đặng Thị Bích Ngọc")).patient
    typed = {
        "full_name": "Dang Thi Bich Ngoc",
        "date_of_birth": known.date_of_birth.strftime("%d/%m/%Y"),
        "gender": known.gender,
    }
    desk = sign_in(clinic, "receptionist")
    beside = desk.part("/patients/new/alike", **typed)
    assert known.full_name in beside.text
    assert f"/patients/{known.id}" in beside.text
    assert 'name="confirm_new"' not in beside.text
    assert known.full_name not in desk.part("/patients/new/alike", full_name=known.full_name).text

    asked = desk.post("/patients/new", step="save", **typed)
    assert asked.status_code == 409
    assert 'name="confirm_new"' in asked.text
    assert known.full_name in asked.text
    assert 'value="Dang Thi Bich Ngoc"' in asked.text
    assert desk.post("/patients/new", step="save", **typed, confirm_new="1").status_code == 303

    elsewhere = sign_in(other, "receptionist")
    assert known.full_name not in elsewhere.part("/patients/new/alike", **typed).text
    assert elsewhere.post("/patients/new", step="save", **typed).status_code == 303


def test_the_number_says_whose_it_may_be_while_it_is_typed(sign_in: SignIn, clinic: Clinic) -> None:
    known = clinic.patient()
    desk = sign_in(clinic, "receptionist")
    somebody = person(gender="female")
    says = desk.part("/patients/new/cccd", cccd=somebody.cccd).text
    assert "Nữ" in says
    assert str(somebody.date_of_birth.year) in says
    assert 'value="take"' in says
    taken = desk.post("/patients/new", step="take", cccd=somebody.cccd).text
    assert re.search(r'value="female"[^>]*checked', taken)
    differs = desk.part("/patients/new/cccd", cccd=somebody.cccd, gender="male").text
    assert "st-differs" in differs
    assert f"/patients/{known.patient.id}" in desk.post("/patients/new/cccd", cccd=known.identifiers["cccd"]).text
    assert "sk-field-error" in desk.part("/patients/new/cccd", cccd="999").text
    assert desk.part("/patients/new/cccd", cccd="").text.strip() == ""


def test_who_is_registered_already_is_one_step_away(sign_in: SignIn, clinic: Clinic) -> None:
    somebody = person()
    known = clinic.patient(somebody)
    desk = sign_in(clinic, "receptionist")
    answer = desk.post("/patients/new", **form_of(somebody, full_name="Người Khác Hẳn"))
    assert answer.status_code == 409
    assert f'href="/patients/{known.patient.id}"' in answer.text
    assert "Người Khác Hẳn" in answer.text, "what was typed stays"


def test_the_other_hospital_may_register_the_same_person_and_sees_nothing(
    sign_in: SignIn, clinics: tuple[Clinic, Clinic]
) -> None:
    ours, theirs = clinics
    somebody = person()
    known = theirs.patient(somebody)
    desk = sign_in(ours, "receptionist")
    assert "<table" not in desk.part("/patients", query=somebody.cccd).text
    assert "st-owner" not in desk.part("/patients/new/cccd", cccd=somebody.cccd).text
    assert desk.post("/patients/new", **form_of(somebody)).status_code == 303
    admin = sign_in(ours, "admin")
    unknown = new_row_id()
    for path in ("", "/edit", "/access"):
        foreign = admin.client.get(f"/patients/{known.patient.id}{path}")
        nobody = admin.client.get(f"/patients/{unknown}{path}")
        assert foreign.status_code == nobody.status_code == 404
        assert somebody.full_name not in foreign.text
        hide = re.compile(r"[0-9a-f]{32}|[0-9a-f-]{36}|content=\"[^\"]+\"|value=\"[^\"]+\"")
        assert hide.sub("", foreign.text) == hide.sub("", nobody.text), "one answer for both"
    for path in ("/identifiers", "/portal-code", "/edit"):
        assert admin.post(f"/patients/{known.patient.id}{path}", **form_of(somebody)).status_code == 404
    assert admin.client.get(f"/appointments/new?patient={known.patient.id}").status_code == 404
