"""Importing patients through the pages, as people do without JavaScript."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from manage.demo.people import people
from tenant_app.audit.public import AuditLog
from tenant_app.patient_imports.containers import MAX_BYTES
from tenant_app.patient_imports.runner import ImportRunner
from tenant_app.patient_imports.service import MOST_OPEN
from tenant_app.patients.public import Patient
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.patient_files import csv_file, line_of, xlsx_file
from tests.support.staff_browser import Browser, sent_as_shown
from tests.support.waiting import wait_until

PATH = "/patients/imports"
SignIn = Any


@pytest.fixture(autouse=True)
def _runner_ends(app: Flask) -> Any:
    yield
    app.extensions["sokham"][ImportRunner].close()


def send(browser: Browser, content: bytes, name: str = "bệnh nhân.csv") -> Any:
    """As a browser sends a form with a file."""
    token = f'--edge\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{browser.token()}\r\n'
    head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = b"".join((token.encode(), head.encode(), content, b"\r\n--edge--\r\n"))
    return browser.client.post(PATH, data=body, content_type="multipart/form-data; boundary=edge")


def checked(browser: Browser, content: bytes) -> str:
    """The address of an import whose rows are checked by the columns that were recognised."""
    answer = send(browser, content)
    assert answer.status_code == 303, answer.text
    address = answer.headers["Location"]
    form = browser.get(address)
    assert browser.post(f"{address}/check", **sent_as_shown(form)).status_code == 303
    settled(browser, address)
    return str(address)


def settled(browser: Browser, address: str) -> str:
    """The page, once no work is under way."""
    return wait_until(lambda: "" if "<progress" in (html := browser.get(address)) else html, seconds=60)


def test_from_a_file_to_patients(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    them = people(3)
    address = checked(admin, xlsx_file([line_of(each, born=each.date_of_birth) for each in them]))
    page = admin.get(address)
    assert all(each.full_name in page for each in them)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    for _ in range(2):
        assert admin.post(f"{address}/commit", version=version[1]).status_code == 303
    assert "3 bệnh nhân" in settled(admin, address)
    assert them[0].full_name in admin.post("/patients", query=them[0].full_name).text
    assert "bệnh nhân.csv" in admin.get(PATH)


def test_errors_by_cell_decisions_and_the_file_with_reasons(
    sign_in: SignIn, clinic: Clinic, count_queries: Counting
) -> None:
    admin = sign_in(clinic, "admin")
    clinic.patient(people(3)[2])
    rows = [line_of(each) for each in people(3)]
    rows[0][1] = "1985"
    rows[1][0] = "=HYPERLINK(1)"
    rows[2][3] = ""
    address = checked(admin, csv_file(rows))
    with count_queries() as counted:
        page = admin.get(address)
    assert counted.total <= 12
    for said in ("(B2)", "(A3)", "BN-000001", 'name="row" value="4"'):
        assert said in page, said
    assert 'name="version"' not in page
    refused = admin.post(f"{address}/commit", version="4")
    assert refused.status_code == 303
    download = admin.client.get(f"{address}/rows")
    assert download.data.startswith(b"PK")
    download.close()
    admin.post(f"{address}/decide", which="wrong", decision="skip")
    admin.post(f"{address}/decide", row="4", decision="import")
    page = admin.get(address)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    admin.post(f"{address}/commit", version=version[1])
    assert "1 bệnh nhân" in settled(admin, address)


def test_columns_can_be_named_and_encodings_chosen(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    content = csv_file([line_of(each) for each in people(2)], headings=("a", "b", "c", "d", "e", "f"))
    address = send(admin, content).headers["Location"]
    fields = sent_as_shown(admin.get(address))
    bad = admin.post(f"{address}/check", **fields)
    assert bad.status_code == 422
    named = {**fields, "column_0": "full_name", "column_1": "date_of_birth", "column_2": "gender"}
    twice = admin.post(f"{address}/check", **{**named, "column_3": "gender"})
    assert twice.status_code == 422
    assert 'href="#column_3"' in twice.text
    assert admin.post(f"{address}/check", **named).status_code == 303
    assert people(2)[0].full_name in settled(admin, address)
    other = admin.get(address, columns="1", encoding="vni")
    assert '<option value="vni" selected' in other


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "trống"),
        (b"%PDF-1.7 nothing", ".xlsx"),
        (b"PK\x03\x04 broken", "hỏng"),
        (b"x" * (MAX_BYTES + 1), "MB"),
        (b"x" * (MAX_BYTES + 1024 * 1024), ""),
    ],
    ids=["empty", "pdf", "broken", "large", "larger than any form"],
)
def test_what_is_no_table_is_refused_with_the_reason(
    sign_in: SignIn, clinic: Clinic, content: bytes, said: str
) -> None:
    answer = send(sign_in(clinic, "admin"), content, "danh-sach.xlsx")
    assert answer.status_code in {413, 422}
    assert said in answer.text


def test_templates_are_files_that_can_be_imported(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    for kind in ("xlsx", "csv"):
        template = admin.client.get(f"{PATH}/template/{kind}")
        address = checked(admin, template.data)
        template.close()
        page = admin.get(address)
        assert "Nguyễn Văn Mẫu" in page
        assert 'name="version"' in page
        assert admin.post(f"{address}/discard").status_code == 303


def imported(browser: Browser, content: bytes) -> str:
    """The address of an import that is done."""
    address = checked(browser, content)
    version = re.search(r'name="version" value="(\d+)"', browser.get(address))
    assert version is not None
    browser.post(f"{address}/commit", version=version[1])
    settled(browser, address)
    return address


def test_an_import_is_taken_back_after_a_look_at_what_that_means(
    sign_in: SignIn, clinic: Clinic, count_queries: Counting
) -> None:
    admin, them = sign_in(clinic, "admin"), people(3)
    address = imported(admin, csv_file([line_of(each) for each in them]))
    assert f"{address}/take-back" in admin.get(address)
    with count_queries() as counted:
        asked = admin.get(f"{address}/take-back")
    assert counted.total <= 12
    assert "Tệp này đã đưa vào 3 bệnh nhân" in asked
    assert 'data-confirm-phrase="3"' in asked
    assert admin.post(f"{address}/take-back", **sent_as_shown(asked)).status_code == 303
    assert "Đã gỡ 3 bệnh nhân" in settled(admin, address)
    assert "Đã hoàn tác" in admin.get(PATH)
    assert them[0].full_name not in admin.post("/patients", query=them[0].full_name[:-1]).text
    again = admin.client.get(f"{address}/take-back")
    assert again.headers["Location"].endswith(address), "there is nothing more to take back"


def test_what_stands_in_the_way_is_named(sign_in: SignIn, clinic: Clinic) -> None:
    admin, them = sign_in(clinic, "admin"), people(3)
    address = imported(admin, csv_file([line_of(each) for each in them]))
    asked = admin.get(f"{address}/take-back")
    with clinic.uow() as uow:
        patient = uow.session.scalars(select(Patient).where(Patient.full_name == them[1].full_name)).one()
    clinic.appointment(patient.id)
    late = admin.post(f"{address}/take-back", **sent_as_shown(asked))
    page = admin.get(late.headers["Location"])
    assert "Không thể hoàn tác lần nhập này nữa" in page
    assert f"/patients/{patient.id}" in page
    assert them[0].full_name not in page
    assert 'name="version"' not in page


def test_who_looked_at_the_rows_is_written_down(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    address = checked(admin, csv_file([line_of(each) for each in people(2)]))

    def readings() -> int:
        with clinic.uow() as uow:
            chosen = (AuditLog.action == "patient_import.read", AuditLog.resource_id == address.rpartition("/")[2])
            return uow.session.scalar(select(func.count()).select_from(AuditLog).where(*chosen)) or 0

    for path in (address, f"{address}?columns=1", f"{address}/rows"):
        before = readings()
        admin.client.get(path).close()
        assert readings() == before + 1, path


def test_too_many_open_imports_are_refused_at_the_form(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    for _ in range(MOST_OPEN):
        assert send(admin, csv_file([line_of(each) for each in people(1)])).status_code == 303
    refused = send(admin, csv_file([line_of(each) for each in people(1)]))
    assert refused.status_code == 429
    assert 'href="#file"' in refused.text


def test_only_who_may_import_and_only_at_their_own_hospital(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    admin, receptionist, stranger = sign_in(clinic, "admin"), sign_in(clinic, "receptionist"), sign_in(other, "admin")
    address = checked(admin, csv_file([line_of(each) for each in people(1)]))
    assert receptionist.client.get(PATH).status_code == 403
    assert "imports" not in receptionist.get("/patients")
    assert "imports" in admin.get("/patients")
    assert stranger.client.get(address).status_code == 404
    for action in ("check", "decide", "commit", "discard", "take-back"):
        assert stranger.post(f"{address}/{action}", version="1").status_code == 404
    for part in ("rows", "progress", "take-back"):
        assert stranger.client.get(f"{address}/{part}").status_code == 404
