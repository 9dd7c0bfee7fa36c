"""The pages of imports in a real browser: phone and desk, both languages."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select

from manage.demo.people import people
from tenant_app.patient_imports.runner import ImportRunner
from tenant_app.patients.public import Patient
from tests.support.chromium import READERS, looker, pictures
from tests.support.clinic import Clinic
from tests.support.imports import Desk
from tests.support.patient_files import csv_file, line_of
from tests.support.staff_browser import Browser

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]


@pytest.fixture
def desk(clinic: Clinic, app: Flask) -> Iterator[Desk]:
    """Somebody with files; the portal's own runner ends with the test as well."""
    made = Desk(clinic)
    yield made
    made.runner.close()
    app.extensions["sokham"][ImportRunner].close()


@pytest.mark.parametrize(("width", "language"), READERS)
def test_the_pages_of_imports_are_fit_to_be_read(
    sign_in: SignIn, clinic: Clinic, desk: Desk, chromium: Chromium, url: str, width: int, language: str
) -> None:
    them = people(9)
    clinic.patient(them[3])
    clinic.patient(them[4])
    rows = [line_of(each) for each in them]
    rows[1][1], rows[2][3], rows[4][3] = "1985", "7.9E+10", ""
    rows[5][0], rows[6][3] = "@Nguyễn Văn An", rows[6][3].removeprefix("0")
    named = desk.upload(csv_file(rows, encoding="windows-1258"), "Danh sách bệnh nhân năm 2025 (bản cuối).csv")
    wrong = desk.checked(csv_file(rows))
    doubtful = desk.checked(csv_file(rows))
    desk.decide(doubtful, "skip", which="wrong")
    ready = desk.checked(csv_file([line_of(each) for each in people(5, seed=4)]))
    done = desk.imported(desk.checked(csv_file([line_of(each) for each in people(5, seed=5)])))
    in_use = desk.imported(desk.checked(csv_file([line_of(each) for each in people(5, seed=6)])))
    with clinic.uow() as uow:
        theirs = list(uow.session.scalars(select(Patient.id).where(Patient.import_id == in_use.id)))
    clinic.appointment(theirs[0])
    for patient in theirs[:3]:
        clinic.number(patient)
    gone = desk.taken_back(desk.imported(desk.checked(csv_file([line_of(each) for each in people(5, seed=7)]))))
    admin = sign_in(clinic, "admin")
    eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
    eyes.take_session(admin.client, "sokham_staff_session")
    for name, path in {
        "list": "",
        "columns": f"/{named.id}",
        "wrong": f"/{wrong.id}",
        "doubtful": f"/{doubtful.id}",
        "ready": f"/{ready.id}",
        "done": f"/{done.id}",
        "take-back": f"/{done.id}/take-back",
        "in-use": f"/{in_use.id}/take-back",
        "taken-back": f"/{gone.id}",
    }.items():
        eyes.go(f"/patients/imports{path}")
        eyes.look(f"import-{name}-{width}-{language}")
    assert eyes.complaints == []
