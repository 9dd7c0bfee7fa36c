"""Setting up a second factor, and signing in with it, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from sqlalchemy import select

from tenant_app.staff.models import User
from tests.support.chromium import READERS, looker, pictures
from tests.support.clinic import Clinic
from tests.support.second_factor import Phone
from tests.support.staff_browser import PASSWORD, Browser, let_in

pytestmark = pytest.mark.e2e
SignIn = Callable[[Clinic, str], Browser]


@pytest.mark.parametrize(("width", "language"), READERS)
def test_from_the_picture_to_the_code(
    sign_in: SignIn, clinic: Clinic, chromium: Chromium, url: str, width: int, language: str
) -> None:
    sign_in(clinic, "admin")
    eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
    let_in(eyes, clinic)
    tag = f"{language}-{width}"
    eyes.go("/account/second-factor")
    eyes.page.fill("#password", PASSWORD)
    eyes.page.click("button[value=enrol]")
    expect(eyes.page.locator("img.sk-qr")).to_be_visible()
    expect(eyes.page.locator("img.sk-qr")).to_have_js_property("complete", True)
    assert eyes.page.evaluate("document.querySelector('img.sk-qr').naturalWidth") > 0
    eyes.look(f"staff-factor-enrol-{tag}")
    phone = Phone(eyes.page.locator("#typed-secret").inner_text().replace(" ", ""))
    eyes.page.fill("#otp", phone.code())
    eyes.page.locator("form[action$=enrol] button").click()
    expect(eyes.page.locator("#recovery-codes li")).to_have_count(10)
    eyes.look(f"staff-factor-codes-{tag}")
    code = eyes.page.locator("#recovery-codes li").first.inner_text()
    eyes.go("/account/second-factor")
    eyes.look(f"staff-factor-on-{tag}")

    eyes.page.context.clear_cookies(name="sokham_staff_session")
    with clinic.uow() as uow:
        username = uow.session.scalars(select(User.username).where(User.role == "admin")).one()
    eyes.go("/sign-in")
    eyes.page.fill("#hospital", clinic.hospital.tenant_code)
    eyes.page.fill("#username", username)
    eyes.page.fill("#password", PASSWORD)
    eyes.page.keyboard.press("Enter")
    eyes.page.wait_for_url("**/sign-in/code**")
    expect(eyes.page.locator("#otp")).to_be_focused()
    eyes.look(f"staff-factor-asked-{tag}")
    eyes.page.fill("#otp", code)
    eyes.page.keyboard.press("Enter")
    eyes.page.wait_for_url("**/today")
    expect(eyes.page.locator(".sk-flashes")).to_contain_text("9")
    assert eyes.complaints == []
