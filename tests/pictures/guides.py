"""The scenes of the user guides: what no address leads to, because somebody has to do something for it."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from manage.demo.people import Person, people
from tests.pictures.camera import GUIDE, PHONE, Window, window
from tests.pictures.demo import Demo
from tests.support.portal_pages.staff import StaffThings
from tests.support.second_factor import Phone

PASSWORD = "một mật khẩu thật dài 2026"
Shoot = Callable[[Window, str], None]


def take_guides(demo: Demo, things: StaffThings, folder: Path) -> None:
    """All scenes. They change the demo, so the pages are taken before."""

    def shoot(looked: Window, name: str) -> None:
        looked.shoot(folder / f"{name}.webp", most_kb=60)

    _a_colleague_comes(demo, shoot)
    desk = demo.staff("letan", size=GUIDE)
    shoot(desk, "staff-today")
    _the_desk(demo, desk, things, shoot)
    _a_conflict(demo, desk, things.patient, shoot)
    _set_up_a_factor(desk, demo.password)
    shoot(desk, "staff-second-factor")
    for name, size in (("doctor-today", GUIDE), ("doctor-phone", PHONE)):
        doctor = demo.staff("bs.hung", size=size)
        shoot(doctor, name)
        doctor.context.close()
    _the_console(demo, shoot)
    _a_patient_s_phone(demo, shoot)


def _a_colleague_comes(demo: Demo, shoot: Shoot) -> None:
    """From the administrator's form to the new nurse's password."""
    admin = demo.staff("quantri", size=GUIDE)
    admin.go("/staff/invite")
    fields = {"full_name": "Lê Thị Hoa", "username": "hoa.le", "email": "hoa.le@hong-ha.example"}
    for name, value in fields.items():
        admin.page.fill(f"[name={name}]", value)
    admin.page.locator("[name=role][value=nurse]").check(force=True)
    admin.page.select_option("[name=department_id]", label="Khoa Nội tổng hợp")
    shoot(admin, "admin-invite")
    admin.press()
    link = admin.page.locator("#invite-link")
    expect(link).to_be_visible()
    shoot(admin, "admin-invited")
    nurse = window(demo.chromium, demo.system.staff, size=GUIDE)
    nurse.page.goto(link.inner_text().strip())
    nurse.press()
    expect(nurse.page.locator("#password")).to_be_visible()
    shoot(nurse, "staff-accept")
    for each in (admin, nurse):
        each.context.close()


def _the_desk(demo: Demo, desk: Window, things: StaffThings, shoot: Shoot) -> None:
    """Searching, registering, booking, and the slip with the code."""
    desk.go("/patients")
    desk.page.fill("#query", "nguyen thi")
    expect(desk.page.locator("#results a[href*='/patients/']").first).to_be_visible()
    shoot(desk, "staff-search")
    woman = next(each for each in people(40, seed=11) if each.gender == "female" and each.date_of_birth.year < 2000)
    _register(desk, woman)
    shoot(desk, "staff-register")
    desk.page.locator("input[name=gender][value=male]").check(force=True)
    desk.press()
    expect(desk.page.locator("#confirm_mismatch")).to_be_visible()
    shoot(desk, "staff-mismatch")
    desk.go(
        f"/appointments/new?patient={things.patient}&department={things.department}&doctor={things.doctor}"
        f"&day={things.day}"
    )
    desk.page.locator(".st-times label").nth(2).click()
    desk.page.fill("#reason", "Tái khám tăng huyết áp")
    shoot(desk, "staff-book")
    without = demo.rows(
        "SELECT p.id FROM patients p JOIN patient_identifiers i ON i.patient_id = p.id AND i.system = 'cccd'"
        " LEFT JOIN patient_users u ON u.patient_id = p.id WHERE u.id IS NULL AND p.status = 'active'"
        " ORDER BY p.patient_code LIMIT 1"
    )[0][0]
    desk.go(f"/patients/{without}")
    desk.page.click("form[data-confirm=new-code] button")
    desk.page.click("dialog[open] [data-confirm-yes]")
    expect(desk.page.locator(".st-slip")).to_be_visible()
    shoot(desk, "staff-code")


def _register(desk: Window, who: Person) -> None:
    desk.go("/patients/new")
    page = desk.page
    page.locator("#cccd").press_sequentially(who.cccd)
    page.fill("#full_name", who.full_name)
    page.locator("#date_of_birth").press_sequentially(who.date_of_birth.strftime("%d%m%Y"))
    page.locator(f"input[name=gender][value={who.gender}]").check(force=True)
    page.fill("#phone", who.phone)
    expect(page.locator("#cccd-check")).not_to_be_empty()


def _a_conflict(demo: Demo, desk: Window, patient: str, shoot: Shoot) -> None:
    """The nurse saves first, then the desk."""
    nurse = demo.staff("dieuduong", size=GUIDE)
    for each in (nurse, desk):
        each.go(f"/patients/{patient}/edit")
    nurse.send(address="27 Trần Phú, phường Ba Đình, Hà Nội", phone="0912345678")
    nurse.page.wait_for_url(re.compile(r"/patients/[0-9a-f-]{36}(\?|$)"))
    desk.send(phone="0987654321")
    expect(desk.page.locator("main")).to_contain_text("Những chỗ khác nhau")
    shoot(desk, "staff-conflict")
    nurse.context.close()


def _set_up_a_factor(looked: Window, password: str) -> Phone:
    looked.go("/account/second-factor")
    looked.page.fill("#password", password)
    looked.page.click("button[value=enrol]")
    expect(looked.page.locator("img.sk-qr")).to_have_js_property("complete", True)
    return Phone(looked.page.locator("#typed-secret").inner_text().replace(" ", ""))


def _the_console(demo: Demo, shoot: Shoot) -> None:
    """Looking a patient up, and a new hospital with its invite."""
    console = demo.console()
    console.go("/patient-lookup")
    console.send(cccd=demo.patient.cccd, reason="Yêu cầu hỗ trợ số 1042: người bệnh không đăng nhập được")
    expect(console.page.locator("section[aria-live] td").first).to_be_visible()
    shoot(console, "console-lookup")
    console.go("/hospitals/new")
    fields = {
        "tenant_code": "bv-song-lo",
        "name": "Bệnh viện Đa khoa Sông Lô",
        "admin.full_name": "Phạm Thị Lan",
        "admin.username": "quantri",
        "admin.email": "quantri@bv-song-lo.example",
    }
    for name, value in fields.items():
        console.page.fill(f"main [name='{name}']", value)
    shoot(console, "console-new")
    console.press()
    show = console.page.locator("form[action$='/invite'] button")
    expect(show).to_be_visible(timeout=60_000)
    shoot(console, "console-made")
    show.click()
    expect(console.page.locator("#invite-link")).to_be_visible()
    shoot(console, "console-invite")
    console.context.close()


def _a_patient_s_phone(demo: Demo, shoot: Shoot) -> None:
    """The sheet of the account, and the code at the next sign-in."""
    phone = demo.at_home(size=PHONE)
    phone.page.locator("button.sk-account").click()
    expect(phone.page.locator("#account")).to_be_visible()
    shoot(phone, "patient-account")
    app = _set_up_a_factor(phone, demo.password)
    phone.page.fill("#otp", app.code())
    phone.page.locator("form[action$=enrol] button").click()
    expect(phone.page.locator("#recovery-codes li")).to_have_count(10)
    phone.context.close()
    again = window(demo.chromium, demo.system.patient, size=PHONE)
    again.go("/sign-in")
    again.send(cccd=demo.patient.cccd, password=demo.password)
    again.page.wait_for_url("**/sign-in/code**")
    shoot(again, "patient-second-factor")
    again.context.close()
