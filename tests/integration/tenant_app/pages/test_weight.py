"""What pages weigh on the way to a browser: a first visit, and every page after it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Page, Request

from tests.support.chromium import DESK, PHONE, browser, looker, served
from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]

KB = 1000
FIRST_LOAD = 300 * KB
LATER_PAGE = 50 * KB


@contextmanager
def weighing(page: Page) -> Iterator[dict[str, int]]:
    """Bytes that come over the wire while the block runs, by address; what the browser has already weighs nothing."""
    came: dict[str, int] = {}

    def finished(request: Request) -> None:
        sizes = request.sizes()
        came[request.url] = sizes["responseBodySize"] + sizes["responseHeadersSize"]

    page.on("requestfinished", finished)
    try:
        yield came
        page.wait_for_load_state("networkidle")
    finally:
        page.remove_listener("requestfinished", finished)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_first_visit_and_the_pages_after_it_are_light(
    sign_in: SignIn, clinic: Clinic, app: Flask, width: int
) -> None:
    desk = sign_in(clinic, "admin")
    patients = [clinic.patient().patient for _ in range(25)]
    for each in patients:
        clinic.number(each.id)
    record = f"/patients/{patients[0].id}"
    with browser() as chromium, served(app) as url:
        eyes = looker(chromium, url, width=width, language="vi", pictures=None)
        eyes.take_session(desk.client, "sokham_staff_session")
        with weighing(eyes.page) as first:
            eyes.go("/today")
        assert 20 * KB < sum(first.values()) <= FIRST_LOAD
        for path in ("/patients", record, f"/queue/{clinic.department_id}", "/queue", "/staff", "/hospital", "/audit"):
            with weighing(eyes.page) as later:
                eyes.go(path)
            assert 0 < sum(later.values()) <= LATER_PAGE, path
