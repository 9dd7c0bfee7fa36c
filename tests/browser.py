"""Chromium for the tests in a browser: Debian's, installed here where it is missing. Run by `make test` first."""

import shutil
import sys

from tests.debian import done


def chromium() -> str | None:
    """The path of the browser, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def main() -> int:
    """Install it if need be; exit 1 with a word on what to do when that is not possible."""
    if chromium():
        return 0
    sys.stderr.write("Chromium is missing; installing Debian's package.\n")
    if done("apt-get", "update", "-qq", as_root=True):
        done("apt-get", "install", "-y", "-qq", "chromium", "fonts-liberation", as_root=True)
    if chromium():
        return 0
    sys.stderr.write("The tests need Chromium: install it (Debian: apt-get install chromium) and run them again.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
