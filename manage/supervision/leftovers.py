"""Ends what a supervisor that was killed left behind, so that no process ever runs twice.

They are ended rather than adopted: their settings, ports and code may be those of before, and nothing is lost by it,
since every process survives a kill at any moment. (The database servers are adopted; see manage.embedded.)
"""

import json
import os
import time
from contextlib import suppress
from pathlib import Path

import psutil

from manage.errors import CommandFailed
from manage.os_processes import alive
from manage.supervision.child import MARK

# The clock may be set between the start of a process and our look; a number is not reused for another within this time.
CLOCK_SECONDS = 2.0
DRAIN_SECONDS = 10.0
ROUNDS = 5


def end_leftovers(run: Path, *, drain_seconds: float = DRAIN_SECONDS) -> list[str]:
    """End every process of an earlier supervisor of this run folder; a description of each. Raises CommandFailed.

    They are asked first (SIGTERM), then killed. Call it with the data folder locked, before anything is started.
    """
    ended: dict[int, str] = {}
    deadline = time.monotonic() + drain_seconds
    for _ in range(ROUNDS):
        # A process may have started another while we looked: look until there is none.
        found = find_leftovers(run)
        if not found:
            break
        ended |= {process.pid: f"{name} ({process.pid})" for process, name in found.items()}
        numbers = {process.pid for process in found}
        asked = []
        for process in found:
            with suppress(psutil.NoSuchProcess):
                # A master drains its workers itself, and what outlives it is killed, as when it is stopped in order.
                if process.ppid() not in numbers:
                    process.terminate()
                    asked.append(process)
        psutil.wait_procs(asked, timeout=max(0.0, deadline - time.monotonic()))
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=5)
    else:
        raise CommandFailed(f"Processes of an earlier run do not end: {', '.join(ended.values())}. Kill them by hand.")
    for file in run.glob("*.pid"):
        file.unlink()
    return sorted(ended.values())


def find_leftovers(run: Path) -> dict[psutil.Process, str]:
    """Live processes of this run folder, by the pid files (number and start time) and by the mark they inherited.

    The mark finds a process that was started the instant before its supervisor died; the pid file finds one that wrote
    over its environment to change its title.
    """
    found: dict[psutil.Process, str] = {}
    for file in run.glob("*.pid"):
        process = _noted(file)
        if process is not None:
            found[process] = file.stem
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.environ().get(MARK) == os.fspath(run) and process not in found:
                found[process] = process.name()
    return {process: name for process, name in found.items() if alive(process) and process.pid != os.getpid()}


def _noted(file: Path) -> psutil.Process | None:
    try:
        note = json.loads(file.read_text(encoding="utf-8"))
        process = psutil.Process(int(note["pid"]))
        same = abs(process.create_time() - float(note["started"])) < CLOCK_SECONDS
    except (OSError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
        # A note that cannot be read is of no use; the mark finds the process.
        return None
    return process if same else None
