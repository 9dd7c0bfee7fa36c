"""A program to supervise: notes its start and stop in a journal, answers on a port, and misbehaves when told to.

Arguments: name, journal, port (0: none), then any of `stubborn` (ignores SIGTERM), `family` (starts a child too),
`fails` (ends at once with exit code 3).
"""

import http.server
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType


def main(name: str, journal: str, port: str, *traits: str) -> None:
    """Run until SIGTERM."""

    def note(event: str) -> None:
        # One write to a file open for appending is whole, however many write.
        with Path(journal).open("a", encoding="utf-8") as file:
            file.write(f"{event} {name} {os.getpid()} {time.monotonic()}\n")

    def stop(_number: int, _frame: FrameType | None) -> None:
        if "stubborn" not in traits:
            note("stop")
            raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    note("start")
    if "fails" in traits:
        raise SystemExit(3)
    if "family" in traits:
        subprocess.Popen([sys.executable, "-I", __file__, f"{name}-child", journal, "0", "stubborn"])
    if port != "0":
        http.server.HTTPServer(("127.0.0.1", int(port)), http.server.SimpleHTTPRequestHandler).serve_forever()
    while True:
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
