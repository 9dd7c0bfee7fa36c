"""What patients see where nothing is, or a hospital is away: their portal, and what to do next."""

from uuid import uuid4

import pytest

from tests.support.chromium import READERS, browser, looker, pictures, served
from tests.support.patient_portal import GOOD_PASSWORD, PatientPortal, away


@pytest.mark.e2e
@pytest.mark.parametrize(("width", "language"), READERS)
def test_an_error_s_page_is_fit_to_be_seen(portal: PatientPortal, width: int, language: str) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    member.link(there)
    visit = f"/hospitals/{there.hospital.tenant_code}/appointments/{uuid4()}"
    with served(portal.app) as url, browser() as chromium:
        eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
        eyes.go("/sign-in")
        eyes.page.fill("#cccd", member.who.cccd)
        eyes.page.fill("#password", GOOD_PASSWORD)
        eyes.page.locator("main form button[type=submit]").last.click()
        eyes.page.wait_for_url(f"{url}/")
        eyes.meet_error(visit, f"patient-404-{language}-{width}", status=404)
        with away(there.hospital):
            eyes.meet_error(visit, f"patient-503-{language}-{width}", status=503)
        assert eyes.complaints == []
