"""Patients of a file that was taken back: central forgets them, in whatever order it hears of them."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from manage.demo.people import Person, people
from sync_worker.runner import Worker
from tenant_app.patient_imports.models import PatientImport
from tenant_app.patients.public import Patient
from tests.support.clinic import Clinic, open_clinic
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.imports import Desk
from tests.support.patient_files import csv_file, line_of
from tests.support.sync import rows, states


@pytest.fixture
def clinics(two_hospitals: tuple[Hospital, Hospital]) -> tuple[Clinic, Clinic]:
    return open_clinic(two_hospitals[0]), open_clinic(two_hospitals[1])


@pytest.fixture
def desk(clinics: tuple[Clinic, Clinic]) -> Iterator[Desk]:
    made = Desk(clinics[0])
    yield made
    made.runner.close()


def imported(desk: Desk, them: list[Person]) -> tuple[PatientImport, set[UUID]]:
    found = desk.imported(desk.checked(csv_file(map(line_of, them))))
    with desk.clinic.uow() as uow:
        return found, set(uow.session.scalars(select(Patient.id).where(Patient.import_id == found.id)))


def known(central: CentralDatabase, table: str = "central_patient_index") -> dict[UUID, Any]:
    with central.superuser() as connection:
        return dict(rows(connection, f"SELECT patient_local_id, tenant_id FROM {table}"))  # noqa: S608 - a table's name.


def test_central_forgets_them_and_nobody_else(
    desk: Desk, clinics: tuple[Clinic, Clinic], central: CentralDatabase, worker: Worker
) -> None:
    them = people(3)
    elsewhere = clinics[1].patient(them[0]).patient.id
    found, patients = imported(desk, them)
    worker.run_once()
    assert known(central).keys() == {elsewhere, *patients}
    desk.taken_back(found)
    worker.run_once()
    assert known(central).keys() == {elsewhere}
    assert known(central, "patient_tombstones") == dict.fromkeys(patients, desk.clinic.hospital.tenant)
    assert states(desk.clinic.hospital) == {"settled": 6}


def test_taken_back_before_central_heard_of_them_they_never_come_in(
    desk: Desk, central: CentralDatabase, worker: Worker
) -> None:
    found, patients = imported(desk, people(3))
    desk.taken_back(found)
    for _ in range(2):
        worker.run_once()
    assert known(central) == {}
    assert known(central, "patient_tombstones").keys() == patients
    assert states(desk.clinic.hospital) == {"settled": 6}
