"""One budget of connections for the whole process, however many hospitals there are.

The least recently used hospital gives up an idle connection before a new one opens. One hospital may hold at most its
share (a bulkhead). Who must wait stands in one queue, first come, first served, for at most a set time.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from central.router.errors import HospitalBusy


class Closeable(Protocol):
    """A connection record: something that can be closed."""

    def close(self) -> None:
        """Close the connection; when it returns, the server no longer counts it."""


R = TypeVar("R", bound=Closeable)


@dataclass(slots=True)
class _Place(Generic[R]):
    """The right to hold one connection: an idle one of the same hospital, or a new one after closing `evicted`."""

    record: R | None = None
    evicted: R | None = None


class _Waiter(Generic[R]):
    """A caller in the queue."""

    __slots__ = ("key", "place", "ready")

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.place: _Place[R] | None = None
        self.ready = threading.Lock()
        self.ready.acquire()


class ConnectionBudget(Generic[R]):
    """At most `limit` connections open at any moment, at most `share` of them in use for one hospital.

    `wait_seconds` bounds how long `take` waits; then it raises HospitalBusy. Nothing slow happens under the lock:
    connections are opened and closed outside it.
    """

    def __init__(self, *, limit: int, share: int, wait_seconds: float) -> None:
        if not 1 <= share <= limit:
            raise ValueError("a hospital's share lies between one connection and the whole budget")
        self.limit = limit
        self.share = share
        self._wait_seconds = wait_seconds
        self._lock = threading.Lock()
        self._open = 0
        self._closed = False
        self._idle: OrderedDict[Hashable, deque[R]] = OrderedDict()
        self._in_use: dict[Hashable, int] = {}
        self._queue: deque[_Waiter[R]] = deque()

    @property
    def open(self) -> int:
        """Connections open or being opened."""
        return self._open

    @property
    def waiting(self) -> int:
        """Callers in the queue."""
        return len(self._queue)

    def in_use(self, key: Hashable) -> int:
        """Connections that callers hold for `key`."""
        return self._in_use.get(key, 0)

    def take(self, key: Hashable, create: Callable[[], R], *, usable: Callable[[R], bool]) -> R:
        """An idle connection of `key` that is `usable`, else a new one within the budget.

        Raises HospitalBusy when none comes free in time, and whatever `create` raises (the place is given back).
        """
        while True:
            place = self._enter(key)
            if place.record is None:
                return self._open_new(key, create, place.evicted)
            if usable(place.record):
                return place.record
            self.drop(key, place.record)

    def give_back(self, key: Hashable, record: R) -> None:
        """The caller is done; the connection waits for the next one of the same hospital.

        Once everything is closed nobody comes for it any more, and it is closed too.
        """
        with self._lock:
            closed = self._closed
            if not closed:
                self._leave(key)
                self._idle.setdefault(key, deque()).append(record)
                self._idle.move_to_end(key)
                self._serve()
        if closed:
            self.drop(key, record)

    def drop(self, key: Hashable, record: R) -> None:
        """The caller is done and the connection is no longer good."""
        try:
            record.close()
        finally:
            with self._lock:
                self._vacate(key)

    def drop_idle(self, key: Hashable) -> int:
        """Close the idle connections of a hospital (suspended, or its credentials changed); returns how many."""
        with self._lock:
            gone = self._idle.pop(key, deque())
        for record in gone:
            record.close()
        if gone:
            with self._lock:
                self._open -= len(gone)
                self._serve()
        return len(gone)

    def close(self) -> None:
        """Close everything that is idle, and from now on what comes back."""
        with self._lock:
            self._closed = True
        for key in list(self._idle):
            self.drop_idle(key)

    def _enter(self, key: Hashable) -> _Place[R]:
        """A place now, or after waiting in line."""
        with self._lock:
            # Whoever stands in line while there is room waits for its own hospital's share, so passing it is fair.
            place = self._place_for(key)
            if place is not None:
                return place
            waiter: _Waiter[R] = _Waiter(key)
            self._queue.append(waiter)
        waiter.ready.acquire(timeout=self._wait_seconds)
        with self._lock:
            if waiter.place is None:
                self._queue.remove(waiter)
                raise HospitalBusy("no connection came free in time", retry_after=1)
            return waiter.place

    def _place_for(self, key: Hashable) -> _Place[R] | None:
        """With the lock held: the best place for a caller of `key`, or None."""
        if self._in_use.get(key, 0) >= self.share:
            return None
        if key in self._idle:
            place = _Place(record=self._pop_idle(key, newest=True))
        elif self._open < self.limit:
            self._open += 1
            place = _Place()
        elif self._idle:
            place = _Place(evicted=self._pop_idle(next(iter(self._idle)), newest=False))
        else:
            return None
        self._in_use[key] = self._in_use.get(key, 0) + 1
        return place

    def _serve(self) -> None:
        """With the lock held: give places to those in line, in order, as long as there are any."""
        passed: deque[_Waiter[R]] = deque()
        while self._queue and (self._open < self.limit or self._idle):
            waiter = self._queue.popleft()
            waiter.place = self._place_for(waiter.key)
            if waiter.place is None:
                passed.append(waiter)
            else:
                waiter.ready.release()
        self._queue.extendleft(reversed(passed))

    def _pop_idle(self, key: Hashable, *, newest: bool) -> R:
        records = self._idle[key]
        record = records.pop() if newest else records.popleft()
        if not records:
            del self._idle[key]
        return record

    def _leave(self, key: Hashable) -> None:
        left = self._in_use[key] - 1
        if left:
            self._in_use[key] = left
        else:
            del self._in_use[key]

    def _vacate(self, key: Hashable) -> None:
        self._leave(key)
        self._open -= 1
        self._serve()

    def _open_new(self, key: Hashable, create: Callable[[], R], evicted: R | None) -> R:
        try:
            if evicted is not None:
                evicted.close()
            return create()
        except BaseException:
            with self._lock:
                self._vacate(key)
            raise
