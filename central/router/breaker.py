"""A breaker for each hospital: after repeated failures it is left alone, then tried by one caller at a time."""

import random
import threading
import time
from collections.abc import Callable

FAILURES_TO_OPEN = 3
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 30.0


class Breaker:
    """Closed: calls pass. Open: refused for a while. Then one trial at a time; its outcome closes or opens again."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0
        self._trial_until = 0.0

    def doubted(self) -> bool:
        """Whether the last that was heard is a failure."""
        return self._failures > 0

    def admit(self) -> float:
        """0 when the caller may try; otherwise the seconds until it is worth asking again."""
        if self._failures < FAILURES_TO_OPEN:
            return 0.0
        with self._lock:
            now = self._monotonic()
            blocked_until = max(self._open_until, self._trial_until)
            if now < blocked_until:
                return blocked_until - now
            # This caller is the trial; if it is never heard of again, another may try after the longest pause.
            self._trial_until = now + LONGEST_PAUSE_SECONDS
            return 0.0

    def succeeded(self) -> None:
        """A connection was made, or a statement answered."""
        if self._failures:
            with self._lock:
                self._failures = 0
                self._open_until = self._trial_until = 0.0

    def failed(self) -> None:
        """The database could not be reached, or went away; pauses grow to half a minute, with jitter."""
        with self._lock:
            self._failures += 1
            self._trial_until = 0.0
            beyond = self._failures - FAILURES_TO_OPEN
            if beyond >= 0:
                pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(beyond, 5))
                # Jitter keeps many processes from knocking at the same moment.
                self._open_until = self._monotonic() + pause * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
