"""An app in a real Chromium: served over HTTP, and looked at for accessibility, width and errors."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser import chromium

PHONE, DESK, WIDE = 360, 1280, 1920
HEIGHTS = {PHONE: 740, DESK: 900, WIDE: 1080}
# Parts of a browser that no test looks at. The last two are processes beside each window, for the list below its
# address bar; the others are those that Playwright leaves out, for this list takes the place of its own.
_LEFT_OUT = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable"),
    *("HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding"),
    *("PreconnectToSearch", "ThirdPartyStoragePartitioning", "WebUIOmniboxAimPopup", "WebUIOmniboxPopup"),
)
# Only what is wrong comes back: all that is right, of hundreds of elements, took longer to tell than to find.
_VIOLATIONS = """
axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations.map(
  each => [each.id, each.nodes.slice(0, 2).map(node => node.html.slice(0, 160))]
))
"""


# Width and language of the person who looks; who looks at the widest screen has it dark.
READERS = [(PHONE, "vi"), (DESK, "vi"), (PHONE, "en"), (DESK, "en")]


def pictures() -> Path | None:
    """Where pictures are wanted, if they are: SOKHAM_PICTURES."""
    folder = os.environ.get("SOKHAM_PICTURES")
    return Path(folder) if folder else None


class _Quiet(WSGIRequestHandler):
    def log(self, *arguments: object) -> None:
        """Nothing: what matters is in the app's own log."""


@contextmanager
def served(app: Flask, *, port: int = 0) -> Iterator[str]:
    """The app's address on loopback, by the name that it takes for its own; a free port unless one is given."""
    http = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://localhost:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class _Held:
    """The one Chromium of this process: starting it takes longer than most of what is then looked at."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._browser: Browser | None = None

    def started(self) -> Browser:
        """It, running."""
        if self._browser is None or not self._browser.is_connected():
            self.close()
            path = chromium()
            assert path, "Chromium is missing: python -m tests.browser installs it"
            playwright = self._stack.enter_context(sync_playwright())
            self._browser = playwright.chromium.launch(
                executable_path=path,
                args=["--no-sandbox", "--disable-dev-shm-usage", f"--disable-features={','.join(_LEFT_OUT)}"],
            )
            self._stack.callback(self._browser.close)
        return self._browser

    def close(self) -> None:
        """End it, if it runs."""
        self._browser = None
        self._stack.close()


_held = _Held()
close_browser = _held.close


@contextmanager
def browser() -> Iterator[Browser]:
    """Debian's Chromium, the same for all who ask in this process; windows opened in the block close at its end."""
    started = _held.started()
    before = started.contexts
    try:
        yield started
    finally:
        for context in started.contexts:
            if context not in before:
                context.close()


@dataclass
class Looker:
    """Somebody who looks at pages closely: accessibility, width, errors of the console."""

    page: Page
    url: str
    pictures: Path | None = None
    scripts: bool = True
    complaints: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def look(self, name: str) -> None:
        """Note what is wrong with the page that is shown, and take a picture of it where pictures are wanted."""
        self.seen.add(urlsplit(self.page.url).path)
        if not self.scripts:
            # Axe itself is a script.
            return
        here = f"{name} at {self.page.viewport_size}"
        self.page.evaluate(AXE_SCRIPT)
        for rule, elements in self.page.evaluate(_VIOLATIONS):
            self.complaints.append(f"{here}: {rule}: {elements}")
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            self.complaints.append(f"{here}: {wide} px too wide")
        if self.pictures is not None:
            self.page.screenshot(path=self.pictures / f"{name}.png", full_page=False)

    def go(self, path: str) -> None:
        """Go to a page."""
        self.page.goto(f"{self.url}{path}")

    def walk(self, pages: Mapping[str, str], tag: str) -> None:
        """Look at each of these pages, by name and address; a `*` in `tag` stands for the name."""
        for name, path in pages.items():
            self.go(path)
            self.look(tag.replace("*", name))

    def meet_error(self, path: str, name: str, *, status: int) -> None:
        """Go where a signed-in person meets an error, and look at it: the portal's navigation is still there."""
        answer = self.page.goto(f"{self.url}{path}")
        assert answer is not None
        assert answer.status == status
        expect(self.page.locator("main [data-problem-title]")).to_be_visible()
        expect(self.page.locator("nav.sk-nav, nav.sk-tabbar").filter(visible=True)).to_have_count(1)
        self.look(name)
        # The browser notes every answer above 399 as an error of the page.
        self.complaints[:] = [each for each in self.complaints if f"a status of {status}" not in each]

    def take_session(self, client: FlaskClient, cookie: str) -> None:
        """Be who is signed in there."""
        held = client.get_cookie(cookie)
        assert held is not None
        self.page.context.add_cookies([{"name": cookie, "value": held.value, "url": self.url}])


def tab_to(page: Page, wanted: str, *, most: int) -> None:
    """Press Tab until the focus is there; more than `most` presses are a detour."""
    for _press in range(most):
        page.keyboard.press("Tab")
        if page.locator(f"{wanted}:focus").count():
            return
    raise AssertionError(f"{most} presses of Tab do not reach {wanted}")


def looker(
    on: Browser, url: str, *, width: int, language: str, pictures: Path | None, scripts: bool = True, dark: bool = False
) -> Looker:
    """A fresh browser window; `dark` where the device asks for dark pages."""
    context = on.new_context(
        viewport={"width": width, "height": HEIGHTS[width]},
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
        java_script_enabled=scripts,
        color_scheme="dark" if dark else "light",
    )
    context.add_cookies([{"name": "lang", "value": language, "url": url}])
    page = context.new_page()
    made = Looker(page, url, pictures, scripts)
    page.on("console", lambda message: made.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: made.complaints.append(str(error)))
    return made
