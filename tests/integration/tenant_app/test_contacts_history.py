"""Whom to call and the medical history: rows with who wrote and ended them; the patient's copy follows the first."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from tenant_app.patients.public import (
    EntryEnded,
    NewContact,
    NewHistory,
    add_contact,
    change,
    contacts_of,
    end_contact,
    end_history,
    note_history,
    patient_record,
    read_history,
    set_call_first,
)
from tenant_app.patients.record_models import PatientContact, PatientHistory
from tenant_app.portal.public import act_for
from tests.support.clinic import Clinic

WIFE = NewContact(full_name=" Lê  Thị Hoa ", phone="0912 345 678", relation="vợ")
SON = NewContact(full_name="Nguyễn Văn Nam", phone="0987654321", relation="con trai", is_guardian=True)
PRESSURE = NewHistory(kind="chronic", what="Tăng huyết áp", icd10="i10", since_year=2015)


def _add(clinic: Clinic, patient_id: UUID, new: NewContact, **more: Any) -> Any:
    with clinic.uow() as uow:
        made = add_contact(uow=uow, actor=clinic.admin, patient_id=patient_id, new=new, **more)
        uow.commit()
    return made


def _note(clinic: Clinic, patient_id: UUID, new: NewHistory) -> Any:
    with clinic.uow() as uow:
        made = note_history(uow=uow, actor=clinic.admin, patient_id=patient_id, new=new)
        uow.commit()
    return made


def _first(clinic: Clinic, patient_id: UUID) -> str | None:
    """Who is called first, by the rows and by the patient's own copy, which must say the same."""
    with clinic.uow() as uow:
        found = patient_record(uow=uow, patient_id=patient_id)
        rows = contacts_of(uow=uow, patient_id=patient_id)
    first = [row.full_name for row in rows if row.call_first]
    copy = found.patient.emergency_contact
    assert first == ([copy["name"]] if copy else [])
    assert [each.name for each in found.contacts][:1] == first
    return first[0] if first else None


def test_the_first_contact_is_called_first_until_another_is(clinic: Clinic) -> None:
    patient = clinic.born()
    wife = _add(clinic, patient, WIFE)
    assert (wife.full_name, wife.phone, wife.call_first) == ("Lê Thị Hoa", "0912345678", True)
    son = _add(clinic, patient, SON)
    assert not son.call_first
    with clinic.uow() as uow:
        set_call_first(uow=uow, actor=clinic.admin, patient_id=patient, contact_id=son.id)
        uow.commit()
    assert _first(clinic, patient) == "Nguyễn Văn Nam"
    with clinic.uow() as uow:
        ended = end_contact(uow=uow, actor=clinic.admin, patient_id=patient, contact_id=son.id, reason="mistaken")
        uow.commit()
    assert (ended.end_reason, ended.ended_by_name is not None) == ("mistaken", True)
    assert _first(clinic, patient) == "Lê Thị Hoa", "the next one takes their place"
    with clinic.uow() as uow, pytest.raises(EntryEnded):
        end_contact(uow=uow, actor=clinic.admin, patient_id=patient, contact_id=son.id, reason="ended")


def test_the_form_of_the_record_and_the_rows_are_one_thing(clinic: Clinic) -> None:
    patient = clinic.born()

    def change_to(contact: dict[str, str] | None) -> None:
        with clinic.uow() as uow:
            version = patient_record(uow=uow, patient_id=patient).patient.version
            details = {"emergency_contact": contact}
            change(uow=uow, actor=clinic.admin, patient_id=patient, version=version, details=details)
            uow.commit()

    change_to({"name": "Trần Văn Bình", "phone": "0912 000 111"})
    assert _first(clinic, patient) == "Trần Văn Bình"
    _add(clinic, patient, SON)
    change_to({"name": "Trần Văn Bình", "phone": "0912000222", "relation": "anh"})
    assert _first(clinic, patient) == "Trần Văn Bình"
    change_to(None)
    assert _first(clinic, patient) == "Nguyễn Văn Nam", "who is left is called"
    with clinic.uow() as uow:
        ends = [row.end_reason for row in contacts_of(uow=uow, patient_id=patient)]
    assert sorted(ends, key=str) == [None, "ended", "replaced"]
    with pytest.raises(InvalidFields):
        change_to({"name": "Ai đó", "phone": "12"})


