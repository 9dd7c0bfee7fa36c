"""The loop that keeps servers and processes running."""

import http.client
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from kernel.errors import SokhamError
from manage.embedded.files import log_tail
from manage.errors import CommandFailed
from manage.supervision.child import Child, describe_exit
from manage.supervision.logs import rotate
from manage.supervision.signals import StopSignals
from manage.supervision.spec import ProcessSpec, Server

TICK_SECONDS = 0.2
ROTATE_EVERY_SECONDS = 5.0
# A process without a URL to ask is taken as ready when it has lived so long.
SETTLED_SECONDS = 1.0
# One that ran so long and then died starts a new series of attempts.
STEADY_SECONDS = 60.0


class ProcessFailed(CommandFailed):
    """A process did not become ready in time at the first start."""

    code = "process_failed"


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How long to wait before the n-th restart in a row: it doubles up to a ceiling, and there is no last attempt."""

    first: float = 0.5
    ceiling: float = 30.0

    def seconds(self, failures: int) -> float:
        """The wait after so many failures in a row (1 or more)."""
        # The exponent is bounded, because a power that no float can hold would raise.
        return min(self.ceiling, self.first * 2.0 ** min(failures - 1, 32))


@dataclass
class _Unit:
    """A process or server with the history of its failures; times are of the monotonic clock."""

    name: str
    failures: int = 0
    started: float = 0.0
    next_start: float | None = None

    def failed(self, *, backoff: Backoff) -> float:
        now = time.monotonic()
        self.failures = 1 if now - self.started > STEADY_SECONDS else self.failures + 1
        delay = backoff.seconds(self.failures)
        self.next_start = now + delay
        return delay


@dataclass
class _Process(_Unit):
    child: Child | None = None
    ready: bool = False


@dataclass(kw_only=True)
class Supervisor:
    """Starts `processes` in order and keeps them and the `servers` running; `drain` stops them in reverse order.

    `servers` run already. `say` takes one line for the operator about each change. Everything happens in the thread
    that calls.
    """

    processes: Sequence[ProcessSpec]
    run: Path
    logs: Path
    say: Callable[[str], None]
    stop: StopSignals
    servers: Sequence[Server] = ()
    backoff: Backoff = field(default_factory=Backoff)

    def __post_init__(self) -> None:
        names = [spec.name for spec in self.processes]
        if len(set(names)) != len(names):
            raise ValueError("two processes have one name")
        self._units = {spec.name: _Process(name=spec.name) for spec in self.processes}
        self._server_units = {server.name: _Unit(name=server.name, started=time.monotonic()) for server in self.servers}
        self._rotate_at = 0.0

    def start(self) -> None:
        """Start everything and wait until all are ready, or a stop is asked for. Raises ProcessFailed."""
        begun = time.monotonic()
        for spec in self.processes:
            self._spawn(spec)
        while not self.stop.requested and not self.all_ready():
            self._tick()
            for spec in self.processes:
                if not self._units[spec.name].ready and time.monotonic() - begun > spec.ready_seconds:
                    raise ProcessFailed(
                        f"{spec.name} is not ready after {spec.ready_seconds:.0f} s. {log_tail(self.log_of(spec))}"
                    )
            self.stop.wait(TICK_SECONDS)

    def watch(self) -> None:
        """Restart what dies until a stop is asked for."""
        while not self.stop.wait(TICK_SECONDS):
            self._tick()

    def drain(self) -> None:
        """Stop the processes, last started first, each by its signal and deadline, then by force."""
        for spec in reversed(self.processes):
            unit = self._units[spec.name]
            if unit.child is None:
                continue
            begun = time.monotonic()
            if unit.child.stop(hurry=self.stop.hurry):
                self.say(f"{spec.name} stopped ({time.monotonic() - begun:.1f} s)")
            else:
                self.say(f"{spec.name} did not stop within {time.monotonic() - begun:.0f} s and was killed")
            unit.child = None

    def all_ready(self) -> bool:
        """Whether every process has become ready since its last start."""
        return all(unit.ready for unit in self._units.values())

    def log_of(self, spec: ProcessSpec) -> Path:
        """The file that takes what the process says."""
        return self.logs / f"{spec.name}.log"

    def _tick(self) -> None:
        for server in self.servers:
            self._look_after_server(server)
        for spec in self.processes:
            self._look_after(spec)
        if time.monotonic() >= self._rotate_at:
            self._rotate_at = time.monotonic() + ROTATE_EVERY_SECONDS
            for spec in self.processes:
                rotate(self.log_of(spec))

    def _look_after(self, spec: ProcessSpec) -> None:
        unit = self._units[spec.name]
        if unit.child is None:
            if unit.next_start is not None and time.monotonic() >= unit.next_start:
                self._spawn(spec)
            return
        code = unit.child.ended()
        if code is not None:
            unit.child, unit.ready = None, False
            delay = unit.failed(backoff=self.backoff)
            self.say(f"{spec.name} died ({describe_exit(code)}); start {unit.failures + 1} in {delay:g} s")
        elif not unit.ready and self._is_ready(spec, unit):
            unit.ready = True
            self.say(f"{spec.name} is ready ({time.monotonic() - unit.started:.1f} s)")

    def _spawn(self, spec: ProcessSpec) -> None:
        unit = self._units[spec.name]
        unit.next_start, unit.started = None, time.monotonic()
        try:
            unit.child = Child(spec, run=self.run, log=self.log_of(spec))
        except OSError as err:
            delay = unit.failed(backoff=self.backoff)
            self.say(f"{spec.name} cannot be started ({err.strerror}); again in {delay:g} s")

    def _look_after_server(self, server: Server) -> None:
        unit = self._server_units[server.name]
        if unit.next_start is None:
            if server.is_running():
                return
            delay = unit.failed(backoff=self.backoff)
            self.say(f"{server.name} died; restart in {delay:g} s")
        elif time.monotonic() >= unit.next_start:
            begun = time.monotonic()
            try:
                server.start()
            except SokhamError as err:
                delay = unit.failed(backoff=self.backoff)
                self.say(f"{server.name} does not start; again in {delay:g} s. {err}")
            else:
                unit.next_start, unit.started = None, time.monotonic()
                self.say(f"{server.name} is ready ({time.monotonic() - begun:.1f} s)")

    def _is_ready(self, spec: ProcessSpec, unit: _Process) -> bool:
        if spec.ready is None:
            return time.monotonic() - unit.started >= SETTLED_SECONDS
        return answers(spec.ready)


def answers(url: str, *, seconds: float = 1.0) -> bool:
    """Whether a GET of this http URL is answered with 200 within so many seconds. Proxies are not asked."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
