"""The API's document is readable in a browser under our own content policy, and true to the errors that are sent."""

import pytest
from playwright.sync_api import expect

from tests.support.chromium import browser, served
from tests.support.portals import Portals

pytestmark = pytest.mark.e2e


def test_each_portal_draws_its_document(portals: Portals) -> None:
    complaints: list[str] = []
    with browser() as chromium:
        for app in portals.all.values():
            with served(app) as url:
                page = chromium.new_page()
                page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
                page.goto(f"{url}/api/docs")
                # It draws a hundred calls, which takes a loaded machine seconds.
                expect(page.locator(".opblock").first).to_be_visible(timeout=30_000)
                expect(page.locator("#api")).to_contain_text("/api/v1/auth/refresh")
                page.close()
    assert complaints == []
