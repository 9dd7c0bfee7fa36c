"""What is slow shows that it is on its way; the keys of a page stand on a sheet that `?` opens."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route, expect

from tests.support.chromium import DESK, PHONE, Looker, looker, pictures
from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]
Eyes = Callable[..., Looker]


@pytest.fixture
def eyes(sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str, app: Flask) -> Eyes:
    """A receptionist's window."""

    def open_window(*, width: int = DESK, dark: bool = False) -> Looker:
        desk = sign_in(clinic, "receptionist")
        made = looker(chromium, url, width=width, language="vi", pictures=pictures(), dark=dark)
        made.take_session(desk.client, "sokham_staff_session")
        return made

    return open_window


def held_back(page: Page, path: str) -> list[Route]:
    """Requests to there wait until the test lets them go on."""
    waiting: list[Route] = []
    page.route(f"**{path}", lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright looks at the function.
    return waiting


def test_grey_lines_stand_where_patients_will(eyes: Eyes, clinic: Clinic) -> None:
    who = clinic.patient().patient
    looking = eyes(width=PHONE, dark=True)
    page = looking.page
    looking.go("/patients")
    waiting = held_back(page, "/patients")
    lines, results = page.locator("#results + .sk-skeleton"), page.locator("#results")
    expect(lines).to_be_hidden()
    page.locator("#query").press_sequentially(who.full_name)
    expect(lines).to_be_visible()
    expect(results).to_have_attribute("aria-busy", "true")
    looking.look("staff-waiting-vi-360")
    waiting[-1].continue_()
    expect(results).to_contain_text(who.full_name)
    expect(lines).to_be_hidden()
    assert results.get_attribute("aria-busy") is None
    # A request that fails leaves what stood there.
    page.locator("#query").fill("0912345678")
    expect(lines).to_be_visible()
    waiting[-1].abort()
    expect(results).to_contain_text(who.full_name)
    expect(lines).to_be_hidden()


def test_grey_lines_stand_where_free_times_and_found_people_will(eyes: Eyes, clinic: Clinic) -> None:
    who = clinic.patient().patient
    looking = eyes()
    page = looking.page
    looking.go(f"/appointments/new?patient={who.id}")
    page.select_option("#department", str(clinic.department_id))
    expect(page.locator("[name=start]").first).to_be_attached()
    waiting = held_back(page, "/appointments/new")
    page.locator("[name=step][value=later]").click()
    lines = page.locator("#times .sk-skeleton")
    expect(lines).to_be_visible()
    expect(page.locator("[name=start]").first).to_be_hidden()
    waiting[-1].continue_()
    expect(lines).to_be_hidden()
    expect(page.locator(".st-times label").first).to_be_visible()

    waiting = held_back(page, "/lookup")
    page.keyboard.press("Control+k")
    page.keyboard.type(who.full_name)
    lines = page.locator("#jump .sk-skeleton")
    expect(lines).to_be_visible()
    expect(page.locator(".sk-jump-none")).to_be_hidden()
    looking.look("staff-jump-waiting-vi-1280")
    waiting[-1].continue_()
    expect(page.locator("#jump-found [role=option]")).to_contain_text([who.patient_code])
    expect(lines).to_be_hidden()
    assert looking.complaints == []


def test_a_sheet_lists_the_keys_of_the_page_and_they_can_be_switched_off(eyes: Eyes) -> None:
    looking = eyes()
    page = looking.page
    looking.go("/patients")
    # In a field the keys are letters.
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type("?n")
    expect(page.locator("#query")).to_have_value("?n")
    page.locator("h1").click()
    page.keyboard.press("?")
    sheet = page.locator("#help-sheet")
    expect(sheet).to_be_visible()
    expect(sheet.locator("div", has=page.locator("kbd", has_text="n"))).to_contain_text(["Đăng ký bệnh nhân"])
    looking.look("staff-help-vi-1280")
    sheet.locator("[data-shortcuts-switch]").uncheck()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("n")
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()
    page.locator("button[popovertarget=account]:visible").first.click()
    page.locator("[data-help]:visible").first.click()
    sheet.locator("[data-shortcuts-switch]").check()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("n")
    page.wait_for_url("**/patients/new")
    assert looking.complaints == []
