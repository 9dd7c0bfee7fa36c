"""What pages weigh on the way to a browser: a first visit, and every page after it."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Request

from tests.support.chromium import DESK, PHONE, Looker, browser, looker, served
from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]

KB = 1000
FIRST_LOAD = 300 * KB
LATER_PAGE = 50 * KB


def weight(eyes: Looker, path: str) -> int:
    """Bytes that come over the wire for a page; what the browser has already weighs nothing."""
    came: list[Request] = []

    def finished(request: Request) -> None:
        came.append(request)

    eyes.page.on("requestfinished", finished)
    with eyes.page.expect_event("requestfinished", predicate=Request.is_navigation_request):
        eyes.go(path)
    eyes.page.wait_for_load_state("networkidle")
    eyes.page.remove_listener("requestfinished", finished)
    sizes = [request.sizes() for request in came]
    return sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)


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
        assert 20 * KB < weight(eyes, "/today") <= FIRST_LOAD
        for path in ("/patients", record, f"/queue/{clinic.department_id}", "/queue", "/staff", "/hospital", "/audit"):
            assert 0 < weight(eyes, path) <= LATER_PAGE, path
