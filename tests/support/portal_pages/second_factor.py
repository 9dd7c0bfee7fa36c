"""Setting up a second factor and being asked for it, by the page: the same in every portal."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.chromium import Looker
from tests.support.second_factor import Phone


def set_up_and_be_asked(eyes: Looker, *, password: str, sign_in: Callable[[], None], tag: str) -> str:
    """From the first page to a session that has begun with a code; returns a recovery code that is still good.

    `sign_in` sends the form of the sign-in page and waits for nothing. A `*` in `tag` stands for the page's name.
    """
    page = eyes.page
    eyes.go("/account/second-factor")
    page.fill("#password", password)
    page.click("button[value=enrol]")
    expect(page.locator("img.sk-qr")).to_have_js_property("complete", True)
    assert page.evaluate("document.querySelector('img.sk-qr').naturalWidth") > 0
    eyes.look(tag.replace("*", "factor-enrol"))
    phone = Phone(page.locator("#typed-secret").inner_text().replace(" ", ""))
    page.fill("#otp", phone.code())
    page.locator("form[action$=enrol] button").click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    eyes.look(tag.replace("*", "factor-codes"))
    first, second = (page.locator("#recovery-codes li").nth(at).inner_text() for at in (0, 1))
    eyes.go("/account/second-factor")
    eyes.look(tag.replace("*", "factor-on"))

    kept = [each for each in page.context.cookies() if each["name"] in {"lang", "theme"}]
    page.context.clear_cookies()
    page.context.add_cookies([{"name": each["name"], "value": each["value"], "url": eyes.url} for each in kept])
    sign_in()
    page.wait_for_url("**/sign-in/code**")
    expect(page.locator("#otp")).to_be_focused()
    eyes.look(tag.replace("*", "factor-asked"))
    page.fill("#otp", first)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    expect(page.locator(".sk-flashes")).to_contain_text("9")
    return second
