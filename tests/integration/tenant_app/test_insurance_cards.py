"""Health insurance cards: one holds, its number is the patient's, and what it says stands where it matters."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import local_today
from kernel.errors import InvalidFields, NotFound
from tenant_app.patients.public import (
    EntryEnded,
    IdentifierInUse,
    NewCard,
    cards_of,
    end_card,
    end_identifier,
    identifier_history,
    patient_record,
    write_card,
)
from tenant_app.patients.record_models import PatientInsuranceCard
from tenant_app.portal.public import act_for
from tests.support.clinic import Clinic

FIRST, LAST = local_today() - timedelta(days=100), local_today() + timedelta(days=200)
CARD = NewCard(number="GD 4 79 3456789012", valid_from=FIRST, valid_to=LAST, facility_code="79 025")


def _write(clinic: Clinic, patient_id: UUID, new: NewCard) -> Any:
    with clinic.uow() as uow:
        made = write_card(uow=uow, actor=clinic.admin, patient_id=patient_id, new=new)
        uow.commit()
    return made


def test_a_card_brings_its_number_and_the_next_one_replaces_it(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    with pytest.raises(InvalidFields) as wrong:
        _write(clinic, patient, NewCard(valid_from=None, facility_code="x"))
    assert set(wrong.value.errors) == {"valid_from", "facility_code", "bhyt"}
    first = _write(clinic, patient, CARD)
    assert (first.number, first.facility_code, first.state) == ("GD4793456789012", "79025", "valid")
    second = _write(clinic, patient, NewCard(valid_from=LAST + timedelta(days=1)))
    assert (second.number, second.state) == (first.number, "not_yet"), "the number that is known"
    with clinic.uow() as uow:
        rows = cards_of(uow=uow, patient_id=patient)
        known = patient_record(uow=uow, patient_id=patient).card
    assert [row.end_reason for row in rows] == [None, "replaced"]
    assert known is not None
    assert known.valid_from == LAST + timedelta(days=1)


def test_without_its_number_a_card_says_nothing(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    card = _write(clinic, patient, CARD)
    with clinic.uow() as uow:
        (number,) = [row for row in identifier_history(uow=uow, patient_id=patient) if row.system == "bhyt"]
        end_identifier(uow=uow, actor=clinic.admin, patient_id=patient, identifier_id=number.id, reason="mistaken")
        uow.commit()
    with clinic.uow() as uow:
        assert patient_record(uow=uow, patient_id=patient).card is None
        assert [row.number_holds for row in cards_of(uow=uow, patient_id=patient)] == [False]
        end_card(uow=uow, actor=clinic.admin, patient_id=patient, card_id=card.id, reason="mistaken")
        with pytest.raises(EntryEnded):
            end_card(uow=uow, actor=clinic.admin, patient_id=patient, card_id=card.id, reason="ended")


def test_two_at_once_leave_one_card_and_a_number_has_one_owner(clinic: Clinic) -> None:
    patient, neighbour = (clinic.patient().patient.id for _ in range(2))
    _write(clinic, patient, CARD)
    later = replace(CARD, number=None)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda new: _write(clinic, patient, new), [later, later]))
    with clinic.uow() as uow:
        assert [row.end_reason for row in cards_of(uow=uow, patient_id=patient)].count(None) == 1
    with pytest.raises(IdentifierInUse):
        _write(clinic, neighbour, CARD)


def test_the_other_hospital_and_other_patients_see_none(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    mine, neighbour = (clinic.patient().patient.id for _ in range(2))
    card = _write(clinic, mine, CARD)
    for where, patient in ((other, mine), (clinic, neighbour)):
        with where.uow() as uow, pytest.raises(NotFound):
            end_card(uow=uow, actor=where.admin, patient_id=patient, card_id=card.id, reason="ended")
    for patient, seen in ((mine, [mine]), (neighbour, [])):
        with clinic.uow("portal") as uow:
            act_for(uow=uow, patient_id=patient, account_id=None)
            assert list(uow.session.scalars(select(PatientInsuranceCard.patient_id))) == seen


def test_programs_write_cards(clinic: Clinic, call: Callable[[str], Any]) -> None:
    desk = call("receptionist")
    path = f"/patients/{clinic.patient().patient.id}/insurance-cards"
    body = {"number": "GD4793456789012", "valid_from": FIRST.isoformat(), "facility_code": "79025"}
    made = desk("POST", path, body, Idempotency_Key="card-1")
    assert made.status_code == 201, made.text
    assert "GD4793456789012" not in made.text
    assert desk("POST", path, body, Idempotency_Key="card-1").json["id"] == made.json["id"]
    assert desk("POST", path, {**body, "valid_to": "2020-01-01"}).status_code == 422
    assert [each["state"] for each in desk("GET", path).json["items"]] == ["valid"]
    assert desk("POST", f"{path}/{made.json['id']}/end", {"reason": "ended"}).json["end_reason"] == "ended"
    assert call("cashier")("POST", path, body).status_code == 403
    assert call("other")("GET", path).status_code == 404
