"""Has imported all that our commands need, and forks for each program that a test starts: see tests.support.forked.

Each line of standard input tells of one, in JSON: the module and its arguments, the whole environment, the files for
what it says, and the file for its exit code. Its number is the line that comes back.
"""

import gc
import json
import os
import runpy
import signal
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from manage import commands

_running: dict[int, Path] = {}


def _note_the_ended(_number: int, _frame: object) -> None:
    """The exit code of each that has ended, as subprocess counts it; the file is whole when it is there."""
    for number in list(_running):
        ended, status = os.waitpid(number, os.WNOHANG)
        if ended:
            path = _running.pop(number)
            draft = path.with_suffix(".draft")
            draft.write_text(str(os.waitstatus_to_exitcode(status)), encoding="ascii")
            draft.rename(path)


def next_program() -> dict[str, Any] | None:
    """In each child what it has to do; None when nobody asks any more."""
    while line := sys.stdin.readline():
        told: dict[str, Any] = json.loads(line)
        # The note of who runs comes before the news of its end.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        number = os.fork()
        if number == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            return told
        _running[number] = Path(told["ended"])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
    return None


def become(program: dict[str, Any]) -> None:
    """What `python -m` would be: the environment, the files, the arguments; it ends as the program does."""
    os.environ.clear()
    os.environ.update(program["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in ((1, program["output"]), (2, program["errors"])):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv[1:] = program["arguments"]
    runpy.run_module(program["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for command in walk_packages(commands.__path__, f"{commands.__name__}."):
        import_module(command.name)
    # What is here stays: no child looks through it, nor copies it by doing so.
    gc.freeze()
    signal.signal(signal.SIGCHLD, _note_the_ended)
    # Ctrl-C is for the programs, and for the tests, which end this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if (program := next_program()) is not None:
        become(program)
