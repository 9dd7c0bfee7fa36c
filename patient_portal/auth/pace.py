"""When failures are answered: at set moments, so that a few thousandths of a second more or less tell nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

# Checks of a password take a tenth of a second or more each; asking a hospital, a few thousandths. What remains of
# that difference is hidden by answering failures at set moments only, counted from the beginning.
FAILURE_STEP_SECONDS = 0.25


@contextmanager
def failures_in_step() -> Iterator[None]:
    """Whatever fails in the block is raised at a multiple of a quarter of a second after its beginning.

    No connection is to be held outside the block's own transactions: it would be held for that long.
    """
    started = time.monotonic()
    try:
        yield
    except Exception:
        time.sleep(until_step(time.monotonic() - started, step=FAILURE_STEP_SECONDS))
        raise


def until_step(elapsed: float, *, step: float) -> float:
    """Seconds until the next multiple of `step`; none where there are no steps."""
    return -elapsed % step if step else 0.0
