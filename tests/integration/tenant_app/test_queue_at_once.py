"""Several desks and doctors at once: numbers without gaps, calls without doubles."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.ids import new_row_id
from tenant_app.patients.models import Patient
from tenant_app.queue.models import QueueStep
from tenant_app.queue.public import (
    AlreadyWaiting,
    Arrival,
    NobodyWaiting,
    call_next,
    line,
    take,
)
from tests.support.clinic import Clinic


def test_fifty_desks_at_once_give_fifty_numbers_without_a_gap(clinic: Clinic) -> None:
    """Ten of the sixty that are tried end without a commit, as if killed: they leave no gap."""
    first = clinic.patient().patient
    with clinic.uow() as uow:
        uow.session.add_all(
            Patient(
                id=new_row_id(),
                patient_global_id=new_row_id(),
                full_name=first.full_name,
                search_key="x",
                date_of_birth=first.date_of_birth,
                gender=first.gender,
            )
            for _ in range(59)
        )
        uow.commit()
        patients = list(uow.session.scalars(select(Patient.id)))

    def one(numbered: tuple[int, UUID]) -> int | None:
        at, patient_id = numbered
        with clinic.uow() as uow:
            arrival = Arrival(patient_id=patient_id, department_id=clinic.department_id)
            made = take(uow=uow, actor=clinic.admin, arrival=arrival)
            if at % 6 == 5:
                return None
            uow.commit()
            return made.number

    with ThreadPoolExecutor(max_workers=20) as pool:
        given = list(pool.map(one, enumerate(patients)))
    assert sorted(number for number in given if number is not None) == list(range(1, 51))


def test_two_desks_at_once_give_one_patient_one_number(clinic: Clinic) -> None:
    patient_id, together = clinic.born(), Barrier(4)

    def one(_: int) -> bool:
        with clinic.uow() as uow:
            together.wait(timeout=30)
            try:
                arrival = Arrival(patient_id=patient_id, department_id=clinic.department_id)
                take(uow=uow, actor=clinic.admin, arrival=arrival)
            except AlreadyWaiting:
                return False
            uow.commit()
            return True

    with ThreadPoolExecutor(max_workers=4) as pool:
        assert sum(pool.map(one, range(4))) == 1


def test_doctors_who_call_at_once_never_call_the_same(clinic: Clinic) -> None:
    """Each of six holds the transaction open until all have called; one of them is then killed."""
    for _ in range(8):
        clinic.number(clinic.born())
    together = Barrier(6)

    def one(at: int) -> int:
        with clinic.uow() as uow:
            called = call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id)
            together.wait(timeout=60)
            if at != 3:
                uow.commit()
            return called.number

    with ThreadPoolExecutor(max_workers=6) as pool:
        numbers = list(pool.map(one, range(6)))
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    with clinic.uow() as uow:
        found = line(uow=uow, department_id=clinic.department_id)
        assert {row.number for row in found.called} == set(range(1, 7)) - {numbers[3]}
        assert [row.number for row in found.waiting] == sorted({numbers[3], 7, 8}), "the killed one left nothing behind"
        steps = uow.session.scalar(select(func.count()).select_from(QueueStep).where(QueueStep.action == "call"))
        assert steps == 5


def test_when_all_are_being_called_nobody_waits_for_another_doctor(clinic: Clinic) -> None:
    clinic.number(clinic.born())
    with clinic.uow() as first, clinic.uow() as second:
        call_next(uow=first, actor=clinic.admin, department_id=clinic.department_id)
        with pytest.raises(NobodyWaiting):
            call_next(uow=second, actor=clinic.admin, department_id=clinic.department_id)
