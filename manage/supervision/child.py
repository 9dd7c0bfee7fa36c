"""One supervised process: its start, its pid file, its end together with everything that it started."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from manage.supervision.logs import open_log
from manage.supervision.spec import ProcessSpec

# Every supervised process and its children carry this variable with the run folder, so that none is lost from sight.
MARK = "SOKHAM_SUPERVISED_IN"
POLL_SECONDS = 0.02


class Child:
    """A process that runs, in a session of its own, so that a Ctrl-C in the terminal reaches the supervisor only."""

    def __init__(self, spec: ProcessSpec, *, run: Path, log: Path) -> None:
        """Start it. Raises OSError when the program cannot be run."""
        self.spec = spec
        self._pid_file = run / f"{spec.name}.pid"
        descriptor = open_log(log)
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - the list of processes is the project's own.
                spec.argv,
                env={**spec.environment, MARK: os.fspath(run)},
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        self._process = psutil.Process(self._popen.pid)
        write_pid_file(self._pid_file, self._process)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._popen.pid

    def ended(self) -> int | None:
        """None while it runs; else its exit code (negative: the signal), after ending what it left in its session."""
        return None if self._runs() else self._finish()

    def stop(self, *, hurry: Callable[[], bool] = lambda: False) -> bool:
        """Ask it to stop, kill it after its deadline or as soon as `hurry` says so. Whether it stopped by itself."""
        self._popen.send_signal(self.spec.stop_signal)
        deadline = time.monotonic() + self.spec.stop_seconds
        while self._runs():
            if time.monotonic() > deadline or hurry():
                self._finish()
                return False
            time.sleep(POLL_SECONDS)
        self._finish()
        return True

    def _runs(self) -> bool:
        # Nobody else waits for our child, so its number stays its own, and it stays a zombie, until we do.
        return self._process.status() != psutil.STATUS_ZOMBIE

    def _finish(self) -> int:
        # Before it is waited for, its number, which is also the group's, cannot be given to another process.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        code = self._popen.wait()
        self._pid_file.unlink(missing_ok=True)
        return code


def write_pid_file(path: Path, process: psutil.Process) -> None:
    """Note a process by number and start time (seconds since the epoch): a number alone may be another's later."""
    draft = path.with_name(f".{path.name}")
    draft.write_text(json.dumps({"pid": process.pid, "started": process.create_time()}), encoding="utf-8")
    draft.replace(path)


def describe_exit(code: int) -> str:
    """An exit code in words."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit {code}"
