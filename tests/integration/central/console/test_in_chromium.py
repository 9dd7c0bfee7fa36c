"""The console's pages in a real browser: phone and desk, both languages; what htmx and the small scripts add."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from kernel.ids import new_row_id
from tests.support.chromium import DESK, PHONE, READERS, WIDE, Looker, browser, looker, pictures, served
from tests.support.console import PASSWORD, ConsoleUnderTest
from tests.support.hospitals import Hospital
from tests.support.portal_pages.console import NO_PAGES, SIGNED_OUT, console_pages
from tests.support.portal_pages.enumeration import left_out
from tests.support.portal_pages.second_factor import set_up_and_be_asked

pytestmark = pytest.mark.e2e
TWO = tuple[Hospital, Hospital]


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    """A browser."""
    with browser() as started:
        yield started


@pytest.fixture
def url(console: ConsoleUnderTest) -> Iterator[str]:
    """The console, served."""
    console.administrator("super_admin")
    with served(console.app) as address:
        yield address


def fill_sign_in(eyes: Looker) -> None:
    """Send the form of the sign-in page."""
    eyes.go("/sign-in")
    eyes.page.fill("#username", "super_admin")
    eyes.page.fill("#password", PASSWORD)
    eyes.page.locator("main form button[type=submit]").last.click()


def let_in(eyes: Looker) -> None:
    """Sign in by the form."""
    fill_sign_in(eyes)
    eyes.page.wait_for_url("**/overview")


def something_of_each(console: ConsoleUnderTest, hospital: Hospital) -> None:
    """A backlog, a batch, a dead letter and a critical event, so that lists are not empty."""
    with console.central.superuser() as connection:
        connection.execute(
            "INSERT INTO tenant_sync_status (tenant_id, last_push_at, backlog, oldest_pending_at)"
            " VALUES (%s, now(), 1240, now() - interval '1 h')",
            (hospital.tenant,),
        )
        connection.execute(
            "INSERT INTO sync_history (tenant_id, sync_type, status, records_count, results, start_time, end_time,"
            " error_message) VALUES (%s, 'push', 'partial', 12, '{\"applied\": 11, \"rejected\": 1}', now(), now(),"
            " 'version_jump')",
            (hospital.tenant,),
        )
        connection.execute(
            "INSERT INTO sync_dead_letters (id, tenant_id, event_id, event_type, reason, attempts, first_failed_at,"
            " last_failed_at) VALUES (%s, %s, %s, 'patient.updated', 'version_jump', 3, now(), now())",
            (new_row_id(), hospital.tenant, uuid4()),
        )
        connection.execute(
            "INSERT INTO security_audit_logs (tenant_id, security_event, risk_level)"
            " VALUES (%s, 'hospital_fingerprint_mismatch', 'critical')",
            (hospital.tenant,),
        )


@pytest.mark.parametrize(("width", "language"), [*READERS, (WIDE, "vi")])
def test_every_page_is_fit_to_be_seen(
    console: ConsoleUnderTest, two_hospitals: TWO, chromium: Chromium, url: str, width: int, language: str
) -> None:
    hospital = two_hospitals[0]
    something_of_each(console, hospital)
    colleague = console.administrator("support")
    eyes = looker(chromium, url, width=width, language=language, pictures=pictures(), dark=width == WIDE)
    tag = f"console-*-{language}-{width}"
    eyes.walk(SIGNED_OUT, tag)
    let_in(eyes)
    inside = console_pages(
        hospital=str(hospital.tenant),
        operation=str(hospital.provisioned.operation_id),
        administrator=str(colleague.id),
    )
    eyes.walk(inside, tag)

    def come_in() -> None:
        fill_sign_in(eyes)

    set_up_and_be_asked(eyes, password=PASSWORD, sign_in=come_in, tag=tag)
    assert eyes.complaints == []
    assert left_out(console.app, eyes.seen, no_pages=NO_PAGES) == set(), "a walk leads to every page"


def test_a_hospital_is_made_before_one_s_eyes(console: ConsoleUnderTest, chromium: Chromium, url: str) -> None:
    eyes = looker(chromium, url, width=DESK, language="vi", pictures=None)
    page = eyes.page
    let_in(eyes)
    page.keyboard.press("n")
    page.wait_for_url("**/hospitals/new")
    page.fill("#tenant_code", "Bệnh viện")
    page.get_by_role("button", name="Tạo bệnh viện").click()
    expect(page.locator("#tenant_code")).to_be_focused()
    # The browser notes every answer above 399 as an error of the page.
    eyes.complaints.clear()
    for name, value in {
        "tenant_code": "bv-song-cau",
        "name": "Bệnh viện Sông Cầu",
        "admin.full_name": "Phạm Thị Lan",
        "admin.username": "lan.pham",
        "admin.email": "lan@songcau.example",
    }.items():
        page.fill(f"[id='{name}']", value)
    page.get_by_role("button", name="Tạo bệnh viện").click()
    page.wait_for_url("**/operations/*")
    show = page.get_by_role("button", name="Hiện lời mời")
    expect(show).to_be_visible(timeout=60_000)
    eyes.look("steps")
    show.click()
    link = page.locator("#invite-link")
    expect(link).to_contain_text("/invite#bv-song-cau.")
    eyes.look("invite")
    assert "bv-song-cau." not in page.url
    assert eyes.complaints == []


def test_an_invite_s_code_leaves_the_address(chromium: Chromium, url: str) -> None:
    eyes = looker(chromium, url, width=PHONE, language="vi", pictures=None)
    eyes.go("/invite#central.abc-DEF_1")
    expect(eyes.page.locator("#token")).to_have_value("central.abc-DEF_1")
    assert eyes.page.url == f"{url}/invite"


def test_a_list_narrows_while_one_types(two_hospitals: TWO, chromium: Chromium, url: str) -> None:
    eyes = looker(chromium, url, width=DESK, language="vi", pictures=None)
    let_in(eyes)
    eyes.go("/hospitals")
    rows = eyes.page.locator("#hospital-list tbody tr")
    expect(rows).to_have_count(2)
    eyes.page.keyboard.press("/")
    eyes.page.keyboard.type("song tien")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text(two_hospitals[1].tenant_code)
    eyes.page.select_option("#status", "suspended")
    expect(rows).to_have_count(0)


def test_without_scripts_a_dead_letter_is_dropped_and_a_hospital_found(
    console: ConsoleUnderTest, two_hospitals: TWO, chromium: Chromium, url: str
) -> None:
    something_of_each(console, two_hospitals[0])
    eyes = looker(chromium, url, width=PHONE, language="vi", pictures=None, scripts=False)
    page = eyes.page
    let_in(eyes)
    eyes.go("/hospitals")
    page.fill("#q", "hong ha")
    page.get_by_role("button", name="Tìm").click()
    expect(page.locator("#hospital-list tbody tr")).to_have_count(1)
    eyes.go("/sync/dead-letters")
    drop = page.locator("form[action$='/discard']")
    drop.locator("input[type=checkbox]").check()
    drop.locator("button").click()
    page.wait_for_url("**/sync/dead-letters")
    expect(page.locator("form[action$='/discard']")).to_have_count(0)
