"""The list of a day as it comes out of the printer: A4, a page for each doctor, nothing to press."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser as Chromium

from kernel.text import search_key
from tenant_app.appointments.public import book
from tests.support.chromium import DESK, looker, pictures
from tests.support.clinic import Clinic, add_user, tomorrow
from tests.support.staff_browser import Browser, let_in

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]


def test_each_doctor_has_a_page_of_their_own(sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str) -> None:
    sign_in(clinic, "admin")
    patient = clinic.patient().patient.id
    with clinic.uow() as uow:
        doctors = [clinic.doctor_id, add_user(uow, role="doctor", department_id=clinic.department_id)]
        for doctor_id in doctors:
            for hour in range(8, 12):
                wish = clinic.booking(patient, start=f"{hour:02d}:00", end=f"{hour:02d}:20", doctor_id=doctor_id)
                book(uow=uow, actor=clinic.admin, booking=wish)
        uow.commit()
    eyes = looker(chromium, url, width=DESK, language="vi", pictures=pictures())
    let_in(eyes, clinic)
    eyes.go(f"/today/list?day={tomorrow()}&doctor=")
    eyes.look("staff-day-list-1280")
    names = eyes.page.locator(".dl-head h2").all_inner_texts()
    assert names == sorted(names, key=search_key)
    paper = eyes.page.pdf(prefer_css_page_size=True)
    if eyes.pictures is not None:
        (eyes.pictures / "staff-day-list.pdf").write_bytes(paper)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == len(doctors)
    (sizes,) = {tuple(map(float, found)) for found in re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", paper)}
    assert [round(points / 72 * 25.4) for points in sizes] == [210, 297]
    eyes.page.emulate_media(media="print")
    assert not eyes.page.locator(".sk-page-header").is_visible()
    assert eyes.page.locator(".dl-notes").first.is_visible()
    assert eyes.page.locator("main .btn").filter(visible=True).count() == 0
    if eyes.pictures is not None:
        eyes.page.set_viewport_size({"width": 703, "height": 994})
        eyes.page.screenshot(path=eyes.pictures / "staff-day-list-on-paper.png", full_page=True)
    assert eyes.complaints == []
