"""A morning at the desk: reception, a nurse and a doctor side by side, who see each other's work without a reload."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kernel.clock import local_today
from manage.demo.people import Person, person
from tests.support.chromium import DESK, HEIGHTS, browser, tab_to
from tests.support.opened import PASSWORD, Opened, administrator, hire, open_hospital
from tests.support.system import System

pytestmark = pytest.mark.e2e

DEPARTMENT = "Khoa Nội tổng hợp"
# What happens elsewhere shows within this, on a loaded machine; with the live process it is well below a second.
SOON = 20_000


@dataclass(frozen=True, kw_only=True)
class Morning:
    """A hospital with one department, and three people who have signed in, each in a browser of their own."""

    system: System
    hospital: Opened
    department_id: str
    desk: Page
    nurse: Page
    doctor: Page
    complaints: list[str]

    def go(self, page: Page, path: str) -> None:
        """Open a page of the staff portal."""
        page.goto(f"{self.system.staff}{path}")

    def look(self, page: Page, name: str) -> None:
        """Leave a picture in SOKHAM_PICTURES, if it is set."""
        if folder := os.environ.get("SOKHAM_PICTURES"):
            page.screenshot(path=Path(folder) / f"morning-{name}.png")


@pytest.fixture(scope="module")
def morning(system: System) -> Iterator[Morning]:
    """Everybody has come to work."""
    root = administrator(system, "truc.dem")
    hospital = open_hospital(system, root, "bv-buoi-sang", "Bệnh viện Buổi Sáng")
    department = system.call(
        "POST",
        f"{system.staff}/api/v1/departments",
        {"code": "NOI", "name": DEPARTMENT},
        token=hospital.token,
        expect=201,
    )
    people = {
        "letan": ("receptionist", "Ngô Ngọc Hạnh"),
        "dieuduong": ("nurse", "Lê Thị Hoa"),
        "bs.minh": ("doctor", "Phạm Quang Minh"),
    }
    for username, (role, name) in people.items():
        hire(system, hospital, username, role, department["id"], full_name=name)
    complaints: list[str] = []
    with browser() as chromium, ExitStack() as stack:
        pages = []
        for username in people:
            page = _in_a_browser(chromium, stack, complaints)
            page.goto(f"{system.staff}/sign-in")
            page.fill("#hospital", hospital.code)
            page.fill("#username", username)
            page.fill("#password", PASSWORD)
            page.locator("main form button[type=submit]").last.click()
            page.wait_for_url("**/today*")
            pages.append(page)
        desk, nurse, doctor = pages
        yield Morning(
            system=system,
            hospital=hospital,
            department_id=department["id"],
            desk=desk,
            nurse=nurse,
            doctor=doctor,
            complaints=complaints,
        )


def test_a_morning_at_the_desk(morning: Morning) -> None:
    first, second = person(), person()
    line = f"/queue/{morning.department_id}"
    morning.go(morning.nurse, line)
    expect(morning.nurse.locator("#the-line")).to_contain_text("Không có ai đang chờ")
    morning.go(morning.doctor, f"/today?day={local_today() + timedelta(days=1)}")

    register_by_keyboard(morning, first)
    give_a_number(morning, priority="pregnant")
    waiting = morning.nurse.locator(".qu-place", has_text=first.full_name)
    expect(waiting).to_be_visible(timeout=SOON)
    expect(waiting).to_contain_text("Phụ nữ có thai")
    morning.look(morning.nurse, "nurse-line")

    # The desk looks at the line while the nurse calls.
    morning.go(morning.desk, line)
    morning.nurse.fill("#room", "P.3")
    morning.nurse.keyboard.press("Enter")
    expect(morning.nurse.locator(".qu-place", has_text="P.3")).to_be_visible()
    expect(morning.desk.locator(".qu-place", has_text="P.3")).to_be_visible(timeout=SOON)
    morning.look(morning.desk, "desk-called")

    register_by_keyboard(morning, second)
    book_for_tomorrow(morning)
    booked = morning.doctor.locator(".st-slot", has_text=second.full_name)
    expect(booked).to_be_visible(timeout=SOON)
    morning.look(morning.doctor, "doctor-tomorrow")

    morning.go(morning.doctor, line)
    mine = morning.doctor.locator(".qu-place", has_text=first.full_name)
    mine.locator("button", has_text="Đã vào").click()
    expect(morning.nurse.locator("section", has_text="Đang khám").locator(".qu-place")).to_be_visible(timeout=SOON)
    mine.locator("button", has_text="Khám xong").click()
    expect(morning.nurse.locator(".qu-place")).to_have_count(0, timeout=SOON)
    assert morning.complaints == []


def test_two_who_change_one_patient_lose_nothing(morning: Morning) -> None:
    who = person()
    register_by_keyboard(morning, who)
    record = re.sub(r"\?.*", "", morning.desk.url)
    for page in (morning.desk, morning.nurse):
        page.goto(f"{record}/edit")
    morning.nurse.fill("#phone", "0912345678")
    morning.nurse.locator("main form .sk-btn-primary").last.click()
    morning.nurse.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}(\?|$)"))
    morning.desk.fill("#address", "12 Lê Lợi, Phường Bến Thành")
    morning.desk.fill("#phone", "0987654321")
    morning.desk.locator("main form .sk-btn-primary").last.click()
    expect(morning.desk.locator("main")).to_contain_text("Lê Thị Hoa")
    expect(morning.desk.locator("#address")).to_have_value("12 Lê Lợi, Phường Bến Thành")
    expect(morning.desk.locator("#phone")).to_have_value("0987654321")
    morning.look(morning.desk, "conflict")
    morning.desk.locator("main form .sk-btn-primary").last.click()
    morning.desk.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}(\?|$)"))
    expect(morning.desk.locator("main")).to_contain_text("0987")


def register_by_keyboard(morning: Morning, who: Person) -> None:
    """Everything by keys, as somebody with a queue before the desk does it."""
    page = morning.desk
    morning.go(page, "/patients")
    page.keyboard.press("Control+k")
    page.keyboard.type("dang ky benh nhan")
    expect(page.locator("#jump [role=option]:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/patients/new")
    expect(page.locator("#cccd")).to_be_focused()
    page.keyboard.type(who.cccd)
    # The number's own check may have put an offer between the two by now, or not yet.
    tab_to(page, "#full_name", most=3)
    page.keyboard.type(who.full_name)
    tab_to(page, "#date_of_birth", most=1)
    page.keyboard.type(who.date_of_birth.strftime("%d%m%Y"))
    tab_to(page, "input[name=gender]", most=1)
    page.keyboard.press("Space")
    while not page.locator(f"input[name=gender][value={who.gender}]").is_checked():
        page.keyboard.press("ArrowRight")
    tab_to(page, "#phone", most=1)
    page.keyboard.type(who.phone)
    page.keyboard.press("Enter")
    page.wait_for_url("**/patients/*?registered=1")


def give_a_number(morning: Morning, *, priority: str) -> None:
    """For the patient whose page is open at the desk."""
    page = morning.desk
    page.locator("main a[href*='/queue/new?patient=']").first.click()
    page.locator(f"input[name=priority][value={priority}]").check(force=True)
    page.locator("input[name=department]").first.check(force=True)
    page.locator("main form .sk-btn-primary").last.click()
    page.wait_for_url(re.compile(r"/queue/numbers/"))
    morning.look(page, "ticket")


def book_for_tomorrow(morning: Morning) -> None:
    """For the patient whose page is open at the desk, at the first free time; a day that is closed is said so."""
    page = morning.desk
    page.locator("main a[href*='/appointments/new']").first.click()
    page.select_option("#department", label=DEPARTMENT)
    page.select_option("#doctor", label="Phạm Quang Minh")
    page.fill("#day", (local_today() + timedelta(days=1)).strftime("%d/%m/%Y"))
    page.locator("[name=step][value=times]").click()
    page.locator("[name=start]").first.check(force=True)
    page.locator("[name=step][value=book]").click()
    page.wait_for_url(re.compile(r"/(patients|today|appointments)"))


def _in_a_browser(chromium: Browser, stack: ExitStack, complaints: list[str]) -> Page:
    context = chromium.new_context(viewport={"width": DESK, "height": HEIGHTS[DESK]}, locale="vi-VN")
    stack.callback(context.close)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    return page
