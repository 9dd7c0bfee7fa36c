"""The main job in a real browser, as people do it: from the first administrator to the patient's own home page."""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from kernel.clock import local_today
from manage.demo.people import Person, person
from tests.support.chromium import DESK, PHONE, browser
from tests.support.system import System
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

SETTLED = "Đã liên thông"
PASSWORD = "một mật khẩu thật dài 2026"


class Eyes:
    """A page that keeps pictures where they are wanted, and the complaints of the browser always."""

    def __init__(self, chromium: Browser, *, width: int) -> None:
        self.context: BrowserContext = chromium.new_context(
            viewport={"width": width, "height": 900 if width > 500 else 780}, locale="vi-VN"
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda told: self._hear(told.type, told.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def look(self, name: str) -> None:
        """Leave a picture in SOKHAM_PICTURES, if it is set."""
        folder = os.environ.get("SOKHAM_PICTURES")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            # Two frames, so that no picture is taken in the middle of a scroll.
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            self.page.screenshot(path=Path(folder) / f"story-{name}.png")

    def send(self, **fields: str) -> None:
        """Fill the form of the page by the names of its fields and press its main button."""
        for name, value in fields.items():
            self.page.fill(f"main [name='{name.replace('__', '.')}']", value)
        self.press()

    def press(self) -> None:
        """The main button of the page's form."""
        self.page.locator("main form button[type=submit].sk-btn-primary").last.click()

    def _hear(self, kind: str, text: str) -> None:
        # The browser notes each answer above 399 by itself; a page of another hospital is meant to be one.
        if kind == "error" and "404" not in text:
            self.complaints.append(text)


def test_the_main_job_in_a_browser(system: System) -> None:
    with browser() as chromium:
        console, desk = Eyes(chromium, width=DESK), Eyes(chromium, width=DESK)
        invite = system.sokham("admin", "create", "trang", "--role", "super_admin")["invite_token"]
        console.page.goto(f"{system.central}/invite#{invite}")
        expect(console.page.locator("[name=token]")).to_have_value(invite)
        console.send(password=PASSWORD)
        console.page.wait_for_url("**/overview")
        console.look("1-overview")

        here = open_hospital(console, system, "bv-song-lo", "Bệnh viện Sông Lô")
        there = open_hospital(console, system, "bv-tay-bac", "Bệnh viện Tây Bắc")
        accept(desk, here)
        build_the_hospital(chromium, desk, system)
        somebody = person()
        patient = register(desk, system, somebody)
        book(desk, system)
        code = activation_code(desk)

        elsewhere = Eyes(chromium, width=DESK)
        accept(elsewhere, there)
        nobody_there(elsewhere, system, patient, somebody)

        phone = Eyes(chromium, width=PHONE)
        at_home(phone, system, somebody, code)
        for eyes in (console, desk, elsewhere, phone):
            assert eyes.complaints == []


def open_hospital(console: Eyes, system: System, code: str, name: str) -> str:
    """Create a hospital and watch it being made; returns the link for its first administrator."""
    console.page.goto(f"{system.central}/hospitals/new")
    console.send(
        tenant_code=code,
        name=name,
        admin__full_name="Nguyễn Văn Thành",
        admin__username="quantri",
        admin__email=f"quantri@{code}.example",
    )
    show = console.page.locator("form[action$='/invite'] button")
    expect(show).to_be_visible(timeout=30_000)
    console.look("2-hospital-made")
    show.click()
    console.look("3-invite")
    return console.page.locator("#invite-link").inner_text().strip()


def accept(eyes: Eyes, link: str) -> None:
    """Follow the link of an invite into the staff portal."""
    eyes.page.goto(link)
    expect(eyes.page.locator("[name=code]")).to_have_value(re.compile(r".+\..+"))
    eyes.press()
    eyes.send(password=PASSWORD)
    eyes.page.wait_for_url("**/today")


def build_the_hospital(chromium: Browser, desk: Eyes, system: System) -> None:
    """A department, and a doctor who joins with an invite of their own."""
    desk.page.goto(f"{system.staff}/hospital")
    desk.page.fill("main form [name=name]", "Khoa Nội tổng hợp")
    desk.page.fill("main form [name=code]", "NOI")
    desk.page.locator("form[action*='departments'] button[type=submit]").click()
    desk.page.goto(f"{system.staff}/staff/invite")
    desk.page.fill("[name=full_name]", "Trần Quốc Hùng")
    desk.page.fill("[name=username]", "bs.hung")
    desk.page.fill("[name=email]", "bs.hung@bv-song-lo.example")
    desk.page.locator("[name=role][value=doctor]").check(force=True)
    desk.page.select_option("[name=department_id]", label="Khoa Nội tổng hợp")
    desk.press()
    doctor = Eyes(chromium, width=DESK)
    accept(doctor, desk.page.locator("#invite-link").inner_text().strip())
    doctor.context.close()


def register(desk: Eyes, system: System, somebody: Person) -> str:
    """Register by hand, the CCCD typed with blanks; returns the address of the patient's page."""
    page = desk.page
    page.goto(f"{system.staff}/patients/new")
    page.fill("#cccd", f"{somebody.cccd[:3]} {somebody.cccd[3:6]} {somebody.cccd[6:]}")
    page.fill("#full_name", somebody.full_name)
    page.fill("#date_of_birth", somebody.date_of_birth.strftime("%d%m%Y"))
    page.locator(f"[name=gender][value={somebody.gender}]").check(force=True)
    page.fill("#phone", somebody.phone)
    desk.look("4-register")
    page.locator("main form .sk-btn-primary[name=step][value=save]").click()
    page.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}"))
    desk.look("5-patient")
    return page.url.split("?")[0]


def book(desk: Eyes, system: System) -> None:
    """Book the patient who is open, the day after tomorrow at nine."""
    page = desk.page
    page.locator("a[href*='/appointments/new']").first.click()
    page.select_option("#department", label="Khoa Nội tổng hợp")
    expect(page.locator("#doctor option", has_text="Trần Quốc Hùng")).to_be_attached()
    page.select_option("#doctor", label="Trần Quốc Hùng")
    day = local_today() + timedelta(days=2)
    page.fill("#day", day.strftime("%d/%m/%Y"))
    page.locator("[name=step][value=times]").click()
    nine = page.locator("[name=start][value='09:00']")
    expect(page.locator("#times")).to_contain_text(day.strftime("%d/%m/%Y"))
    nine.check(force=True)
    page.fill("[name=reason]", "Ho, sốt ba ngày")
    desk.look("6-book")
    page.locator("[name=step][value=book]").click()
    page.wait_for_url(re.compile(r"/(patients|today|appointments)"))
    desk.look("7-booked")


def activation_code(desk: Eyes) -> str:
    """The patient's page, once central has settled who it is; then the code for the portal."""
    page = desk.page
    if "/patients/" not in page.url:
        page.locator("a[href*='/patients/']").first.click()
    address = page.url.split("?")[0]

    def settled() -> bool:
        page.goto(address)
        return SETTLED in page.inner_text("main")

    wait_until(settled, seconds=30, what="the settled id")
    page.locator("form[data-confirm='new-code'] button").click()
    page.locator("dialog#new-code [data-confirm-yes]").click()
    page.wait_for_url(re.compile(r"portal-code"))
    desk.look("8-code")
    found = re.search(r"bv-song-lo\.[0-9A-Z-]{14}", page.inner_text("main"))
    assert found is not None
    return found.group(0)


def nobody_there(eyes: Eyes, system: System, patient: str, somebody: Person) -> None:
    """At the other hospital the same patient does not exist."""
    answer = eyes.page.goto(patient)
    assert answer is not None
    assert answer.status == 404
    eyes.page.goto(f"{system.staff}/patients")
    eyes.page.fill("main input[name=query]", somebody.full_name)
    expect(eyes.page.locator("#results")).not_to_be_empty()
    assert somebody.phone not in eyes.page.inner_text("main")
    eyes.look("9-elsewhere")


def at_home(phone: Eyes, system: System, somebody: Person, code: str) -> None:
    """On a phone: activate, sign out, sign in with the CCCD, see the appointment of the right hospital."""
    page = phone.page
    page.goto(f"{system.patient}/activate")
    phone.send(activation_code=code.lower(), cccd=somebody.cccd, password=PASSWORD)
    page.wait_for_url(f"{system.patient}/")
    page.context.clear_cookies()
    page.goto(f"{system.patient}/")
    page.wait_for_url("**/sign-in?**")
    phone.send(cccd=somebody.cccd, password=PASSWORD)
    page.wait_for_url(f"{system.patient}/")
    expect(page.locator("main")).to_contain_text("Bệnh viện Sông Lô")
    expect(page.locator("main")).to_contain_text("09:00")
    phone.look("10-home")
