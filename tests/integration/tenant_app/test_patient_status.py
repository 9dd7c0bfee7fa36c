"""A record made inactive, closed by a death, and opened again; what follows from it, also where two act at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from manage.demo.people import person
from tenant_app.appointments.public import book, cancel_coming, coming
from tenant_app.outbox.models import OutboxEvent
from tenant_app.patients.public import (
    Narrowing,
    PatientDeceased,
    PatientInactive,
    SearchTerms,
    StatusChange,
    patient_record,
    portal_state,
    search,
    set_status,
    status_history,
)
from tenant_app.portal.public import issue_code
from tenant_app.queue.public import transfer
from tenant_app.staff.public import create_department
from tests.support.clinic import Clinic
from tests.support.waiting import wait_until

DEATH = StatusChange(status="deceased", reason="family", deceased_on=local_today(), told_by="con trai, anh Nam")
AWAY = StatusChange(status="inactive", reason="moved_away")
MISTAKE = StatusChange(status="active", reason="mistaken")


def _set(clinic: Clinic, patient_id: UUID, change: StatusChange, **more: Any) -> None:
    with clinic.uow() as uow:
        set_status(uow=uow, actor=clinic.admin, patient_id=patient_id, change=change, **more)
        uow.commit()


def _code(clinic: Clinic, patient_id: UUID) -> None:
    with clinic.uow() as uow:
        issue_code(uow=uow, actor=clinic.admin, patient_id=patient_id)
        uow.commit()


def test_a_closed_record_takes_nothing_new_until_it_is_opened_again(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    _code(clinic, patient)
    for change, refusal in ((AWAY, PatientInactive), (DEATH, PatientDeceased)):
        _set(clinic, patient, change)
        for attempt in (clinic.appointment, clinic.number):
            with pytest.raises(refusal):
                attempt(patient)
        with pytest.raises(refusal):
            _code(clinic, patient)
    with clinic.uow() as uow:
        assert portal_state(uow=uow, patient_id=patient).code_expires_at is None, "the code that was out has ended"
        assert patient_record(uow=uow, patient_id=patient).patient.deceased_on == DEATH.deceased_on
    _set(clinic, patient, MISTAKE)
    clinic.appointment(patient)
    with clinic.uow() as uow:
        rows = status_history(uow=uow, patient_id=patient)
        assert patient_record(uow=uow, patient_id=patient).patient.deceased_on is None
    assert [row.status for row in rows] == ["active", "deceased", "inactive"]
    assert rows[1].told_by == "con trai, anh Nam"
    assert all(row.changed_by_name for row in rows)


def test_who_was_sent_on_keeps_no_number_with_a_closed_record(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    entry = clinic.number(patient)
    _set(clinic, patient, DEATH)
    with clinic.uow() as uow:
        there = create_department(uow=uow, actor=clinic.admin, code="CC", name="Khoa Cấp cứu").id
        with pytest.raises(PatientDeceased):
            transfer(uow=uow, actor=clinic.admin, entry_id=entry.id, department_id=there)


def test_central_hears_the_status_and_nothing_of_why(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    _set(clinic, patient, DEATH)
    with clinic.uow("migrate") as uow:
        uow.session.connection().exec_driver_sql("SET LOCAL ROLE pg_database_owner")
        payload = uow.session.scalars(
            select(OutboxEvent.payload)
            .where(OutboxEvent.aggregate_id == patient)
            .order_by(OutboxEvent.n.desc())
            .limit(1)
        ).one()
    assert payload["status"] == "deceased"
    assert "con trai" not in str(payload)


def test_appointments_ahead_are_listed_and_cancelled_as_chosen(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    kept = clinic.appointment(patient, start="09:00", end="09:30").id
    dropped = clinic.appointment(patient, start="10:00", end="10:30").id
    with clinic.uow() as uow:
        set_status(uow=uow, actor=clinic.admin, patient_id=patient, change=AWAY)
        assert {row.id for row in coming(uow=uow, patient_id=patient)} == {kept, dropped}
        done = cancel_coming(uow=uow, actor=clinic.admin, patient_id=patient, reason="đóng hồ sơ", chosen=[dropped])
        assert done == [dropped]
        assert [row.id for row in coming(uow=uow, patient_id=patient)] == [kept]
        uow.commit()


def test_a_search_shows_active_records_first_and_can_ask_for_one_kind(clinic: Clinic) -> None:
    name = "Khuất Thị Đóng Mở"
    made = [clinic.patient(replace(person(), full_name=name)).patient.id for _ in range(4)]
    _set(clinic, made[0], DEATH)
    _set(clinic, made[1], AWAY)
    words = ("khuat", "thi", "dong", "mo")

    def found(status: str | None, limit: int = 25) -> list[str]:
        statuses, cursor = [], None
        while True:
            with clinic.uow() as uow:
                terms = SearchTerms(words=words, narrowed=Narrowing(status=status))
                listed = search(uow=uow, actor=clinic.admin, terms=terms, limit=limit, cursor=cursor)
            statuses += [row.status for row in listed.items]
            cursor = listed.next_cursor
            if cursor is None:
                return statuses

    assert found(None)[:2] == ["active", "active"]
    for size in (1, 2, 3):
        assert found(None, limit=size)[:2] == ["active", "active"]
        assert sorted(found(None, limit=size)) == ["active", "active", "deceased", "inactive"], "each once"
    assert found("deceased") == ["deceased"]
    assert found("active", limit=1) == ["active", "active"]


@pytest.mark.parametrize("what", ["number", "code"])
def test_whoever_holds_the_row_first_decides(clinic: Clinic, what: str) -> None:
    """The number or code was first and stands when the record closes, or the record was first and it is refused."""
    for _ in range(5):
        patient = clinic.patient().patient.id

        def begin(patient: UUID = patient) -> bool:
            try:
                clinic.number(patient) if what == "number" else _code(clinic, patient)
            except PatientInactive:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            begun, closed = pool.submit(begin), pool.submit(_set, clinic, patient, AWAY)
            closed.result()
            begun.result()
        with clinic.uow() as uow:
            assert portal_state(uow=uow, patient_id=patient).code_expires_at is None, "no code outlives the closing"


@pytest.mark.parametrize("change", [AWAY, DEATH], ids=["inactive", "deceased"])
@pytest.mark.parametrize("first", ["the closing", "the booking"])
def test_of_a_closing_and_a_booking_at_once_the_second_sees_the_first(
    clinic: Clinic, change: StatusChange, first: str
) -> None:
    """Who comes second waits for the row, then either is refused or finds the appointment and cancels it."""
    patient = clinic.patient().patient.id

    def close(uow: UnitOfWork) -> None:
        set_status(uow=uow, actor=clinic.admin, patient_id=patient, change=change)
        cancel_coming(uow=uow, actor=clinic.admin, patient_id=patient, reason="đóng hồ sơ")

    def arrange(uow: UnitOfWork) -> None:
        book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient))

    def second(act: Callable[[UnitOfWork], None]) -> str:
        with clinic.uow() as uow:
            try:
                act(uow)
            except PatientInactive as refused:
                return type(refused).__name__
            uow.commit()
        return "done"

    begun, late = (close, arrange) if first == "the closing" else (arrange, close)
    with ThreadPoolExecutor(1) as pool, clinic.uow() as uow:
        begun(uow)
        other = pool.submit(second, late)
        wait_until(clinic.somebody_waits)
        uow.commit()
        outcome = other.result(timeout=60)
    refusal = "PatientDeceased" if change is DEATH else "PatientInactive"
    assert outcome == (refusal if first == "the closing" else "done")
    with clinic.uow() as uow:
        assert coming(uow=uow, patient_id=patient) == [], "nobody is expected whose record is closed"
        assert patient_record(uow=uow, patient_id=patient).patient.status == change.status


def test_two_who_close_it_at_once_are_told_apart(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id

    def close(change: StatusChange) -> str:
        try:
            _set(clinic, patient, change)
        except Exception as refused:  # noqa: BLE001 - the name of the refusal is what is compared.
            return type(refused).__name__
        return "done"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(close, [AWAY, AWAY]))
    assert outcomes == ["StatusNotAllowed", "done"]


def test_the_other_hospital_knows_of_no_such_patient(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    patient = clinic.patient().patient.id
    with pytest.raises(NotFound):
        _set(other, patient, AWAY)
    with other.uow() as uow:
        assert status_history(uow=uow, patient_id=patient) == []


def test_the_api_sets_and_tells_the_status(clinic: Clinic, call: Any) -> None:
    desk = call("receptionist")
    patient = clinic.patient().patient.id
    visit = clinic.appointment(patient)
    path = f"/patients/{patient}/status"
    wrong = desk("POST", path, {"status": "deceased", "reason": "family"})
    assert wrong.status_code == 422
    assert set(wrong.get_json()["errors"]) == {"deceased_on", "told_by"}
    body = {
        "status": "deceased",
        "reason": "certificate",
        "deceased_on": (local_today() - timedelta(days=1)).isoformat(),
        "told_by": "Giấy báo tử 12/2026",
        "cancel_appointments": True,
    }
    assert desk("POST", path, body, If_Match='"9"').status_code == 412
    assert call("doctor")("POST", path, body).status_code == 403, "who may not cancel cannot cancel this way"
    done = desk("POST", path, body)
    assert done.status_code == 200, done.text
    assert done.get_json()["coming_appointments"] == []
    assert desk("POST", path, body).get_json()["code"] == "status_not_allowed"
    assert desk("GET", f"/appointments/{visit.id}").get_json()["status"] == "cancelled"
    other = clinic.patient().patient.id
    ahead = clinic.appointment(other)
    path_of_other = f"/patients/{other}/status"
    assert desk("GET", path_of_other).get_json()["coming_appointments"] == [str(ahead.id)]
    assert call("without_appointments")("GET", path_of_other).get_json()["coming_appointments"] == []
    shown = desk("GET", path).get_json()
    assert (shown["status"], shown["possible"]) == ("deceased", ["active"])
    assert call("cashier")("POST", path, body).status_code == 403
    assert call("other")("GET", path).status_code == 404
    booked = desk("POST", "/queue", {"patient_id": str(patient), "department_id": str(clinic.department_id)})
    assert booked.get_json()["code"] == "patient_deceased", booked.text
