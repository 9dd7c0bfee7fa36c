"""Apps under gunicorn as `sokham up` starts them, and a load on them from a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from manage.processes import gunicorn

ROOT = Path(__file__).parents[1]
START_SECONDS = 30.0
CONNECTIONS = 16


@contextmanager
def serving(
    entry: str,
    environment: Mapping[str, str],
    *,
    port: int,
    log: Path,
    healthy: str = "/healthz",
    config: str = "manage.gunicorn_config",
    more: Sequence[str] = (),
) -> Iterator["subprocess.Popen[bytes]"]:
    """`manage.entry.<entry>:app()`, or `module:factory` of ours, until the end of the block."""
    argv = gunicorn(entry, config=config)
    if ":" in entry:
        argv[-1] = f"{entry}()"
    argv[-1:-1] = more
    with (
        log.open("wb") as output,
        subprocess.Popen(argv, cwd=ROOT, env=dict(environment), stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            _wait(port, healthy, process, log)
            yield process
        finally:
            process.terminate()


def _wait(port: int, path: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if ask(port, "GET", path)[0] == 200:
                return
        except OSError:
            pass  # It does not listen yet; the deadline below ends that.
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} does not serve:\n{log.read_text(encoding='utf-8')[-4000:]}")
        time.sleep(0.05)


def ask(port: int, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
    """One JSON call; status and answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if "json" in response.headers.get("Content-Type", "") else text
    finally:
        connection.close()


@dataclass(frozen=True)
class Load:
    """What came back."""

    requests: int
    seconds: float
    bad: int

    @property
    def rate(self) -> float:
        """Requests a second. Raises RuntimeError when an answer was not 200."""
        if self.bad:
            raise RuntimeError(f"{self.bad} of {self.requests} answers were not 200")
        return self.requests / self.seconds


def load(port: int, paths: Sequence[str], *, headers: Mapping[str, str], seconds: float) -> Load:
    """GET the paths in turns over kept connections for a while, from another process (benchmarks.load)."""
    told = {"port": port, "paths": paths, "headers": headers, "seconds": seconds, "connections": CONNECTIONS}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        cwd=ROOT,
        input=json.dumps(told),
        capture_output=True,
        text=True,
        check=True,
    )
    return Load(**json.loads(done.stdout))
