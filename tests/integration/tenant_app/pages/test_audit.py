"""The pages of the access log: sentences, filters, a copy for spreadsheets; looking and copying are written down."""

import csv
import io
import zipfile
from collections.abc import Callable

from sqlalchemy import select, update

from kernel.clock import local_today
from tenant_app.audit.public import AuditLog
from tenant_app.patient_imports.tables import open_table
from tenant_app.patients.public import Patient, read
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def looked(clinic: Clinic, role: str = "nurse") -> tuple[str, str, str]:
    """Somebody opened a record: the patient's id and name, and who it was."""
    patient, actor = clinic.patient().patient, clinic.actor(role)
    with clinic.uow() as uow:
        read(uow=uow, actor=actor, patient_id=patient.id)
        uow.commit()
    return str(patient.id), patient.full_name, str(actor.id)


def test_each_row_is_a_sentence(sign_in: SignIn, clinic: Clinic) -> None:
    _, name, who = looked(clinic)
    admin = sign_in(clinic, "admin")
    html = admin.get("/audit")
    assert f"xem hồ sơ của {name}" in html
    assert "Điều dưỡng " in html
    assert "Chưa niêm phong" in html
    assert f"xem hồ sơ của {name}" in admin.get("/audit", who=who)
    assert f"xem hồ sơ của {name}" not in admin.get("/audit", action="patient.update")
    assert "Không có dòng nào như vậy" in admin.get("/audit", action="patient.read", result="failed")
    with clinic.uow() as uow:
        looks = uow.session.scalars(select(AuditLog.changed).where(AuditLog.action == "audit.list")).all()
    assert len(looks) == 4
    assert ["since", "until", "user_id"] in looks


def test_what_cannot_be_read_comes_back_to_its_field(sign_in: SignIn, clinic: Clinic) -> None:
    admin = sign_in(clinic, "admin")
    for field, value in (("since", "31/02/2026"), ("address", "10.0.0"), ("until", "01/01/2020")):
        answer = admin.client.get("/audit", query_string={field: value})
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
    assert admin.client.get("/audit?who=nobody").status_code == 404
    assert admin.client.get("/audit/export?since=x").status_code == 422


def test_a_patient_is_found_first_and_only_ones_own(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    patient, name, _ = looked(clinic)
    admin = sign_in(clinic, "admin")
    found = admin.part("/audit/patient", query=name).text
    assert f"/audit?patient={patient}" in found
    shown = admin.get("/audit", patient=patient)
    assert f"xem hồ sơ của {name}" in shown
    theirs = sign_in(other, "admin")
    assert name not in theirs.part("/audit/patient", query=name).text
    assert theirs.client.get("/audit", query_string={"patient": patient}).status_code == 404
    assert name not in theirs.get("/audit")


def test_an_export_runs_nothing_and_is_written_down(sign_in: SignIn, clinic: Clinic) -> None:
    patient, _, _ = looked(clinic)
    with clinic.uow() as uow:
        uow.session.execute(update(Patient).where(Patient.id == patient).values(full_name='=HYPERLINK("x")'))
        uow.commit()
    admin = sign_in(clinic, "admin")
    answer = admin.client.get("/audit/export", query_string={"action": "patient.read"}, buffered=True)
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    today = f"{local_today():%Y%m%d}.csv"
    assert answer.headers["Content-Disposition"].endswith(today)
    titles, row = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    assert titles[1] == "Ai"
    assert row[titles.index("Bệnh nhân")] == '\'=HYPERLINK("x")'
    assert not any(cell.startswith(("=", "+", "@")) for cell in row)
    with clinic.uow() as uow:
        noted = uow.session.execute(
            select(AuditLog.resource_id, AuditLog.changed).where(AuditLog.action == "audit.export")
        ).all()
    assert noted == [("1", ["action", "since", "until"])]


def test_a_workbook_holds_texts_that_are_no_formulas(sign_in: SignIn, clinic: Clinic) -> None:
    patient, _, _ = looked(clinic)
    looked(clinic)
    evil = '=HYPERLINK("http://evil.example","Bấm đây")'
    with clinic.uow() as uow:
        uow.session.execute(update(Patient).where(Patient.id == patient).values(full_name=evil))
        uow.commit()
    admin = sign_in(clinic, "admin")
    wanted = {"action": "patient.read", "format": "xlsx"}
    answer = admin.client.get("/audit/export", query_string=wanted, buffered=True)
    assert answer.headers["Content-Disposition"].endswith(f"{local_today():%Y%m%d}.xlsx")
    rows = [cells for _, cells in open_table(answer.data).rows()]
    titles = rows[0]
    assert (len(rows), titles[:2]) == (3, ["Giờ", "Ai"])
    assert evil in {row[titles.index("Bệnh nhân")] for row in rows[1:]}
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert "nhat-ky-truy-cap" in answer.headers["Content-Disposition"]
    with clinic.uow() as uow:
        assert uow.session.scalars(select(AuditLog.resource_id).where(AuditLog.action == "audit.export")).all() == ["2"]


def test_only_who_may_read_the_log_gets_there(sign_in: SignIn, clinic: Clinic) -> None:
    for role in ("doctor", "nurse", "receptionist"):
        browser = sign_in(clinic, role)
        for path in ("/audit", "/audit/export", "/audit/patient"):
            assert browser.client.get(path).status_code == 403
        assert 'href="/audit"' not in browser.get("/today")


def test_a_page_asks_little(sign_in: SignIn, clinic: Clinic, count_queries: Counting) -> None:
    for _ in range(3):
        patient, _, _ = looked(clinic)
    admin = sign_in(clinic, "admin")
    for query in ({}, {"patient": patient}):
        with count_queries() as counted:
            admin.get("/audit", **query)
        assert counted.total <= 12, counted.statements
