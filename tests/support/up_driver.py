"""`sokham up` with the processes and steps of a test: `python -m tests.support.up_driver PLAN up [options]`.

PLAN is a JSON file: {"processes": [fields of ProcessSpec], "steps": ["quick" | "slow" | "fails"]}.
"""

import json
import signal
import sys
from pathlib import Path
from typing import Any

from manage import bootstrap, processes
from manage.bootstrap import Step
from manage.cli import main
from manage.errors import CommandFailed
from manage.run_context import Login, RunContext
from manage.supervision.spec import ProcessSpec


def quick(context: RunContext) -> None:
    """A step that is done at once."""
    context.report("half way")
    context.logins.append(Login(portal="Staff", url="", username="bs.lan", hospital="BVA", password="demo-password"))


def slow(_context: RunContext) -> None:
    """A step that would take for ever."""
    signal.pause()


def fails(_context: RunContext) -> None:
    """A step that cannot be done."""
    raise CommandFailed("The step cannot be done: mend it.")


def install(plan: dict[str, Any]) -> None:
    """Put the test's lists in the place of the project's."""
    every = {"quick": quick, "slow": slow, "fails": fails}
    steps = [Step(title=f"A {name} step", run=every[name]) for name in plan.get("steps", [])]
    specs = [ProcessSpec(**fields) for fields in plan.get("processes", [])]
    vars(bootstrap)["steps"] = lambda _context: steps
    vars(processes)["processes"] = lambda _context: specs


if __name__ == "__main__":
    install(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    main(sys.argv[2:], prog_name="sokham")
