"""The staff's pages in a real browser: phone and desk, both languages; what htmx and the small scripts add.

With SOKHAM_PICTURES set to a folder, each page's picture is left there.
"""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from manage.demo.people import person
from tenant_app.queue.public import call_next
from tenant_app.saved_filters.public import save_filter
from tenant_app.staff.public import NewUser, create_user, list_roles
from tests.support.chromium import PHONE, READERS, WIDE, looker, pictures, tab_to
from tests.support.clinic import Clinic, tomorrow
from tests.support.imports import Desk
from tests.support.patient_files import csv_file, line_of
from tests.support.portal_pages.enumeration import left_out
from tests.support.portal_pages.second_factor import set_up_and_be_asked
from tests.support.portal_pages.staff import NO_PAGES, SIGNED_OUT, StaffThings, staff_pages
from tests.support.reminding import switch_on
from tests.support.schedules import away, hours
from tests.support.staff_browser import PASSWORD, Browser, fill_sign_in, let_in
from tests.support.watching import at, findings, opened, watched

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]


@pytest.mark.parametrize(("width", "language"), READERS)
def test_somebody_alike_appears_beside_what_is_typed(
    sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str, width: int, language: str
) -> None:
    sign_in(clinic, "admin")
    known = clinic.patient().patient
    eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
    let_in(eyes, clinic)
    eyes.go("/patients/new")
    eyes.page.fill("#full_name", known.full_name.upper())
    eyes.page.fill("#date_of_birth", known.date_of_birth.strftime("%d/%m/%Y"))
    eyes.page.locator("#phone").focus()
    expect(eyes.page.locator("#alike")).to_contain_text(known.patient_code)
    eyes.page.check(f"input[name=gender][value={known.gender}]")
    eyes.page.locator("main form button[type=submit].sk-btn-primary").click()
    expect(eyes.page.locator("#confirm_new")).to_be_focused()
    eyes.look(f"staff-alike-{language}-{width}")
    eyes.page.check("#confirm_new")
    eyes.page.locator("main form button[type=submit].sk-btn-primary").click()
    eyes.page.wait_for_url("**registered=1")
    # The browser notes each answer above 399 by itself, and the question is one.
    assert [each for each in eyes.complaints if "409" not in each] == []


@pytest.mark.parametrize(("width", "language"), [*READERS, (WIDE, "vi")])
def test_every_page_is_fit_to_be_seen(
    sign_in: SignIn, clinic: Clinic, chromium: Chromium, app: Flask, url: str, width: int, language: str
) -> None:
    sign_in(clinic, "admin")
    switch_on(clinic, sms_on=True)
    found = clinic.patient()
    visit = clinic.appointment(found.patient.id)
    number = clinic.number(found.patient.id)
    worked = hours(clinic, weekdays=(0, 1, 2, 4))[0]
    away(clinic, start="08:30", end="10:00")
    for priority in ("pregnant", "none", "emergency", "none"):
        clinic.number(clinic.patient().patient.id, priority=priority)
    with clinic.uow() as uow:
        for _ in range(2):
            call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id, room="P.12")
        uow.commit()
    eyes = looker(chromium, url, width=width, language=language, pictures=pictures(), dark=width == WIDE)
    with clinic.uow() as uow:
        admin_role = next(row.id for row in list_roles(uow=uow) if row.name == "admin")
        chosen = {"role": "doctor"}
        kept = save_filter(uow=uow, actor=clinic.admin, list_name="staff", name="Bác sĩ", parameters=chosen)
        uow.commit()
    opened(clinic, clinic.actor("nurse").id, [found.patient.id, *(UUID(int=each) for each in range(34))], at("12:00"))
    watched(clinic)
    noticed = findings(clinic)[0].id
    with_account = clinic.patient().patient.id
    with clinic.hospital.superuser() as connection:
        connection.execute("INSERT INTO patient_users (patient_id, status) VALUES (%s, 'active')", (with_account,))
    desk = Desk(clinic)
    file = csv_file([line_of(person()), line_of(person(), born="31/02/1990")])
    waiting, checked = desk.upload(file), desk.checked(csv_file([line_of(person(), cccd="12")]), "khoa-noi.csv")
    imported = desk.imported(desk.checked(csv_file([line_of(person())])))
    desk.runner.close()
    tag = f"staff-*-{language}-{width}"
    eyes.walk(SIGNED_OUT, tag)
    let_in(eyes, clinic)
    things = StaffThings(
        patient=str(found.patient.id),
        with_account=str(with_account),
        doctor=str(clinic.doctor_id),
        department=str(clinic.department_id),
        visit=str(visit.id),
        number=str(number.id),
        hours=str(worked.id),
        role=str(admin_role),
        finding=str(noticed),
        uploaded=str(waiting.id),
        checked=str(checked.id),
        imported=str(imported.id),
        kept=str(kept.id),
        day=tomorrow(),
    )
    eyes.walk(staff_pages(things), tag)
    eyes.go(f"/patients/{found.patient.id}")
    eyes.page.click("form[data-confirm=new-code] button")
    eyes.page.click("dialog[open] [data-confirm-yes]")
    expect(eyes.page.locator(".st-slip")).to_be_visible()
    eyes.look(tag.replace("*", "slip"))
    printed = eyes.page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert [(round(float(wide)), round(float(high))) for wide, high in boxes] == [(298, 420)], "one sheet of A6"

    def come_in() -> None:
        fill_sign_in(eyes, clinic)

    set_up_and_be_asked(eyes, password=PASSWORD, sign_in=come_in, tag=tag)
    assert eyes.complaints == []
    assert left_out(app, eyes.seen, no_pages=NO_PAGES) == set(), "a walk leads to every page"


