"""Changing a patient's details: what stays, who was slower, and whose number it is."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from manage.demo.people import person
from tenant_app.patients.models import Patient
from tenant_app.patients.public import change, patient_record
from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser, form_of, sent_as_shown

SignIn = Callable[[Clinic, str], Browser]


def test_details_are_changed_and_empty_numbers_stay(sign_in: SignIn, clinic: Clinic) -> None:
    somebody = person()
    found = clinic.patient(somebody)
    desk = sign_in(clinic, "receptionist")
    path = f"/patients/{found.patient.id}/edit"
    assert somebody.cccd not in desk.get(path)
    form = form_of(somebody, cccd="", full_name="Nguyễn Thị Đổi", version=str(found.patient.version))
    assert desk.post(path, **form).status_code == 303
    page = desk.get(f"/patients/{found.patient.id}")
    assert "Nguyễn Thị Đổi" in page
    assert f"{somebody.cccd[:4]}******" in page
    with clinic.uow() as uow:
        version = uow.session.scalars(select(Patient.version).where(Patient.id == found.patient.id)).one()
    ended = desk.post(path, **{**form, "version": str(version), "end_cccd": "1"})
    assert ended.status_code == 303
    assert f"{somebody.cccd[:4]}******" not in desk.get(f"/patients/{found.patient.id}")


def test_who_was_slower_sees_both_versions_and_loses_no_word(sign_in: SignIn, clinic: Clinic) -> None:
    somebody = person()
    found = clinic.patient(somebody)
    seen = found.patient.version
    with clinic.uow() as uow:
        change(
            uow=uow,
            actor=clinic.admin,
            patient_id=found.patient.id,
            version=seen,
            details={"phone": "0987654321", "address": "2 Trần Phú"},
        )
        uow.commit()
    desk = sign_in(clinic, "receptionist")
    path = f"/patients/{found.patient.id}/edit"
    form = form_of(somebody, cccd="", phone="0911222333", address="2 Trần Phú", version=str(seen))
    conflict = desk.post(path, **form)
    assert conflict.status_code == 412
    assert "0987654321" in conflict.text
    assert 'value="0911222333"' in conflict.text
    assert "Nguyễn Thị Quản Trị" in conflict.text, "who was quicker"
    # In its field, and in what the next form begins with: where both agree, nothing is to be compared.
    assert conflict.text.count("2 Trần Phú") == 2
    version = re.search(r'name="version" value="(\d+)"', conflict.text)
    assert version is not None
    assert desk.post(path, **{**form, "version": version[1]}).status_code == 303


def test_who_was_slower_overwrites_nothing_that_they_did_not_touch(sign_in: SignIn, clinic: Clinic) -> None:
    """The nurse changes the phone; meanwhile the desk has written address and allergies."""
    found = clinic.patient(person())
    nurse = sign_in(clinic, "receptionist")
    path = f"/patients/{found.patient.id}/edit"
    form = sent_as_shown(nurse.get(path))
    with clinic.uow() as uow:
        meanwhile = {"address": "2 Trần Phú", "allergies": ["penicillin"]}
        change(
            uow=uow, actor=clinic.admin, patient_id=found.patient.id, version=found.patient.version, details=meanwhile
        )
        uow.commit()
    conflict = nurse.post(path, **{**form, "phone": "0911222333"})
    assert conflict.status_code == 412
    assert nurse.post(path, **sent_as_shown(conflict.text)).status_code == 303
    with clinic.uow() as uow:
        kept = patient_record(uow=uow, patient_id=found.patient.id).patient
    assert (kept.phone, kept.address, kept.allergies) == ("0911222333", "2 Trần Phú", ["penicillin"])


@pytest.mark.parametrize("wrong", [{"full_name": ""}, {"email": "nobody"}, {"phone": "12"}, {"gender": "x"}])
def test_a_change_that_cannot_be_names_the_field(sign_in: SignIn, clinic: Clinic, wrong: dict[str, str]) -> None:
    somebody = person()
    found = clinic.patient(somebody)
    desk = sign_in(clinic, "receptionist")
    form = form_of(somebody, cccd="", version=str(found.patient.version))
    answer = desk.post(f"/patients/{found.patient.id}/edit", **{**form, **wrong})
    assert answer.status_code == 422
    assert f'id="{next(iter(wrong))}-error"' in answer.text


def test_a_number_of_another_patient_cannot_be_taken(sign_in: SignIn, clinic: Clinic) -> None:
    one, other = person(), person()
    first, second = clinic.patient(one), clinic.patient(other)
    desk = sign_in(clinic, "receptionist")
    form = form_of(other, cccd=one.cccd, version=str(second.patient.version), confirm_mismatch="1")
    answer = desk.post(f"/patients/{second.patient.id}/edit", **form)
    assert answer.status_code == 409
    assert f'href="/patients/{first.patient.id}"' in answer.text
