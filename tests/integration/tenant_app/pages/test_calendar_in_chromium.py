"""The calendar in a real browser: an appointment is dragged, moved by keys, put back, and the move undone."""

import re
from collections.abc import Callable
from datetime import time
from uuid import UUID

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, expect

from tenant_app.appointments.public import AppointmentRow, appointment
from tests.support.chromium import DESK, READERS, WIDE, Looker, looker, pictures
from tests.support.clinic import Clinic, tomorrow
from tests.support.schedules import away, hours
from tests.support.staff_browser import Browser, let_in

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]


@pytest.fixture
def visit(sign_in: SignIn, clinic: Clinic) -> AppointmentRow:
    """An appointment of tomorrow at eight, with a doctor who works from eight to ten in slots of twenty minutes."""
    sign_in(clinic, "admin")
    hours(clinic)
    return clinic.appointment(clinic.patient().patient.id, start="08:00", end="08:20")


@pytest.fixture
def eyes(visit: AppointmentRow, clinic: Clinic, chromium: Chromium, url: str) -> Looker:
    """Somebody at the desk before tomorrow's calendar."""
    del visit
    made = looker(chromium, url, width=DESK, language="en", pictures=pictures())
    let_in(made, clinic)
    made.go(f"/calendar?view=day&day={tomorrow()}")
    return made


def block(eyes: Looker) -> Locator:
    return eyes.page.locator(".ca-block[data-move]:not(.is-ghost)")


def start_of(clinic: Clinic, appointment_id: UUID) -> time:
    with clinic.uow() as uow:
        return appointment(uow=uow, appointment_id=appointment_id).start_time


def test_it_is_dragged_confirmed_and_undone(eyes: Looker, clinic: Clinic, visit: AppointmentRow) -> None:
    page = eyes.page
    block(eyes).drag_to(page.locator(".ca-free[data-start='09:20']"))
    dialog = page.locator("#ca-move")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".ca-move-from")).to_contain_text("08:00")
    expect(dialog.locator(".ca-move-to")).to_contain_text("09:20")
    assert start_of(clinic, visit.id) == time(8), "nothing is moved before it is confirmed"
    dialog.locator("button[type=submit]").click()
    page.wait_for_url("**moved=**")
    expect(block(eyes)).to_contain_text("09:20")
    assert start_of(clinic, visit.id) == time(9, 20)
    eyes.look("staff-calendar-moved")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda address: "moved" not in address)
    expect(block(eyes)).to_contain_text("08:00")
    assert start_of(clinic, visit.id) == time(8)
    assert eyes.complaints == []


def test_it_is_moved_by_keys_and_put_back_by_escape(eyes: Looker, clinic: Clinic, visit: AppointmentRow) -> None:
    page, keys = eyes.page, eyes.page.keyboard
    block(eyes).focus()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(page.locator(".is-ghost")).to_contain_text("08:40")
    expect(page.locator("#live")).to_contain_text("08:40")
    keys.press("Escape")
    expect(page.locator(".is-ghost")).to_have_count(0)
    expect(block(eyes)).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(page.locator("#ca-move")).to_be_visible()
    keys.press("Escape")
    expect(page.locator("#ca-move")).to_be_hidden()
    expect(block(eyes)).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Enter"):
        keys.press(key)
    expect(page.locator("#ca-move button[type=submit]")).to_be_focused()
    keys.press("Enter")
    page.wait_for_url("**moved=**")
    assert start_of(clinic, visit.id) == time(8, 40)
    assert eyes.complaints == []


def test_free_times_are_reached_by_keys_and_the_arrows_leave_the_day_alone(
    eyes: Looker, clinic: Clinic, visit: AppointmentRow
) -> None:
    """One stop of the Tab key a column; from there the arrows. What is there says what it is, when, and whose."""
    page, keys = eyes.page, eyes.page.keyboard
    here = page.url
    assert page.locator("a.ca-free").count() > 3
    expect(page.locator("a.ca-free[tabindex='0']")).to_have_count(1)
    page.locator(".ca-scroll").focus()
    keys.press("ArrowRight")
    for _ in range(2):
        keys.press("Tab")
    expect(page.locator("a.ca-free[data-start='08:20']")).to_be_focused()
    for key, start in (("ArrowDown", "08:40"), ("End", "09:40"), ("ArrowUp", "09:20"), ("Home", "08:20")):
        keys.press(key)
        expect(page.locator(f"a.ca-free[data-start='{start}']")).to_be_focused()
    keys.press("ArrowRight")
    assert page.url == here
    keys.press("Tab")
    expect(block(eyes)).to_be_focused()
    expect(block(eyes)).to_have_attribute("aria-describedby", "ca-how")
    told = page.locator("#the-calendar .ca-column").aria_snapshot()
    name = page.locator(".ca-column").get_attribute("aria-label")
    assert f'- link "Book at 08:20, {name}"' in told
    assert re.search(rf'- link "08:00 {visit.patient_name} ?, \w[\w ]*, {name}"', told), told
    assert "10:00–17:00" in told, "what is closed says until when"
    page.locator("a.ca-free[data-start='09:40']").focus()
    keys.press("Enter")
    page.wait_for_url("**/appointments/new?**start=09:40")
    assert eyes.complaints == []


def test_a_place_that_was_taken_meanwhile_is_refused_and_asked_again(
    eyes: Looker, clinic: Clinic, visit: AppointmentRow
) -> None:
    clinic.appointment(visit.patient_id, start="09:00", end="09:20")
    block(eyes).drag_to(eyes.page.locator(".ca-free[data-start='09:00']"))
    eyes.page.locator("#ca-move button[type=submit]").click()
    expect(eyes.page.locator("#moving")).to_contain_text("The doctor is taken at that time")
    assert start_of(clinic, visit.id) == time(8)


def test_an_empty_slot_leads_to_booking_with_it_filled_in(eyes: Looker, visit: AppointmentRow) -> None:
    eyes.page.locator(".ca-free[data-start='09:40']").click()
    eyes.page.wait_for_url("**/appointments/new?**")
    eyes.page.fill("#query", visit.patient_code)
    eyes.page.locator("#results a[href*='/appointments/new']").first.click()
    expect(eyes.page.locator("input[name=start][value='09:40']")).to_be_checked()


@pytest.mark.parametrize(("width", "language"), [*READERS, (WIDE, "vi")])
def test_the_calendar_is_fit_to_be_seen(
    visit: AppointmentRow, clinic: Clinic, chromium: Chromium, url: str, width: int, language: str
) -> None:
    away(clinic, start="09:00", end="09:40")
    eyes = looker(chromium, url, width=width, language=language, pictures=pictures(), dark=width == WIDE)
    let_in(eyes, clinic)
    for view in ("day", "week"):
        eyes.go(f"/calendar?view={view}&day={tomorrow()}&doctor={visit.doctor_id}")
        eyes.look(f"staff-calendar-{view}-{language}-{width}")
    assert eyes.complaints == []
