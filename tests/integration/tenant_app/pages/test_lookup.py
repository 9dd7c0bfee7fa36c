"""The command bar: what it offers to whom, and whom it finds."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests.support.chromium import DESK, Looker, browser, looker, pictures, served
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


def test_it_finds_a_patient_of_this_hospital_only(sign_in: SignIn, clinics: tuple[Clinic, Clinic]) -> None:
    here, there = (each.patient() for each in clinics)
    desk = sign_in(clinics[0], "receptionist")
    for query in (here.patient.full_name, here.patient.patient_code, here.identifiers["cccd"]):
        found = desk.part("/lookup", query=query)
        assert found.status_code == 200
        assert f"/patients/{here.patient.id}" in found.text
        assert here.identifiers["cccd"] not in found.text
    assert str(there.patient.id) not in desk.part("/lookup", query=there.patient.full_name).text
    assert str(there.patient.id) not in desk.part("/lookup", query=there.identifiers["cccd"]).text


@pytest.mark.parametrize("query", ["", "a", "đặt lịch", "()&|", "31/02/2020", "x" * 300])
def test_letters_that_are_no_search_find_nobody(sign_in: SignIn, clinic: Clinic, query: str) -> None:
    answer = sign_in(clinic, "nurse").part("/lookup", query=query)
    assert (answer.status_code, "/patients/" in answer.text) == (200, False)


def test_without_htmx_it_leads_to_the_search(sign_in: SignIn, clinic: Clinic) -> None:
    assert sign_in(clinic, "nurse").post("/lookup", query="lan").headers["Location"] == "/patients"


def test_it_offers_what_somebody_may(sign_in: SignIn, clinic: Clinic) -> None:
    cashier, desk = (sign_in(clinic, role).get("/account/password") for role in ("cashier", "receptionist"))
    assert 'role="option" tabindex="-1" href="/patients/new"' in desk
    assert 'role="option" tabindex="-1" href="/patients/new"' not in cashier


def test_looking_up_asks_the_same_however_many_there_are(
    sign_in: SignIn, clinic: Clinic, count_queries: Counting
) -> None:
    desk = sign_in(clinic, "receptionist")
    for _ in range(8):
        clinic.patient()
    with count_queries() as counted:
        desk.part("/lookup", query="0")
        desk.part("/lookup", query="nguyen")
    assert counted.total <= 12


@pytest.mark.e2e
@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_few_letters_and_enter_lead_there(sign_in: SignIn, clinic: Clinic, app: Flask, language: str) -> None:
    desk = sign_in(clinic, "receptionist")
    patient = clinic.patient().patient
    with browser() as chromium, served(app) as url:
        eyes: Looker = looker(chromium, url, width=DESK, language=language, pictures=pictures())
        eyes.take_session(desk.client, "sokham_staff_session")
        eyes.go("/today")
        page = eyes.page
        page.keyboard.press("Control+k")
        expect(page.locator("#jump")).to_be_visible()
        expect(page.locator("#jump input")).to_be_focused()
        eyes.look(f"staff-jump-{language}")
        page.keyboard.type(patient.full_name)
        expect(page.locator("#jump-found [role=option]")).to_contain_text([patient.patient_code])
        expect(page.locator("#jump [aria-selected=true]")).to_contain_text(patient.full_name)
        eyes.look(f"staff-jump-found-{language}")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/patients/{patient.id}")

        page.locator("[data-jump]").click()
        page.keyboard.type("dang ky" if language == "vi" else "regis")
        expect(page.locator("#jump [role=option]:visible")).to_have_count(1)
        page.keyboard.press("Enter")
        page.wait_for_url("**/patients/new")
        page.locator("#full_name").focus()
        page.keyboard.press("Control+k")
        page.keyboard.type("zzzz")
        expect(page.locator("#jump .sk-jump-none")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#jump")).to_be_hidden()
        expect(page.locator("#full_name")).to_be_focused()
        assert eyes.complaints == []
