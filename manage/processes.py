"""The processes that `sokham up` supervises, in the order of their start."""

from collections.abc import Sequence

from manage.run_context import RunContext
from manage.supervision.spec import ProcessSpec


def processes(_context: RunContext) -> Sequence[ProcessSpec]:
    """Called after the last bootstrap step; each process is given the secrets of its own role only."""
    return ()
