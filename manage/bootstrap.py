"""What `sokham up` does after the servers run and before the processes start, in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from manage.run_context import RunContext


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step. `title` is shown while it runs ("Central's database"); `run` raises SokhamError to stop the start.

    Every start runs every step, also after a start that was killed half way: each finds what is done and does the rest.
    """

    title: str
    run: Callable[[RunContext], None]


def steps(_context: RunContext) -> Sequence[Step]:
    """The steps, in order."""
    return ()
