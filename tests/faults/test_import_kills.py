"""A process that is killed while it imports, or takes an import back, leaves nothing of it; another does all of it."""

import multiprocessing
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from kernel.clock import utc_now
from kernel.ids import new_row_id
from manage.demo.people import people
from tenant_app.patient_imports.models import PatientImport
from tenant_app.patients.public import Patient
from tests.support.clinic import Clinic, open_clinic
from tests.support.hospitals import Hospital
from tests.support.imports import Desk, take_out_and_wait, write_and_wait
from tests.support.patient_files import csv_file, line_of

pytestmark = pytest.mark.faults


def test_killed_before_its_commit_an_import_leaves_nothing_and_is_done_by_the_next(hospital: Hospital) -> None:
    clinic = open_clinic(hospital)
    desk = Desk(clinic)
    found = desk.checked(csv_file(map(line_of, people(50))))
    desk.ask_to_import(found)
    killed_in(write_and_wait, clinic, found)
    with clinic.uow() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Patient)) == 0
    assert desk.worked(found.id).state == "done"
    with clinic.uow() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Patient)) == 50
    desk.runner.close()


def test_killed_before_its_commit_taking_back_leaves_all_and_is_done_by_the_next(hospital: Hospital) -> None:
    clinic = open_clinic(hospital)
    desk = Desk(clinic)
    found = desk.imported(desk.checked(csv_file(map(line_of, people(50)))))
    desk.ask_to_take_back(found)
    killed_in(take_out_and_wait, clinic, found)
    with clinic.uow() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Patient)) == 50
    assert desk.worked(found.id).state == "taken_back"
    with clinic.uow() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Patient)) == 0
    desk.runner.close()


def killed_in(work: Callable[..., None], clinic: Clinic, found: PatientImport) -> None:
    """Have a process do the work until all is written, and kill it before it commits."""
    claim = new_row_id()
    with clinic.uow() as uow:
        taken = {"claim_id": claim, "lease_until": utc_now() - timedelta(seconds=1)}
        uow.session.execute(update(PatientImport).where(PatientImport.id == found.id).values(**taken))
        uow.commit()
    spawn = multiprocessing.get_context("spawn")
    written = spawn.Event()
    process = spawn.Process(target=work, args=(clinic.hospital.parameters(), found.id, claim, written))
    process.start()
    try:
        assert written.wait(60)
    finally:
        process.kill()
        process.join(30)
