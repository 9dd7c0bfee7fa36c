"""Pictures of pages: the windows that are looked into, and small files of what they show."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page

Size = tuple[int, int]
PHONE, DESK, GUIDE = (390, 844), (1280, 800), (1180, 800)
KB = 1000
# From what looks like the page itself down to what can still be read.
_QUALITIES = (30, 20, 10)
_STILL = """() => document.fonts.ready.then(() => new Promise(
    done => requestAnimationFrame(() => requestAnimationFrame(done))))"""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A browser's window on one portal."""

    page: Page
    url: str

    @property
    def context(self) -> BrowserContext:
        """Where its cookies are."""
        return self.page.context

    @property
    def path(self) -> str:
        """Where it is."""
        return urlsplit(self.page.url).path

    @property
    def title(self) -> str:
        """What the page calls itself."""
        return self.page.title().removesuffix(" · Sổ khám")

    def go(self, path: str, *, status: int = 200) -> None:
        """Open a page, which must answer so."""
        answer = self.page.goto(f"{self.url}{path}")
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"

    def send(self, **fields: str) -> None:
        """Fill fields by their names, and press the main button of their form."""
        for name, value in fields.items():
            self.page.fill(f"main [name='{name.replace('__', '.')}']", value)
        self.press()

    def press(self) -> None:
        """The main button of the page's form."""
        self.page.locator("main form button[type=submit].sk-btn-primary").last.click()

    def shoot(self, file: Path, *, most_kb: int) -> None:
        """A picture of what is in the window now, in WebP, in the best quality that fits."""
        self.page.evaluate(_STILL)
        session = self.context.new_cdp_session(self.page)
        try:
            for quality in _QUALITIES:
                taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": quality})
                picture = base64.b64decode(taken["data"])
                if len(picture) <= most_kb * KB:
                    break
            else:
                raise AssertionError(f"{file.name} does not fit into {most_kb} kB")
        finally:
            session.detach()
        file.write_bytes(picture)


def window(on: Browser, url: str, *, size: Size, language: str = "vi") -> Window:
    """A fresh one, in which nothing moves."""
    context = on.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale="vi-VN",
        timezone_id="Asia/Ho_Chi_Minh",
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "lang", "value": language, "url": url}])
    return Window(page=context.new_page(), url=url)


def titles_of(looked: Window, pages: Mapping[str, str], folder: Path, tag: str, *, most_kb: int) -> dict[str, str]:
    """Take a picture of each page, into `folder`; a `*` in `tag` stands for the page's name. Returns their titles."""
    titles = {}
    for name, path in pages.items():
        looked.go(path)
        looked.shoot(folder / f"{tag.replace('*', name)}.webp", most_kb=most_kb)
        titles[name] = looked.title
    return titles
