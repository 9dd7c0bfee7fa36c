"""After something did not answer, leave it alone for a moment, so that each caller does not wait for its time-out."""

import time
from collections.abc import Callable


class Pause:
    """A span in which a thing that failed is not asked again. Safe to share between threads."""

    def __init__(self, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._until = 0.0

    @property
    def active(self) -> bool:
        """Whether the thing is being left alone now."""
        return self._monotonic() < self._until

    def begin(self) -> None:
        """It failed: leave it alone from now on for the set time."""
        self._until = self._monotonic() + self._seconds

    def end(self) -> None:
        """It answered."""
        self._until = 0.0
