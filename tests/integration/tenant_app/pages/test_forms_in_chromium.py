"""What the small scripts and the style add to forms, their questions and lists, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.support.chromium import DESK, PHONE, looker
from tests.support.clinic import Clinic, tomorrow
from tests.support.staff_browser import Browser

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]


def test_times_are_typed_as_they_are_said(sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str) -> None:
    eyes = looker(chromium, url, width=PHONE, language="vi", pictures=None)
    eyes.take_session(sign_in(clinic, "admin").client, "sokham_staff_session")
    eyes.go("/hospital/calendar")
    begins, ends = eyes.page.locator("#start_time"), eyes.page.locator("#end_time")
    ends.press_sequentially("1630")
    expect(ends).to_have_value("16:30")
    begins.press_sequentially("7h30")
    begins.press("Tab")
    expect(begins).to_have_value("07:30")


def test_a_question_asked_from_a_table_can_be_read_whole(
    sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str
) -> None:
    admin = sign_in(clinic, "admin")
    admin.post("/hospital/calendar/holidays", name="Họp toàn viện", first_day=tomorrow().strftime("%d/%m/%Y"))
    eyes = looker(chromium, url, width=PHONE, language="vi", pictures=None)
    eyes.take_session(admin.client, "sokham_staff_session")
    eyes.go("/hospital/calendar")
    eyes.page.locator("#holidays td.sk-cell-actions button").first.click()
    question = eyes.page.locator("dialog[open]")
    expect(question).to_contain_text("Họp toàn viện")
    expect(question).to_have_css("text-align", "start")
    assert question.evaluate("it => it.scrollWidth <= it.clientWidth")


def test_whom_one_opened_last_fits_on_a_tablet_with_what_can_be_done(
    sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str
) -> None:
    desk = sign_in(clinic, "receptionist")
    desk.get(f"/patients/{clinic.patient().patient.id}")
    eyes = looker(chromium, url, width=DESK, language="vi", pictures=None)
    eyes.page.set_viewport_size({"width": 768, "height": 1024})
    eyes.take_session(desk.client, "sokham_staff_session")
    eyes.go("/patients")
    expect(eyes.page.locator(".sk-cell-actions a")).to_have_count(2)
    assert eyes.page.locator(".sk-table-wrap").evaluate("it => it.scrollWidth <= it.clientWidth")
