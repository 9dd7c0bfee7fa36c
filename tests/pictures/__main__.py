"""Take the pictures of all pages and of the user guides anew, with the demo's data: `python -m tests.pictures`.

The demo is started in a folder of its own and goes at the end. docs/pictures/ and docs/pages.md are written anew.
"""

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import expect

from tests.pictures.camera import DESK, PHONE, Size, Window, titles_of, window
from tests.pictures.demo import Demo, console_things, patient_things, running_demo, staff_things
from tests.pictures.guides import take_guides
from tests.pictures.index import write_index
from tests.support.chromium import browser, close_browser
from tests.support.portal_pages import console, patient, staff

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "pictures"
MOST_KB = 40
MOST_MB_IN_ALL = 10
LOOKS: tuple[tuple[Size, str], ...] = tuple((size, language) for language in ("vi", "en") for size in (PHONE, DESK))


@dataclass(frozen=True, kw_only=True)
class Portal:
    """How one portal is walked through: signed out, and as whom `come_in` signs in."""

    url: str
    signed_out: Mapping[str, str]
    inside: Mapping[str, str]
    come_in: Callable[[Size, str], Window]


def main() -> int:
    """All of them."""
    began = time.monotonic()
    with TemporaryDirectory() as folder, browser() as chromium, running_demo(chromium) as demo:
        taken = Path(folder) / "pictures"
        pages, guides = taken / "pages", taken / "guides"
        for each in (pages, guides):
            each.mkdir(parents=True)
        about = staff_things(demo)
        portals = {
            "staff": Portal(
                url=demo.system.staff,
                signed_out=staff.SIGNED_OUT,
                inside=staff.staff_pages(about),
                come_in=lambda size, language: demo.staff("quantri", size=size, language=language),
            ),
            "patient": Portal(
                url=demo.system.patient,
                signed_out=patient.SIGNED_OUT,
                inside=patient.patient_pages(patient_things(demo)),
                come_in=lambda size, language: demo.at_home(size=size, language=language),
            ),
            "console": Portal(
                url=demo.system.central,
                signed_out=console.SIGNED_OUT,
                inside=console.console_pages(**console_things(demo)),
                come_in=lambda size, language: demo.console(size=size, language=language),
            ),
        }
        titles = {name: take_pages(name, portal, demo, pages) for name, portal in portals.items()}
        take_guides(demo, about, guides)
        # What stood there stays until all of the new ones are taken.
        shutil.rmtree(PICTURES, ignore_errors=True)
        shutil.copytree(taken, PICTURES)
    close_browser()
    write_index(titles, DOCS / "pages.md")
    files = list(PICTURES.rglob("*.webp"))
    megabytes = sum(each.stat().st_size for each in files) / 1e6
    sys.stdout.write(f"{len(files)} pictures, {megabytes:.1f} MB, in {time.monotonic() - began:.0f} s\n")
    return 0 if megabytes <= MOST_MB_IN_ALL else 1


def take_pages(name: str, portal: Portal, demo: Demo, folder: Path) -> dict[str, str]:
    """Each page at each size in each language; returns the Vietnamese titles."""
    titles: dict[str, str] = {}
    for size, language in LOOKS:
        tag = f"{name}-*-{language}-{size[0]}"
        outside = window(demo.chromium, portal.url, size=size, language=language)
        found = titles_of(outside, portal.signed_out, folder, tag, most_kb=MOST_KB)
        outside.context.close()
        inside = portal.come_in(size, language)
        found |= titles_of(inside, portal.inside, folder, tag, most_kb=MOST_KB)
        inside.page.fill("#password", demo.password)
        inside.page.click("button[value=enrol]")
        expect(inside.page.locator("img.sk-qr")).to_have_js_property("complete", True)
        found |= {"factor-enrol": inside.title}
        inside.shoot(folder / f"{tag.replace('*', 'factor-enrol')}.webp", most_kb=MOST_KB)
        inside.context.close()
        titles = titles or found
    return titles


if __name__ == "__main__":
    raise SystemExit(main())
