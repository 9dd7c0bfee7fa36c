"""Lease rows in central's database: one runner a job, taken over when it dies.

Each call is a transaction of its own and no session state is used, so that it works behind a pooler. The database's
clock decides. Session advisory locks would break behind a transaction-mode pooler.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Row, Update, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.sql.elements import ColumnElement

from jobs.models import JobLease
from kernel.database.engines import Database
from kernel.errors import Unavailable
from kernel.ids import new_row_id


class CentralAway(Unavailable):
    """Central's database does not answer, so nobody can tell whose turn it is."""

    code = "central_away"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to run a job now. `fence` is higher than that of every run before."""

    job: str
    fence: int
    failures: int


class Leases:
    """Takes, renews and gives back leases for one process. Safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.holder: UUID = new_row_id()

    def declare(self, jobs: Iterable[str]) -> None:
        """Make the rows that are not there yet; a new job is due at once. Raises CentralAway."""
        rows = [{"name": name} for name in jobs]
        self._do(insert(JobLease).values(rows).on_conflict_do_nothing().returning(JobLease.name))

    def take(self, job: str, *, seconds: float) -> Lease | None:
        """The lease, if the job is due and nobody runs it; None otherwise. Raises CentralAway."""
        due = and_(
            JobLease.name == job,
            JobLease.next_run_at <= func.now(),
            or_(JobLease.lease_until.is_(None), JobLease.lease_until < func.now()),
        )
        taken = self._do(
            update(JobLease)
            .where(due)
            .values(holder=self.holder, fence=JobLease.fence + 1, lease_until=_after(seconds), started_at=func.now())
            .returning(JobLease.fence, JobLease.failures)
        )
        return None if taken is None else Lease(job=job, fence=taken.fence, failures=taken.failures)

    def renew(self, lease: Lease, *, seconds: float) -> bool:
        """Hold on; False when the lease ran out and another took it, or central forgot it. Raises CentralAway."""
        return self._do(self._mine(lease).values(lease_until=_after(seconds)).returning(JobLease.fence)) is not None

    def finish(self, lease: Lease, *, next_in: timedelta, error: str | None) -> bool:
        """Give it back and say how it went (`error`: a code or class); False when it was no longer ours."""
        values: dict[str, object] = {
            "holder": None,
            "lease_until": None,
            "finished_at": func.now(),
            "next_run_at": _after(next_in.total_seconds()),
            "failures": 0 if error is None else lease.failures + 1,
            "last_error": None if error is None else error[:100],
        }
        if error is None:
            values["succeeded_at"] = func.now()
        return self._do(self._mine(lease).values(**values).returning(JobLease.fence)) is not None

    def release(self, lease: Lease) -> bool:
        """Give it back unfinished: another process may go on at once."""
        values = {"holder": None, "lease_until": None, "next_run_at": func.now()}
        return self._do(self._mine(lease).values(**values).returning(JobLease.fence)) is not None

    def all(self) -> list[JobLease]:
        """Every job by name, for the command line. Raises CentralAway."""
        try:
            with self._database.unit_of_work() as uow:
                return list(uow.session.scalars(select(JobLease).order_by(JobLease.name)))
        except (OperationalError, InterfaceError, PoolTimeout) as err:
            raise CentralAway("central's database does not answer") from err

    def _mine(self, lease: Lease) -> Update:
        return update(JobLease).where(
            JobLease.name == lease.job, JobLease.holder == self.holder, JobLease.fence == lease.fence
        )

    def _do(self, statement: Executable) -> Row[Any] | None:
        try:
            with self._database.unit_of_work() as uow:
                row = uow.session.execute(statement, execution_options={"synchronize_session": False}).first()
                uow.commit()
        except (OperationalError, InterfaceError, PoolTimeout) as err:
            raise CentralAway("central's database does not answer") from err
        except DBAPIError as err:
            if err.connection_invalidated:
                raise CentralAway("central's database does not answer") from err
            raise
        return row


def _after(seconds: float) -> ColumnElement[datetime]:
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
