"""Signals that ask the supervisor to stop."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# One Ctrl-C may arrive twice, from the terminal and from `make`; a second one from a person takes longer.
SECOND_SIGNAL_SECONDS = 1.0


class StopRequested(BaseException):
    """Raised where the main thread stands when a stop is asked for within `interrupting`.

    Like KeyboardInterrupt it is no Exception, so that no handler of errors takes it for one.
    """


class StopSignals:
    """While entered, SIGTERM, SIGINT and SIGHUP set `requested` instead of ending the program. For the main thread."""

    def __init__(self) -> None:
        self.requested = False
        self._at = 0.0
        self._raise = False
        self._hurry = False
        # An Event is not safe to set in a handler that interrupts a wait on it; a pipe is.
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)

    def __enter__(self) -> Self:
        self._before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
        for number, handler in self._before.items():
            # nohup asks that the end of the terminal should not matter.
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def wait(self, seconds: float) -> bool:
        """Sleep until a stop is asked for, at most so long; whether it was."""
        if not self.requested:
            select.select([self._read], [], [], seconds)
        return self.requested

    def hurry(self) -> bool:
        """Whether somebody asked again, more than a second later: stop without waiting."""
        return self._hurry

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Within it a stop raises StopRequested at once; for work that may be broken off anywhere and repeated."""
        if self.requested:
            raise StopRequested
        self._raise = True
        try:
            yield
        finally:
            self._raise = False

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if not self.requested:
            self.requested, self._at = True, now
            os.write(self._write, b".")
            if self._raise:
                raise StopRequested
        elif now - self._at > SECOND_SIGNAL_SECONDS:
            self._hurry = True
