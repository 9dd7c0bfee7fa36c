"""Which hospital is next: each at most once at a time, none before its time, and none forgotten."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from kernel.ids import TenantId


@dataclass(slots=True)
class _Entry:
    at: float
    changes: bool = False


class Agenda:
    """What is to be done and when, shared by the loops and the hands that do it. Times are of a monotonic clock."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._condition = threading.Condition()
        self._waiting: dict[TenantId, _Entry] = {}
        self._busy: set[TenantId] = set()
        self._not_before: dict[TenantId, float] = {}
        self._pause_until = 0.0
        self._closed = False

    def add(self, tenant: TenantId, *, changes: bool = False) -> None:
        """Something is to be done for this hospital as soon as may be; `changes`: something is to be fetched too."""
        with self._condition:
            self._enter(tenant, self._monotonic(), changes)

    def later(self, tenant: TenantId, seconds: float) -> None:
        """Something is to be done for this hospital then; what comes up before is done before."""
        with self._condition:
            self._enter(tenant, self._monotonic() + seconds, False)

    def postpone(self, tenant: TenantId, seconds: float, *, changes: bool = False) -> None:
        """This hospital is to be left alone for a while, and then tried again, however often it is added meanwhile."""
        with self._condition:
            self._not_before[tenant] = self._monotonic() + seconds
            self._enter(tenant, self._monotonic(), changes)

    def welcome(self, tenant: TenantId) -> None:
        """This hospital is well again."""
        with self._condition:
            self._not_before.pop(tenant, None)

    def pause(self, seconds: float) -> None:
        """Central is away: leave everything for a while."""
        with self._condition:
            self._pause_until = self._monotonic() + seconds
            self._condition.notify_all()

    def take(self, *, wait_seconds: float) -> tuple[TenantId, bool] | None:
        """The next hospital and whether to fetch changes; None when nothing came up in that time, or at the end."""
        end = self._monotonic() + wait_seconds
        with self._condition:
            while not self._closed:
                now = self._monotonic()
                ready = self._next(now)
                if ready is not None:
                    entry = self._waiting.pop(ready)
                    self._busy.add(ready)
                    return ready, entry.changes
                if now >= end:
                    return None
                self._condition.wait(min(end, max(self._soonest(), now + 0.01)) - now)
        return None

    def done(self, tenant: TenantId) -> None:
        """The hands are free of this hospital; what was added meanwhile is next."""
        with self._condition:
            self._busy.discard(tenant)
            self._condition.notify()

    def close(self) -> None:
        """No more work is given out."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def idle(self) -> bool:
        """Whether nothing waits and nobody works."""
        with self._condition:
            return not self._waiting and not self._busy

    def _enter(self, tenant: TenantId, at: float, changes: bool) -> None:
        entry = self._waiting.setdefault(tenant, _Entry(at))
        entry.at = min(entry.at, at)
        entry.changes |= changes
        self._condition.notify()

    def _next(self, now: float) -> TenantId | None:
        if now < self._pause_until:
            return None
        due = [
            (entry.at, tenant)
            for tenant, entry in self._waiting.items()
            if tenant not in self._busy and max(entry.at, self._not_before.get(tenant, 0.0)) <= now
        ]
        return min(due)[1] if due else None

    def _soonest(self) -> float:
        """When something that waits now may be due."""
        times = [
            max(entry.at, self._not_before.get(tenant, 0.0))
            for tenant, entry in self._waiting.items()
            if tenant not in self._busy
        ]
        return max(min(times, default=float("inf")), self._pause_until)
