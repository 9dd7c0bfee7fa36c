"""Programs of ours as processes of their own, forked from one that has imported them already.

Importing takes seconds, longer than most of them live; and where one is killed at a random moment, that moment should
be one of its work. The process that forks is one for each worker of the run, started by the first who asks.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]


@dataclass
class Forked:
    """A running program, asked and told as a subprocess.Popen."""

    pid: int
    ended: Path
    returncode: int | None = field(default=None)

    def poll(self) -> int | None:
        """Its exit code, once it has ended: negative for a signal's number."""
        if self.returncode is None and self.ended.exists():
            self.returncode = int(self.ended.read_text(encoding="ascii"))
        return self.returncode

    def wait(self, seconds: float = 60) -> int:
        """Wait for its end; the exit code."""
        wait_until(lambda: self.poll() is not None, seconds=seconds, what=f"the end of process {self.pid}")
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """A signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class _Server:
    """The process that forks."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._process: subprocess.Popen[str] | None = None
        self._folder = Path()

    def start(
        self, module: str, *arguments: str, environment: Mapping[str, str], output: Path, errors: Path | None = None
    ) -> Forked:
        """`python -W error -m MODULE ARGUMENTS` in this environment; what it says is added to the files."""
        if self._process is None or self._process.poll() is not None:
            self._begin()
        ended = self._folder / f"{uuid4()}.ended"
        # There to be read before a word is said.
        output.touch()
        told = {
            "module": module,
            "arguments": arguments,
            "environment": dict(environment),
            "output": str(output),
            "errors": str(errors or output),
            "ended": str(ended),
        }
        return Forked(pid=int(self._answer(json.dumps(told))), ended=ended)

    def close(self) -> None:
        """End it; what it started goes on."""
        self._process = None
        self._stack.close()

    def _begin(self) -> None:
        self.close()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sokham-forked-")))
        self._process = self._stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "tests.support.fork_server"],
                cwd=ROOT,
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        assert self._answer() == "ready"

    def _answer(self, line: str = "") -> str:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if line:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline().rstrip("\n")
        assert answer, "the process that forks has ended"
        return answer


_server = _Server()
start = _server.start
close_fork_server = _server.close


def run(
    module: str, *arguments: str, environment: Mapping[str, str], seconds: float
) -> "subprocess.CompletedProcess[str]":
    """Start a program and wait for its end, as subprocess.run does."""
    with tempfile.TemporaryDirectory(prefix="sokham-ran-") as folder:
        output, errors = Path(folder) / "output", Path(folder) / "errors"
        process = start(module, *arguments, environment=environment, output=output, errors=errors)
        try:
            code = process.wait(seconds)
        finally:
            process.kill()
        said, complained = (path.read_text(encoding="utf-8") for path in (output, errors))
    return subprocess.CompletedProcess([module, *arguments], code, said, complained)
