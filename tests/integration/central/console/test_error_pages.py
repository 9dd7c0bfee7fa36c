"""What administrators see where a page is refused, or nothing is there: the console, and what to do next."""

from uuid import uuid4

import pytest

from tests.support.chromium import READERS, browser, looker, pictures, served
from tests.support.console import ConsoleUnderTest


@pytest.mark.e2e
@pytest.mark.parametrize(("width", "language"), READERS)
def test_an_error_s_page_is_fit_to_be_seen(console: ConsoleUnderTest, width: int, language: str) -> None:
    support = console.browser("support")
    with served(console.app) as url, browser() as chromium:
        eyes = looker(chromium, url, width=width, language=language, pictures=pictures())
        eyes.take_session(support.client, "sokham_console_session")
        eyes.meet_error(f"/hospitals/{uuid4()}", f"console-404-{language}-{width}", status=404)
        eyes.meet_error("/administrators/new", f"console-403-{language}-{width}", status=403)
        assert eyes.complaints == []
