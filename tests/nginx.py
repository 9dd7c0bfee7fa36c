"""nginx for the tests of the proxy: Debian's, put beside the tests' Python if missing. Run by `make test` first.

It is unpacked and not installed: an installed package starts a service, and takes ports of a machine that is not ours.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.debian import done

_PLACE = Path(sys.executable).parent / "nginx"


def nginx() -> str | None:
    """The path of the program, or None."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:{_PLACE.parent}")


def _unpack() -> None:
    with tempfile.TemporaryDirectory(dir=_PLACE.parent) as name:
        folder = Path(name)
        if not done("apt-get", "download", "-qq", "nginx", folder=folder):
            return
        for package in folder.glob("nginx_*.deb"):
            found = folder / "usr" / "sbin" / "nginx"
            if done("dpkg-deb", "--extract", str(package), str(folder)) and found.exists():
                found.replace(_PLACE)


def _works(path: str | None) -> bool:
    return path is not None and subprocess.run([path, "-v"], check=False, stderr=sys.stderr).returncode == 0


def main() -> int:
    """Unpack it if need be; exit 1 with a word on what to do when that is not possible."""
    if not nginx():
        sys.stderr.write("nginx is missing; unpacking it from Debian's package.\n")
        done("apt-get", "update", "-qq", as_root=True)
        _unpack()
    if _works(nginx()):
        return 0
    sys.stderr.write("The tests need nginx: install it (Debian: apt-get install nginx) and run them again.\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
