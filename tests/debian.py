"""Packages of Debian that the tests need beside Python's; `tests.browser` and `tests.nginx` ask for them."""

import os
import subprocess
import sys
from pathlib import Path


def done(*command: str, as_root: bool = False, folder: Path | None = None) -> bool:
    """Whether a command of the package tools ended well; what it says goes to standard error."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    prefix = ["sudo", "-n"] if as_root and os.geteuid() else []
    try:
        ended = subprocess.run([*prefix, *command], env=environment, check=False, stdout=sys.stderr, cwd=folder)
    except FileNotFoundError as missing:
        sys.stderr.write(f"{missing.filename}: not found\n")
        return False
    return ended.returncode == 0
