"""Allergies: rows and the patient's list stay one thing; that none is known is another thing than nothing recorded."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from tenant_app.patients.public import (
    AllergiesKnown,
    AllergyEnded,
    allergies_of,
    change,
    end_allergy,
    none_known,
    note_allergy,
    patient_record,
    state_none_known,
)
from tests.support.clinic import Clinic


def _note(clinic: Clinic, patient_id: UUID, substance: str, **more: Any) -> Any:
    with clinic.uow() as uow:
        made = note_allergy(uow=uow, actor=clinic.admin, patient_id=patient_id, substance=substance, **more)
        uow.commit()
    return made


def _end(clinic: Clinic, patient_id: UUID, allergy_id: UUID) -> Any:
    with clinic.uow() as uow:
        ended = end_allergy(
            uow=uow, actor=clinic.admin, patient_id=patient_id, allergy_id=allergy_id, reason="mistaken"
        )
        uow.commit()
    return ended


def _none(clinic: Clinic, patient_id: UUID) -> None:
    with clinic.uow() as uow:
        state_none_known(uow=uow, actor=clinic.admin, patient_id=patient_id)
        uow.commit()


def _list(clinic: Clinic, patient_id: UUID) -> list[str]:
    """The patient's list, checked against the rows."""
    with clinic.uow() as uow:
        listed = list(patient_record(uow=uow, patient_id=patient_id).patient.allergies or [])
        rows = [row.substance for row in allergies_of(uow=uow, patient_id=patient_id) if row.ended_at is None]
    assert sorted(listed) == sorted(rows)
    return listed


def test_allergies_are_noted_and_ended_and_the_history_stays(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    _note(clinic, patient, "tôm", severity="mild")
    worst = _note(clinic, patient, "  Penicillin ", severity="severe", reaction="sốc phản vệ")
    assert (worst.substance, worst.reaction, worst.created_by_name is not None) == ("Penicillin", "sốc phản vệ", True)
    assert _list(clinic, patient) == ["tôm", "Penicillin"]
    with clinic.uow() as uow:
        known = patient_record(uow=uow, patient_id=patient).allergies
    assert known == (("Penicillin", "severe", "sốc phản vệ"), ("tôm", "mild", None)), "the worst first"
    assert _end(clinic, patient, worst.id).end_reason == "mistaken"
    assert _list(clinic, patient) == ["tôm"]
    with pytest.raises(AllergyEnded):
        _end(clinic, patient, worst.id)
    assert _note(clinic, patient, "penicillin").severity == "unknown", "it may be written down again"


def test_the_form_and_the_rows_are_one_list(clinic: Clinic) -> None:
    patient = clinic.patient().patient
    _note(clinic, patient.id, "Penicillin", severity="severe")
    with clinic.uow() as uow:
        change(
            uow=uow,
            actor=clinic.admin,
            patient_id=patient.id,
            version=patient.version + 1,
            details={"allergies": ["Penicillin", " latex ", "LATEX"]},
        )
        uow.commit()
    assert len(_list(clinic, patient.id)) == 2
    with clinic.uow() as uow:
        severities = {row.substance.lower(): row.severity for row in allergies_of(uow=uow, patient_id=patient.id)}
    assert severities == {"penicillin": "severe", "latex": "unknown"}, "what was known of it stays"


def test_the_rows_say_what_holds_whatever_their_copy_says(clinic: Clinic, call: Any) -> None:
    """The version before goes by the copies, which are still written; this one goes by the rows alone."""
    desk = call("receptionist")
    born = {"full_name": "Phạm Văn Bé", "date_of_birth": "2023-01-05", "gender": "male"}
    mother = {"name": "Phạm Thị Mẹ", "phone": "0912345678", "relation": "mẹ"}
    patient = desk("POST", "/patients", {**born, "allergies": ["tôm"], "emergency_contact": mother}).json
    assert (patient["allergies"], patient["emergency_contact"], patient["version"]) == (["tôm"], mother, 1)
    path = f"/patients/{patient['id']}"
    copies = "SELECT allergies, emergency_contact, version FROM patients WHERE id = %s"
    with clinic.hospital.superuser() as connection:
        assert connection.execute(copies, (patient["id"],)).fetchone() == (["tôm"], mother, 1)
        connection.execute("UPDATE patients SET allergies = NULL, emergency_contact = NULL")
    found = desk("GET", path).json
    assert (found["allergies"], found["emergency_contact"]) == (["tôm"], mother)
    with clinic.uow() as uow, pytest.raises(AllergiesKnown):
        state_none_known(uow=uow, actor=clinic.admin, patient_id=UUID(patient["id"]))
    changed = desk("PATCH", path, {"allergies": ["tôm", "latex"], "phone": "0987654321"}, If_Match='"1"').json
    assert (changed["allergies"], changed["emergency_contact"], changed["version"]) == (["latex", "tôm"], mother, 2)
    same = desk("PATCH", path, {"allergies": ["Tôm", "latex"], "emergency_contact": mother}, If_Match='"2"').json
    assert same["version"] == 2, "nothing differs"
    father = {"name": "Phạm Văn Cha", "phone": "0987654321"}
    gone = desk("PATCH", path, {"allergies": None, "emergency_contact": father}, If_Match='"2"').json
    assert (gone["allergies"], gone["emergency_contact"], gone["version"]) == (None, father, 3)
    with clinic.hospital.superuser() as connection:
        assert connection.execute(copies, (patient["id"],)).fetchone() == (None, father, 3)


def test_none_known_is_stated_and_ends_with_the_first_allergy(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    with clinic.uow() as uow:
        assert none_known(uow=uow, patient_id=patient) is None
    _none(clinic, patient)
    with clinic.uow() as uow:
        stated = none_known(uow=uow, patient_id=patient)
    assert stated is not None
    assert stated.by_name is not None
    _note(clinic, patient, "Aspirin")
    with clinic.uow() as uow:
        assert none_known(uow=uow, patient_id=patient) is None
    with pytest.raises(AllergiesKnown):
        _none(clinic, patient)


def test_what_is_wrong_is_refused_and_two_at_once_lose_nothing(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    with pytest.raises(InvalidFields):
        _note(clinic, patient, "  ")
    with pytest.raises(PreconditionFailed):
        _note(clinic, patient, "tôm", version=9)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda substance: _note(clinic, patient, substance), ["tôm", "cua"]))
    assert sorted(_list(clinic, patient)) == ["cua", "tôm"]
    with pytest.raises(InvalidFields):
        _note(clinic, patient, "TÔM")


def test_at_the_other_hospital_and_for_another_patient_it_does_not_exist(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    mine, neighbour = clinic.patient().patient.id, clinic.patient().patient.id
    noted = _note(clinic, mine, "Penicillin")
    for where, patient in ((other, mine), (clinic, neighbour)):
        with pytest.raises(NotFound):
            _end(where, patient, noted.id)
    with pytest.raises(NotFound):
        _none(other, mine)
    with other.uow() as uow:
        assert allergies_of(uow=uow, patient_id=mine) == []