def test_history_is_noted_and_ended_and_reading_it_is_written_down(clinic: Clinic) -> None:
    patient = clinic.born()
    _note(clinic, patient, NewHistory(kind="note", what="Hút thuốc lá"))
    noted = _note(clinic, patient, PRESSURE)
    assert (noted.icd10, noted.since_year, noted.created_by_name is not None) == ("I10", 2015, True)
    with clinic.uow() as uow:
        rows = read_history(uow=uow, actor=clinic.admin, patient_id=patient)
        assert [row.kind for row in rows] == ["chronic", "note"], "by kind"
        actions = uow.session.execute(
            text("SELECT action FROM audit_logs WHERE resource_id = :id"), {"id": str(patient)}
        )
        assert {"history.read", "history.note"} <= set(actions.scalars())
        end_history(uow=uow, actor=clinic.admin, patient_id=patient, history_id=noted.id, reason="ended")
        uow.commit()
    with clinic.uow() as uow, pytest.raises(EntryEnded):
        end_history(uow=uow, actor=clinic.admin, patient_id=patient, history_id=noted.id, reason="ended")
    with pytest.raises(InvalidFields) as wrong:
        _note(clinic, patient, NewHistory(kind="chronic", what=" ", icd10="xx", since_year=1700))
    assert set(wrong.value.errors) == {"what", "icd10", "since_year"}


def test_two_at_once_lose_nothing_and_one_is_first(clinic: Clinic) -> None:
    patient = clinic.born()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda new: _add(clinic, patient, new), [WIFE, SON]))
    with clinic.uow() as uow:
        rows = contacts_of(uow=uow, patient_id=patient)
    assert len(rows) == 2
    assert [row.call_first for row in rows] == [True, False]
    with pytest.raises(PreconditionFailed):
        _add(clinic, patient, WIFE, version=1)


def test_elsewhere_and_for_another_patient_they_do_not_exist(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    mine, neighbour = clinic.born(), clinic.born()
    contact, piece = _add(clinic, mine, WIFE).id, _note(clinic, mine, PRESSURE).id
    for where, patient in ((other, mine), (clinic, neighbour)):
        with where.uow() as uow:
            with pytest.raises(NotFound):
                end_contact(uow=uow, actor=where.admin, patient_id=patient, contact_id=contact, reason="ended")
            with pytest.raises(NotFound):
                end_history(uow=uow, actor=where.admin, patient_id=patient, history_id=piece, reason="ended")
    with pytest.raises(NotFound):
        _add(other, mine, WIFE)


def test_patients_see_their_own_and_nobody_elses(clinic: Clinic) -> None:
    mine, theirs = (clinic.born() for _ in range(2))
    for patient in (mine, theirs):
        _add(clinic, patient, WIFE)
        _note(clinic, patient, PRESSURE)
    with clinic.uow("portal") as uow:
        for table in (PatientContact, PatientHistory):
            assert list(uow.session.scalars(select(table.patient_id))) == [], "nobody in particular sees nothing"
        act_for(uow=uow, patient_id=mine, account_id=None)
        for table in (PatientContact, PatientHistory):
            assert list(uow.session.scalars(select(table.patient_id))) == [mine]
        assert [each.name for each in patient_record(uow=uow, patient_id=mine).contacts] == ["Lê Thị Hoa"]


def test_programs_write_contacts_and_history(clinic: Clinic, call: Any) -> None:
    desk, doctor = call("receptionist"), call("doctor")
    patient = desk(
        "POST",
        "/patients",
        {
            "full_name": "Phạm Văn Bé",
            "date_of_birth": "2023-01-05",
            "gender": "male",
            "emergency_contact": {"name": "Phạm Thị Mẹ", "phone": "0912345678", "relation": "mẹ"},
        },
    ).json
    path = f"/patients/{patient['id']}"
    assert patient["emergency_contact"]["name"] == "Phạm Thị Mẹ"
    (mother,) = desk("GET", f"{path}/contacts").json["items"]
    assert mother["call_first"]
    body = {"full_name": "Phạm Văn Cha", "phone": "0987654321", "is_guardian": True, "call_first": True}
    made = desk("POST", f"{path}/contacts", body, Idempotency_Key="c-1")
    assert made.status_code == 201, made.text
    assert desk("POST", f"{path}/contacts", body, Idempotency_Key="c-1").json["id"] == made.json["id"]
    assert desk("GET", path).json["emergency_contact"]["name"] == "Phạm Văn Cha"
    assert desk("POST", f"{path}/contacts/{mother['id']}/call-first").json["call_first"]
    assert desk("POST", f"{path}/contacts/{made.json['id']}/end", {"reason": "ended"}).json["end_reason"] == "ended"
    assert desk("POST", f"{path}/contacts", {"full_name": "x", "phone": "1"}).status_code == 422
    assert doctor("POST", f"{path}/contacts", body).status_code == 403
    noted = doctor("POST", f"{path}/history", {"kind": "surgery", "what": "Mổ thoát vị bẹn", "since_year": 2024})
    assert noted.status_code == 201, noted.text
    assert [each["what"] for each in doctor("GET", f"{path}/history").json["items"]] == ["Mổ thoát vị bẹn"]
    assert doctor("POST", f"{path}/history/{noted.json['id']}/end", {"reason": "mistaken"}).status_code == 200
    for who in ("receptionist", "cashier"):
        assert call(who)("GET", f"{path}/history").status_code == 403, "the front desk needs no history"
    for part in ("contacts", "history"):
        assert call("other")("GET", f"{path}/{part}").status_code == 404
