"""Every page of the patient portal, and a patient's story, in a real browser; the story also without JavaScript.

With SOKHAM_PICTURES set to a folder, each page's picture is left there.
"""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from central.router.public import RedisOutages
from manage.demo.people import person
from tests.support.chromium import PHONE, READERS, WIDE, Looker, browser, looker, pictures, served
from tests.support.clinic import tomorrow
from tests.support.patient_portal import GOOD_PASSWORD, PatientPortal, away
from tests.support.portal_pages.enumeration import left_out
from tests.support.portal_pages.patient import NO_PAGES, SIGNED_OUT, PatientThings, patient_pages
from tests.support.portal_pages.second_factor import set_up_and_be_asked
from tests.support.reminding import switch_on

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("width", "language"), [*READERS, (WIDE, "vi")])
def test_every_page_is_fit_to_be_seen(portal: PatientPortal, width: int, language: str) -> None:
    here, there = portal.clinics
    switch_on(here)
    member = portal.activated(here)
    member.link(there)
    visit = here.appointment(member.record.patient.id)
    here.number(member.record.patient.id)
    things = PatientThings(
        visit=f"/hospitals/{here.hospital.tenant_code}/appointments/{visit.id}",
        book=f"/hospitals/{here.hospital.tenant_code}/book",
        department=str(here.department_id),
        doctor=str(here.doctor_id),
        day=(tomorrow() + timedelta(days=1)).isoformat(),
        time="09:00",
    )
    with served(portal.app) as url, browser() as chromium:
        eyes = looker(chromium, url, width=width, language=language, pictures=pictures(), dark=width == WIDE)
        tag = f"patient-*-{language}-{width}"
        eyes.walk(SIGNED_OUT, tag)

        def come_in() -> None:
            eyes.go("/sign-in")
            eyes.page.fill("#cccd", member.who.cccd)
            eyes.page.fill("#password", GOOD_PASSWORD)
            eyes.page.locator("main form button[type=submit]").last.click()

        come_in()
        eyes.page.wait_for_url(f"{url}/")
        pages = patient_pages(things)
        eyes.walk(pages, tag)
        eyes.go(pages["book-check"])
        expect(eyes.page.locator("#reason")).to_be_visible()
        set_up_and_be_asked(eyes, password=GOOD_PASSWORD, sign_in=come_in, tag=tag)
        assert eyes.complaints == []
    assert left_out(portal.app, eyes.seen, no_pages=NO_PAGES) == set(), "a walk leads to every page"


@pytest.mark.parametrize(("width", "language"), READERS)
def test_the_whole_story_is_fit_to_be_seen(portal: PatientPortal, width: int, language: str) -> None:
    with served(portal.app) as url, browser() as chromium:
        eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
        story(portal, eyes, tag=f"{language}-{width}")
        assert eyes.complaints == []


def test_the_whole_story_needs_no_javascript(portal: PatientPortal) -> None:
    with served(portal.app) as url, browser() as chromium:
        eyes = looker(chromium, url, width=PHONE, language="en", pictures=None, scripts=False)
        story(portal, eyes, tag="")


def story(portal: PatientPortal, eyes: Looker, *, tag: str) -> None:
    """Activate, book, cancel, link, look at one's data, meet a hospital that is away, sign out, sign in wrongly."""
    here, there = portal.clinics
    who, page = person(), eyes.page
    record = portal.registered(here, who)
    elsewhere = portal.registered(there, who)

    eyes.go("/")
    page.wait_for_url("**/sign-in?**")
    eyes.look(f"sign-in-{tag}")
    page.fill("#cccd", who.cccd)
    page.fill("#password", "something that is not it")
    page.locator("main form button[type=submit]").last.click()
    expect(page.locator("[role=alert]")).to_be_visible()
    eyes.look(f"sign-in-failed-{tag}")
    outages: RedisOutages = portal.collaborator(RedisOutages)
    outages.away(there.hospital.tenant)
    page.fill("#password", "something else that is not it")
    page.locator("main form button[type=submit]").last.click()
    expect(page.locator("main .sk-tone-warning")).to_contain_text(there.hospital.name)
    eyes.look(f"sign-in-failed-away-{tag}")
    outages.answers(there.hospital.tenant)
    # The browser's own notes on the status of those answers.
    eyes.complaints[:] = [each for each in eyes.complaints if "401" not in each]

    page.click("a[href='/activate']")
    eyes.look(f"activate-{tag}")
    code = portal.code(here, record)
    page.fill("#activation_code", code.upper().replace("-", " "))
    page.fill("#cccd", f"{who.cccd[:3]} {who.cccd[3:6]} {who.cccd[6:9]} {who.cccd[9:]}")
    page.fill("#password", GOOD_PASSWORD)
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(f"{eyes.url}/")
    eyes.look(f"home-empty-{tag}")

    page.click("main a[href='/book']")
    eyes.look(f"book-department-{tag}")
    page.locator("a.sk-tile").first.click()
    eyes.look(f"book-doctor-{tag}")
    page.locator("a.sk-tile").first.click()
    eyes.look(f"book-day-{tag}")
    page.locator("a.sk-tile").nth(1).click()
    eyes.look(f"book-time-{tag}")
    page.locator("a.sk-time").nth(2).click()
    page.fill("#reason", "Đau đầu, mất ngủ hai tuần nay")
    eyes.look(f"book-confirm-{tag}")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(re.compile(r"/hospitals/[^/]+/appointments/[0-9a-f-]{36}$"))
    eyes.look(f"booked-{tag}")
    booked = page.url

    eyes.go("/hospitals")
    page.fill("#activation_code", portal.code(there, elsewhere).lower())
    page.locator("form[action='/hospitals/link'] button").click()
    expect(page.locator("li.sk-tile")).to_have_count(2)
    eyes.look(f"hospitals-{tag}")
    there.appointment(elsewhere.patient.id)
    eyes.go("/")
    eyes.look(f"home-{tag}")
    eyes.go("/appointments")
    expect(page.locator("a.sk-tile")).to_have_count(2)
    eyes.look(f"appointments-{tag}")
    eyes.go("/my-data")
    expect(page.locator("section.sk-card")).to_have_count(2)
    assert who.cccd not in page.content()
    eyes.look(f"my-data-{tag}")
    eyes.go("/book")
    expect(page.locator("a.sk-tile")).to_have_count(2)
    eyes.look(f"book-hospital-{tag}")

    with away(there.hospital):
        for path in ("/", "/appointments", "/my-data", "/hospitals"):
            eyes.go(path)
            expect(page.locator("main")).to_contain_text(there.hospital.name)
            eyes.look(f"away{path.replace('/', '-')}-{tag}")

    page.goto(f"{booked}/cancel")
    eyes.look(f"cancel-{tag}")
    page.locator("label.sk-choice").first.click()
    page.locator("button.sk-btn-danger").click()
    page.wait_for_url(booked)
    eyes.look(f"cancelled-{tag}")
    expect(page.locator("a[href$='/cancel']")).to_have_count(0)

    page.locator("button.sk-account").click()
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url("**/sign-in")
    eyes.go("/my-data")
    page.wait_for_url("**/sign-in?**")
