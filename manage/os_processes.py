"""Finding and ending processes that may not be our children: whoever started them may be long dead."""

import os
import signal
import time
from collections.abc import Collection, Sequence
from pathlib import Path

import psutil


def alive(process: psutil.Process) -> bool:
    """Whether the process still runs; a zombie that nobody has waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_server_of(process: psutil.Process, *, folder: Path, names: Collection[str]) -> bool:
    """Whether the process is a program of that name at work in that folder.

    PostgreSQL and Redis make their data folder the current directory, and no other server of theirs has it.
    """
    try:
        return process.name() in names and process.cwd() == os.fspath(folder) and alive(process)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def servers_of(folder: Path, *, names: Collection[str]) -> list[psutil.Process]:
    """All processes, parents and children, of the server that works in the folder."""
    return [process for process in psutil.process_iter() if is_server_of(process, folder=folder, names=names)]


def process_named_in(pid_file: Path) -> psutil.Process | None:
    """The process whose number is on the first line of a pid file, if there is one. It may be another's by now."""
    try:
        return psutil.Process(int(pid_file.read_text(encoding="ascii").split("\n", 1)[0]))
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None


def end(process: psutil.Process, *, signals: Sequence[tuple[signal.Signals, float]]) -> signal.Signals | None:
    """Send each signal and wait its seconds, until the process is gone. The signal that it took, None if gone before.

    Raises TimeoutError when it outlived them all.
    """
    for number, seconds in signals:
        try:
            # psutil compares the start time before it sends, so a reused process number is not hit.
            process.send_signal(number)
        except psutil.NoSuchProcess:
            return None
        if gone(process, seconds=seconds):
            return number
    raise TimeoutError(f"process {process.pid} did not end")


def gone(process: psutil.Process, *, seconds: float) -> bool:
    """Wait until a process that need not be our child has ended; False when the time is over."""
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
