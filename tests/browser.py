"""Chromium for the tests in a browser: Debian's, installed here where it is missing. Run by `make test` first.

Its headless shell is the same engine without a window around it, whose own pages and processes cost as much again as
the pages that are looked at.
"""

import shutil
import sys

from tests.debian import done


def chromium() -> str | None:
    """The path of the browser, or None."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def main() -> int:
    """Install it if need be; exit 1 with a word on what to do when that is not possible."""
    if chromium():
        return 0
    sys.stderr.write("Chromium is missing; installing Debian's package.\n")
    if done("apt-get", "update", "-qq", as_root=True):
        for package in ("chromium-headless-shell", "chromium"):
            if done("apt-get", "install", "-y", "-qq", package, "fonts-liberation", as_root=True):
                break
    if chromium():
        return 0
    sys.stderr.write("The tests need Chromium: install it (Debian: apt-get install chromium) and run them again.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
