"""The whole system as `sokham up` runs it, for tests that use it from outside."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.support.waiting import wait_until

START_SECONDS = 120
_PLACES = 1_490


@dataclass(frozen=True, kw_only=True)
class System:
    """A running system. `call` speaks JSON with a portal, `sokham` is the command line on its data folder."""

    folder: Path
    port_base: int

    @property
    def central(self) -> str:
        """The console's address."""
        return f"http://127.0.0.1:{self.port_base}"

    @property
    def staff(self) -> str:
        """The staff portal's address."""
        return f"http://127.0.0.1:{self.port_base + 1}"

    @property
    def patient(self) -> str:
        """The patient portal's address."""
        return f"http://127.0.0.1:{self.port_base + 2}"

    def call(
        self,
        method: str,
        url: str,
        body: Any = None,
        *,
        token: str | None = None,
        expect: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """The JSON of an answer that has the status expected."""
        sent = {"Accept-Language": "en", **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        response = requests.request(method, url, json=body, headers=sent, timeout=30)
        assert response.status_code == expect, f"{method} {url}: {response.status_code} {response.text[:500]}"
        return response.json() if response.content else None

    def sokham(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        environment = {**os.environ, "SOKHAM_DATA_DIR": str(self.folder)}
        done = subprocess.run(
            [sys.executable, "-m", "manage", *arguments, "--json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@contextlib.contextmanager
def running_system(
    folder: Path, *, demo: bool, environment: Mapping[str, str] | None = None, seconds: float = START_SECONDS
) -> Iterator[System]:
    """`sokham up` on a folder and free ports, with settings of one's own, stopped as Ctrl-C stops it."""
    port_base = _free_ports()
    log = folder.with_suffix(".log")
    arguments = ["up", "--data-dir", str(folder), "--port-base", str(port_base)]
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("SOKHAM_", "PYTEST_", "DATABASE_"))
    }
    chosen = {"SOKHAM_SIGN_IN_PER_MINUTE": "600", "SOKHAM_SYNC_SWEEP_SECONDS": "2", **(environment or {})}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "manage", *arguments, *([] if demo else ["--no-demo"])],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**inherited, **chosen},
        )
        system = System(folder=folder, port_base=port_base)
        try:

            def ready() -> bool:
                assert process.poll() is None, log.read_text(encoding="utf-8")[-4000:]
                return all(_answers(f"{url}/readyz") for url in (system.central, system.staff, system.patient))

            wait_until(ready, seconds=seconds, what="the system")
            yield system
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _free_ports() -> int:
    """The first of four free ports in a row, out of the range that servers are given by the system."""
    for turn in range(_PLACES):
        # Processes that start beside each other begin at different places, which do not overlap.
        base = 20_000 + (os.getpid() + turn) % _PLACES * 8
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for port in range(base, base + 4):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return base
    raise RuntimeError("no four free ports in a row")
