"""SQLAlchemy over the budget: a light engine for each hospital; one dialect, one cache of compiled statements for all.

An engine of its own for each hospital would ask the server about itself again (5 ms) and hold its own caches.
"""

import os
import select
from collections.abc import Callable
from typing import Any, cast

import psycopg
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from central.router.budget import ConnectionBudget
from kernel.database.engines import engine_like
from kernel.ids import TenantId

EXIT_MILLISECONDS = 250

Budget = ConnectionBudget[ConnectionPoolEntry]


class HospitalConnection(psycopg.Connection[Any]):
    """A connection whose `close` returns when the server has let it go, so that the budget is never exceeded there."""

    hospital: TenantId | None = None

    def close(self) -> None:
        """Say good-bye, and wait a moment for the server's end of the socket to close."""
        if self.closed:
            return
        descriptor = os.dup(self.fileno())
        try:
            super().close()
            watch = select.poll()
            watch.register(descriptor, select.POLLIN)
            watch.poll(EXIT_MILLISECONDS)
        finally:
            os.close(descriptor)


class HospitalPool(Pool):
    """The connections of one hospital, out of the budget of all."""

    def __init__(
        self, creator: Callable[[], Any], *, key: object = None, budget: Budget | None = None, **kw: Any
    ) -> None:
        super().__init__(creator, **kw)
        self._key = key
        self._budget = budget

    def sibling(self, creator: Callable[[], Any], *, key: object, budget: Budget) -> "HospitalPool":
        """A pool for a hospital that shares this one's dialect and what listens to it."""
        return HospitalPool(
            creator,
            key=key,
            budget=budget,
            recycle=self._recycle,
            reset_on_return=self._reset_on_return,
            _dispatch=self.dispatch,
            dialect=self._dialect,
        )

    def _do_get(self) -> ConnectionPoolEntry:
        return self._held_budget.take(self._key, self._create_connection, usable=_answers)

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if record.dbapi_connection is None:
            self._held_budget.drop(self._key, record)
        else:
            self._held_budget.give_back(self._key, record)

    def dispose(self) -> None:
        """Close what is idle."""
        if self._budget is not None:
            self._budget.drop_idle(self._key)

    def recreate(self) -> Pool:
        """The pool holds no connection of its own, so it goes on as it is."""
        return self

    def status(self) -> str:
        """For people who debug."""
        return f"HospitalPool in use: {self._held_budget.in_use(self._key)}"

    @property
    def _held_budget(self) -> Budget:
        if self._budget is None:
            raise RuntimeError("the pattern of hospital pools opens no connection")
        return self._budget


class HospitalEngines:
    """Makes engines that share a dialect and compiled statements."""

    def __init__(self, budget: Budget, *, recycle_seconds: int = 1800) -> None:
        self._budget = budget
        pattern = HospitalPool(_refuse, recycle=recycle_seconds, reset_on_return="rollback")
        # hstore is not used, and looking for it would cost each new connection a question.
        self._pattern = create_engine("postgresql+psycopg://", pool=pattern, use_native_hstore=False)

    @property
    def pattern(self) -> Pool:
        """What listens here listens to every hospital's pool made afterwards."""
        return self._pattern.pool

    def engine(self, key: object, creator: Callable[[], psycopg.Connection[Any]]) -> Engine:
        """An engine whose connections come from `creator`, within the budget, under `key`."""
        pattern = cast("HospitalPool", self._pattern.pool)
        return engine_like(self._pattern, pattern.sibling(creator, key=key, budget=self._budget))


def _refuse() -> Any:
    raise RuntimeError("the pattern of hospital pools opens no connection")


def _answers(record: ConnectionPoolEntry) -> bool:
    """Whether an idle connection is still good, without asking the server.

    A server says nothing to an idle connection unless it ends it, so a readable socket means a lost one.
    """
    connection = cast("psycopg.Connection[Any] | None", record.dbapi_connection)
    if connection is None or connection.closed:
        return False
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return not watch.poll(0)
