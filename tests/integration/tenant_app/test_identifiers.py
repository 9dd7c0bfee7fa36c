"""A patient's numbers: added, ended, corrected; the history stays, central is told, the other hospital sees nothing."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from manage.demo.people import cccd_for, person
from tenant_app.outbox.models import OutboxEvent
from tenant_app.patients.public import (
    IdentifierEnded,
    IdentifierInUse,
    MismatchToConfirm,
    add_identifier,
    correct_identifier,
    end_identifier,
    identifier_history,
    patient_record,
)
from tests.support.clinic import Clinic

CARD = "DN4010123456789"


def _add(clinic: Clinic, patient_id: UUID, system: str, text: str, **more: Any) -> Any:
    with clinic.uow() as uow:
        made = add_identifier(uow=uow, actor=clinic.admin, patient_id=patient_id, system=system, text=text, **more)
        uow.commit()
    return made


def _end(clinic: Clinic, patient_id: UUID, identifier_id: UUID, reason: str) -> Any:
    with clinic.uow() as uow:
        ended = end_identifier(
            uow=uow, actor=clinic.admin, patient_id=patient_id, identifier_id=identifier_id, reason=reason
        )
        uow.commit()
    return ended


def _history(clinic: Clinic, patient_id: UUID) -> list[tuple[str, str, str | None]]:
    with clinic.uow() as uow:
        rows = identifier_history(uow=uow, patient_id=patient_id)
    return [(row.system, row.value, row.end_reason) for row in rows]


def _told(clinic: Clinic, patient_id: UUID) -> list[dict[str, str]]:
    """The identifiers in the newest snapshot for central."""
    with clinic.uow("migrate") as uow:
        uow.session.connection().exec_driver_sql("SET LOCAL ROLE pg_database_owner")
        newest = (
            select(OutboxEvent.payload).where(OutboxEvent.aggregate_id == patient_id).order_by(OutboxEvent.n.desc())
        )
        found: list[dict[str, str]] = uow.session.scalars(newest.limit(1)).one()["identifiers"]
    return found


def test_a_number_is_added_replaced_and_ended_and_the_history_stays(clinic: Clinic) -> None:
    found = clinic.patient()
    patient = found.patient.id
    cccd = found.identifiers["cccd"]
    first = _add(clinic, patient, "bhyt", "dn 4 01 0123456789")
    assert (first.value, first.valid_to, first.created_by_name is not None) == (CARD, None, True)
    second = _add(clinic, patient, "bhyt", "0123456789")
    assert _told(clinic, patient) == [
        {"system": "bhyt", "value": "0123456789"},
        {"system": "cccd", "value": cccd},
    ]
    ended = _end(clinic, patient, second.id, "ended")
    assert ended.valid_to is not None
    assert ended.ended_by_name is not None
    assert _told(clinic, patient) == [{"system": "cccd", "value": cccd}]
    assert _history(clinic, patient) == [
        ("cccd", cccd, None),
        ("bhyt", "0123456789", "ended"),
        ("bhyt", CARD, "replaced"),
    ]
    with pytest.raises(IdentifierEnded):
        _end(clinic, patient, second.id, "ended")


def test_a_mistaken_number_is_corrected_and_free_for_whom_it_belongs_to(clinic: Clinic) -> None:
    patient, owner = clinic.patient().patient.id, clinic.patient().patient.id
    wrong = _add(clinic, patient, "passport", "C1234567")
    with pytest.raises(IdentifierInUse):
        _add(clinic, owner, "passport", "c1234567")
    with clinic.uow() as uow:
        right = correct_identifier(
            uow=uow, actor=clinic.admin, patient_id=patient, identifier_id=wrong.id, text="C7654321"
        )
        uow.commit()
    assert right.value == "C7654321"
    assert ("passport", "C1234567", "mistaken") in _history(clinic, patient)
    assert _add(clinic, owner, "passport", "C1234567").valid_to is None


def test_what_does_not_agree_is_asked_about(clinic: Clinic) -> None:
    who = person(gender="female")
    patient = clinic.patient(who).patient.id
    other = cccd_for(date_of_birth=who.date_of_birth, gender="male")
    with pytest.raises(MismatchToConfirm):
        _add(clinic, patient, "cccd", other)
    with pytest.raises(MismatchToConfirm) as asked:
        _add(clinic, patient, "bhyt", other)
    assert set(asked.value.errors) == {"bhyt"}
    assert _add(clinic, patient, "bhyt", who.cccd).value == who.cccd
    assert _add(clinic, patient, "cccd", other, confirm_mismatch=True).value == other


@pytest.mark.parametrize(
    ("system", "text"), [("cmnd", "12345678"), ("bhyt", "DN9010123456789"), ("bhyt", "999999999999"), ("passport", "!")]
)
def test_what_is_no_number_is_refused(clinic: Clinic, system: str, text: str) -> None:
    with pytest.raises(InvalidFields):
        _add(clinic, clinic.patient().patient.id, system, text)


def test_the_version_guards_and_two_at_once_take_turns(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    with pytest.raises(PreconditionFailed):
        _add(clinic, patient, "cmnd", "123456789", version=7)
    numbers = ["123456789", "987654321"]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda text: _add(clinic, patient, "cmnd", text), numbers))
    holding = [value for system, value, reason in _history(clinic, patient) if system == "cmnd" and reason is None]
    assert len(holding) == 1
    with clinic.uow() as uow:
        assert patient_record(uow=uow, patient_id=patient).identifiers["cmnd"] == holding[0]


def test_at_the_other_hospital_and_for_another_patient_it_does_not_exist(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    mine, neighbour = clinic.patient().patient.id, clinic.patient().patient.id
    number = _add(clinic, mine, "bhyt", CARD)
    for where, patient, identifier in ((other, mine, number.id), (clinic, neighbour, number.id)):
        with pytest.raises(NotFound):
            _end(where, patient, identifier, "ended")
    with pytest.raises(NotFound):
        _end(clinic, mine, new_row_id(), "ended")
    assert _history(other, mine) == []
