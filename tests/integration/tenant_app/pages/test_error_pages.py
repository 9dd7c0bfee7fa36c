"""What staff see where a page is refused, or nothing is there: their portal, and what to do next."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask

from tests.support.chromium import READERS, browser, looker, pictures, served
from tests.support.clinic import Clinic
from tests.support.staff_browser import Browser

SignIn = Callable[[Clinic, str], Browser]


@pytest.mark.e2e
@pytest.mark.parametrize(("width", "language"), READERS)
def test_an_error_s_page_is_fit_to_be_seen(
    sign_in: SignIn, clinic: Clinic, app: Flask, width: int, language: str
) -> None:
    nurse = sign_in(clinic, "nurse")
    with served(app) as url, browser() as chromium:
        eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
        eyes.take_session(nurse.client, "sokham_staff_session")
        eyes.meet_error(f"/patients/{uuid4()}", f"staff-404-{language}-{width}", status=404)
        eyes.meet_error("/staff/invite", f"staff-403-{language}-{width}", status=403)
        assert eyes.complaints == []
