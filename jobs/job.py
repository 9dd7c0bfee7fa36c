"""What a job is, and one run of it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final


class RunOver(Exception):
    """A run must end before it is done: the process stops, its time is over, or somebody else runs the job now.

    What it has committed stays, and the next run does the rest; `why` is `stop`, `time` or `lease`.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Run:
    """One run of a job. The job calls `check` between pieces of work that are committed one by one."""

    def __init__(
        self, *, seconds: float, stop: threading.Event, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._until = monotonic() + seconds
        self._stop = stop
        self._lost = threading.Event()

    @property
    def seconds_left(self) -> float:
        """How long the run may go on."""
        return max(0.0, self._until - self._monotonic())

    @property
    def stopping(self) -> bool:
        """Whether the process is being stopped."""
        return self._stop.is_set()

    def lose(self) -> None:
        """The lease is another's now."""
        self._lost.set()

    def check(self) -> None:
        """Raises RunOver when the run must end."""
        if self._stop.is_set():
            raise RunOver("stop")
        if self._lost.is_set():
            raise RunOver("lease")
        if self.seconds_left <= 0:
            raise RunOver("time")


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job that one of all processes runs at a time, `every` so often, with jitter so that they do not march in step.

    `limit` bounds a run; `lease` is how long others wait for a runner that died. A job that is `safe_twice` may run
    here without a lease while central is away: what it does is held by constraints in the database that it works on.
    """

    name: str
    every: timedelta
    run: Callable[[Run], None]
    limit: timedelta = timedelta(minutes=5)
    lease: timedelta = timedelta(seconds=30)
    safe_twice: bool = False


JITTER: Final = 0.2
FIRST_RETRY: Final = timedelta(seconds=5)


def retry_after(job: Job, *, failures: int) -> timedelta:
    """How long a job waits that failed so often in a row: twice as long each time, never longer than usual."""
    doublings: int = min(max(failures, 1) - 1, 16)
    return min(job.every, FIRST_RETRY * (1 << doublings))
