"""What the small scripts and the style add to forms and their questions, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.support.chromium import PHONE, looker
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