def test_an_invites_link_leads_in_and_leaves_no_trace_in_the_address(
    clinic: Clinic, chromium: Chromium, url: str
) -> None:
    with clinic.uow() as uow:
        new = NewUser(username="hoa.le", email="hoa@hongha.example", full_name="Lê Thị Hoa", role="nurse")
        _user, issued = create_user(uow=uow, actor=clinic.admin, new=new, tag=clinic.hospital.tenant_code)
        uow.commit()
    eyes = looker(chromium, url, width=PHONE, language="vi", pictures=None)
    eyes.go(f"/invite#{issued.secret.text}")
    expect(eyes.page.locator("h1")).to_contain_text("Lê Thị Hoa")
    assert "#" not in eyes.page.url
    eyes.page.fill("#password", PASSWORD)
    eyes.page.locator("main form button[type=submit]").last.click()
    eyes.page.wait_for_url("**/today")
    assert eyes.complaints == []


def test_a_visit_is_found_registered_booked_and_started_without_a_page_being_lost(
    sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str
) -> None:
    sign_in(clinic, "admin")
    who = person(gender="female")
    eyes = looker(chromium, url, width=PHONE, language="vi", pictures=None)
    page = eyes.page
    let_in(eyes, clinic)

    eyes.go("/patients")
    page.locator("#query").press_sequentially(who.cccd, delay=5)
    page.locator("#results button", has_text="Đăng ký").click()
    expect(page.locator("#cccd")).to_have_value(re.compile(f"{who.cccd[:3]} {who.cccd[3:6]}"))
    assert who.cccd not in page.url
    page.locator("#cccd-check button").click()
    expect(page.locator("input[name=gender][value=female]")).to_be_checked()
    page.fill("#full_name", who.full_name)
    page.locator("#date_of_birth").press_sequentially(who.date_of_birth.strftime("%d%m%Y"))
    page.fill("#phone", who.phone)
    page.keyboard.press("Enter")
    page.wait_for_url("**/patients/*?registered=1")

    page.locator("main a[href*='/appointments/new']").first.click()
    page.select_option("#department", str(clinic.department_id))
    # The hospital's only doctor is chosen by the page, and the doctor's times appear.
    page.locator("button[value=later]").click()
    expect(page.locator("#day")).to_have_value(tomorrow().strftime("%d/%m/%Y"))
    page.locator(".st-times label").nth(2).click()
    page.fill("#reason", "Đau đầu")
    page.locator("button[value=book]").click()
    expect(page.locator(".st-visit")).to_contain_text("Đau đầu")

    page.locator(".st-visit a").first.click()
    page.locator(".st-slot button", has_text="Xác nhận").click()
    expect(page.locator(".sk-toast")).to_contain_text(who.full_name)
    expect(page.locator(".st-slot button", has_text="Bắt đầu khám")).to_be_visible()
    assert eyes.complaints == []


def test_a_patient_is_registered_by_keys_alone(sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str) -> None:
    """Looked for, not found, registered: no mouse, no detour of the tab key, and Enter saves."""
    sign_in(clinic, "admin")
    who = person(gender="female")
    eyes = looker(chromium, url, width=1280, language="vi", pictures=None)
    eyes.page.add_init_script(
        "addEventListener('keydown', () => { sessionStorage.keys = Number(sessionStorage.keys ?? 0) + 1; }, true)"
    )
    keys, focused = eyes.page.keyboard, eyes.page.locator(":focus")
    let_in(eyes, clinic)
    eyes.go("/patients")
    expect(focused).to_have_id("query")
    keys.type(who.cccd)
    expect(eyes.page.locator("#results button", has_text="Đăng ký")).to_be_visible()
    tab_to(eyes.page, "button:has-text('Đăng ký')", most=3)
    keys.press("Enter")
    expect(focused).to_have_id("cccd")
    expect(focused).to_have_value(re.compile(f"{who.cccd[:3]} {who.cccd[3:6]}"))
    tab_to(eyes.page, "#full_name", most=2)
    keys.type(who.full_name)
    tab_to(eyes.page, "#date_of_birth", most=1)
    keys.type(who.date_of_birth.strftime("%d%m%Y"))
    tab_to(eyes.page, "input[name=gender]", most=1)
    keys.press("ArrowRight")
    expect(eyes.page.locator("input[name=gender][value=female]")).to_be_checked()
    tab_to(eyes.page, "#phone", most=1)
    keys.type(who.phone)
    keys.press("Enter")
    eyes.page.wait_for_url("**/patients/*?registered=1")
    expect(eyes.page.locator(".sk-patient-name")).to_contain_text(who.full_name)
    # Somebody who presses two keys a second, which is slow, is done within a minute.
    assert 0 < int(eyes.page.evaluate("sessionStorage.keys")) < 120
    assert eyes.complaints == []
