"""The pages of one patient's record in a real browser: phone and desk, both languages."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from kernel.clock import local_today
from tenant_app.patients.public import (
    NewCard,
    NewContact,
    NewHistory,
    StatusChange,
    add_contact,
    end_contact,
    note_history,
    set_status,
    write_card,
)
from tests.support.chromium import PHONE, READERS, looker, pictures
from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]


@pytest.mark.parametrize(("width", "language"), READERS)
def test_the_pages_of_a_record_are_fit_to_be_read(
    sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str, width: int, language: str
) -> None:
    patient, gone = clinic.patient().patient.id, clinic.patient().patient.id
    clinic.appointment(patient)
    with clinic.uow() as uow:
        for new in (
            NewContact(full_name="Lê Thị Hoa", phone="0912345678", relation="vợ", is_guardian=True),
            NewContact(full_name="Nguyễn Văn Nam", phone="0987654321", relation="con trai"),
        ):
            held = add_contact(uow=uow, actor=clinic.admin, patient_id=patient, new=new)
        end_contact(uow=uow, actor=clinic.admin, patient_id=patient, contact_id=held.id, reason="ended")
        add_contact(uow=uow, actor=clinic.admin, patient_id=patient, new=new)
        for last in (date(2025, 12, 31), date(2026, 12, 5)):
            card = NewCard(number="GD4793456789012", valid_from=date(2025, 1, 1), valid_to=last, facility_code="79025")
            write_card(uow=uow, actor=clinic.admin, patient_id=patient, new=card)
        pressure = NewHistory(kind="chronic", what="Tăng huyết áp, uống thuốc đều", icd10="I10", since_year=2025)
        note_history(uow=uow, actor=clinic.admin, patient_id=patient, new=pressure)
        death = StatusChange(
            status="deceased", reason="family", deceased_on=local_today(), told_by="con trai, anh Nguyễn Văn Nam"
        )
        set_status(uow=uow, actor=clinic.admin, patient_id=gone, change=death)
        uow.commit()
    admin = sign_in(clinic, "admin")
    eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
    eyes.take_session(admin.client, "sokham_staff_session")
    pages = {
        "status": f"/patients/{patient}/status",
        "status-death": f"/patients/{patient}/status?to=deceased",
        "status-closed": f"/patients/{gone}/status",
        "record-closed": f"/patients/{gone}",
        "contacts": f"/patients/{patient}/contacts",
        "history": f"/patients/{patient}/history",
        "label": f"/patients/{patient}/label",
        "label-a4": f"/patients/{patient}/label?paper=a4",
        "timeline": f"/patients/{patient}/timeline",
        "insurance": f"/patients/{patient}/insurance",
        "numbers-shared": f"/patients/{patient}/numbers",
        "find-status": "/patients",
    }
    for name, path in pages.items():
        eyes.go(path)
        eyes.look(f"{name}-{width}-{language}")
    assert eyes.complaints == []


@pytest.mark.parametrize(("paper", "width", "height"), [("", 50, 30), ("?paper=a4", 210, 297)])
def test_labels_are_printed_on_one_page_of_their_paper(
    sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str, paper: str, width: int, height: int
) -> None:
    patient = clinic.patient().patient.id
    admin = sign_in(clinic, "admin")
    eyes = looker(chromium, url, width=1280, language="vi", pictures=None)
    eyes.take_session(admin.client, "sokham_staff_session")
    eyes.go(f"/patients/{patient}/label{paper}")
    printed = eyes.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", printed)) == 1
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert box is not None
    # In points of 1/72 inch.
    assert [round(float(each) * 25.4 / 72) for each in box.groups()] == [width, height]


def test_on_a_phone_the_page_of_the_record_that_is_shown_is_in_sight_among_the_others(
    sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str
) -> None:
    record = f"/patients/{clinic.patient().patient.id}"
    eyes = looker(chromium, url, width=PHONE, language="vi", pictures=None)
    eyes.take_session(sign_in(clinic, "admin").client, "sokham_staff_session")
    eyes.go(record)
    line = eyes.page.locator(".sk-tabs")
    expect(line.locator("a")).to_have_count(9)
    expect(line.locator("[aria-current=page]")).to_have_text("Tổng quan")
    last = line.locator("a").last
    expect(last).not_to_be_in_viewport(ratio=0.9)
    eyes.go(f"{record}/access")
    expect(last).to_have_attribute("aria-current", "page")
    expect(last).to_be_in_viewport(ratio=0.9)
