"""Long work in steps, on record. Whoever holds the lease works; a dead holder's runs out, and another takes over."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError

from central.registry.errors import OperationRunning
from central.registry.models import Operation
from kernel.clock import utc_now
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import NotFound, SokhamError
from kernel.ids import TenantId, new_row_id
from kernel.telemetry.logs import get_logger

log = get_logger(__name__)

LEASE: Final = timedelta(seconds=120)


class OperationUnknown(NotFound):
    """There is no such operation, or it is finished."""

    code = "operation_not_found"


class LeaseLost(SokhamError):
    """This process was taken for dead, and another goes on with its operation: stop at once."""

    code = "lease_lost"


def begin(
    *,
    uow: UnitOfWork,
    tenant: TenantId,
    kind: str,
    steps: tuple[str, ...],
    request: Mapping[str, Any] | None = None,
    requested_by: UUID | None = None,
) -> Operation:
    """Add an operation, in the caller's transaction. One runs on a hospital at a time: raises OperationRunning."""
    row = Operation(
        id=new_row_id(),
        tenant_id=tenant,
        kind=kind,
        steps=[{"name": name, "state": "pending"} for name in steps],
        request=dict(request or {}),
        requested_by=requested_by,
    )
    uow.session.add(row)
    try:
        uow.flush()
    except IntegrityError as err:
        if violated(err) == "uq_operations_running":
            raise OperationRunning(retry_after=5) from err
        raise
    return row


class Lease:
    """The right to work on one operation. Each step is committed as it ends, and lengthens the lease."""

    def __init__(self, database: Database, *, operation_id: UUID, lease_id: UUID, row: Operation) -> None:
        self._database = database
        self._lease_id = lease_id
        self.operation_id = operation_id
        self.tenant = TenantId.parse(row.tenant_id)
        self.kind = row.kind
        self.request: dict[str, Any] = dict(row.request)
        self.requested_by = row.requested_by
        self._steps: list[dict[str, Any]] = [dict(step) for step in row.steps]

    @classmethod
    def take(cls, database: Database, *, operation_id: UUID) -> "Lease":
        """Take an unfinished operation that nobody works on. Raises OperationUnknown, OperationRunning."""
        lease_id = uuid4()
        with database.unit_of_work() as uow:
            taken = uow.session.scalars(
                update(Operation)
                .where(
                    Operation.id == operation_id,
                    # One that failed may be tried again once what stopped it is mended.
                    Operation.state.in_(("running", "failed")),
                    or_(Operation.lease_until.is_(None), Operation.lease_until < func.now()),
                )
                .values(state="running", lease_id=lease_id, lease_until=func.now() + LEASE)
                .returning(Operation)
            ).one_or_none()
            if taken is None:
                row = uow.session.scalars(select(Operation).where(Operation.id == operation_id)).one_or_none()
                if row is None or row.state == "done":
                    raise OperationUnknown
                raise OperationRunning(retry_after=_seconds_until(row.lease_until))
            lease = cls(database, operation_id=operation_id, lease_id=lease_id, row=taken)
            uow.commit()
        return lease

    @contextmanager
    def failing_on_record(self, also: Callable[[UnitOfWork], None] | None = None) -> Iterator[None]:
        """When what is done in here raises, the operation has failed, and may be taken again.

        `also` adds to that transaction. Where even that fails, the error that led here is the one to see.
        """
        try:
            yield
        except Exception:
            try:
                with self._database.unit_of_work() as uow:
                    self._write(uow, state="failed")
                    if also is not None:
                        also(uow)
                    uow.commit()
            except Exception:
                log.exception("operation.failure_not_recorded", tenant=self.tenant, operation=self.operation_id)
            raise

    @contextmanager
    def step(self, *names: str) -> Iterator[None]:
        """Do one step, or some side by side, and record their end."""
        with self._timed(*names):
            yield
        with self._database.unit_of_work() as uow:
            self._write(uow, state="running")
            uow.commit()

    @contextmanager
    def fenced(self) -> Iterator[UnitOfWork]:
        """A transaction of central's, committed at its end if this process still has the lease; else LeaseLost."""
        with self._database.unit_of_work() as uow:
            yield uow
            self._update(uow, lease_until=func.now() + LEASE)
            uow.commit()

    @contextmanager
    def steps_in_one(self, *names: str, last: bool) -> Iterator[UnitOfWork]:
        """Do steps in one transaction of central's, given to the body and committed with their record at its end.

        `last` says that the operation is done with them.
        """
        with self._database.unit_of_work() as uow:
            with self._timed(*names):
                yield uow
            self._write(uow, state="done" if last else "running")
            uow.commit()

    def finished_at(self, name: str) -> datetime | None:
        """When a step was done; None when it was not."""
        step = next(step for step in self._steps if step["name"] == name)
        return datetime.fromisoformat(step["finished_at"]) if step["state"] == "done" else None

    def release(self) -> None:
        """Let another process go on at once: the operation stays running, without a lease."""
        with self._database.unit_of_work() as uow:
            self._update(uow, lease_until=None)
            uow.commit()

    @contextmanager
    def _timed(self, *names: str) -> Iterator[None]:
        started = utc_now()
        try:
            yield
        except Exception as err:
            code = err.code if isinstance(err, SokhamError) else type(err).__name__
            self._mark(names, state="failed", started=started, error_code=code)
            raise
        self._mark(names, state="done", started=started, error_code=None)

    def _mark(self, names: tuple[str, ...], *, state: str, started: datetime, error_code: str | None) -> None:
        finished = utc_now()
        for step in self._steps:
            if step["name"] in names:
                step.update(
                    state=state,
                    started_at=started.isoformat(),
                    finished_at=finished.isoformat(),
                    error_code=error_code,
                )
        log.info(
            "operation.step",
            kind=self.kind,
            tenant=self.tenant,
            steps=names,
            state=state,
            error_code=error_code,
            ms=round((finished - started).total_seconds() * 1000),
        )

    def _write(self, uow: UnitOfWork, *, state: str) -> None:
        self._update(
            uow,
            steps=self._steps,
            state=state,
            lease_until=func.now() + LEASE if state == "running" else None,
        )

    def _update(self, uow: UnitOfWork, **values: Any) -> None:
        changed = uow.session.scalars(
            update(Operation)
            .where(Operation.id == self.operation_id, Operation.lease_id == self._lease_id)
            .values(updated_at=func.now(), **values)
            .returning(Operation.id)
            .execution_options(synchronize_session=False)
        ).all()
        if not changed:
            raise LeaseLost


def _seconds_until(moment: datetime | None) -> int:
    if moment is None:
        return 1
    return max(1, round((moment - utc_now()).total_seconds()))
