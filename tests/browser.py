"""Chromium for the tests in a browser: Debian's, installed here where it is missing. Run by `make test` first."""

import os
import shutil
import subprocess
import sys


def chromium() -> str | None:
    """The path of the browser, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def main() -> int:
    """Install it if need be; exit 1 with a word on what to do when that is not possible."""
    if chromium():
        return 0
    sys.stderr.write("Chromium is missing; installing Debian's package.\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium", "fonts-liberation"]):
        # The commands are constants; nothing of the environment reaches them.
        if subprocess.run([*prefix, *command], env=environment, check=False, stdout=sys.stderr).returncode:
            break
    if chromium():
        return 0
    sys.stderr.write("The tests need Chromium: install it (Debian: apt-get install chromium) and run them again.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
