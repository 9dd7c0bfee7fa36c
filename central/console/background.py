"""Long work on hospitals in threads of this process. The operation's lease says who works on it, not this module.

A process that is killed leaves its operation to whoever looks at it next: `nudge` takes up what nobody works on. Nobody
looks at a rotation whose new passwords are in use, so `watch` does.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Timer
from typing import Final
from uuid import UUID

from central.console.invites import HeldInvites
from central.provisioning.public import CredentialRotation, LeaseLost, OperationUnknown, Provisioner, Rotation
from central.provisioning.rotation import KIND as ROTATION
from central.provisioning.service import KIND as PROVISIONING
from central.registry.public import Operation, OperationRunning
from kernel.clock import Clock, utc_now
from kernel.database.engines import Database
from kernel.telemetry import logs

log = logs.get_logger(__name__)

THREADS: Final = 2
# A rotation's old roles wait for so long at most after the process that was to close them has ended.
SWEEP_SECONDS: Final = 300.0
# An operation without a lease was begun a moment ago, or its process died before it took one.
_ABANDONED: Final = timedelta(seconds=15)


class OperationRunner:
    """Runs operations; `close` waits for those that are under way."""

    def __init__(
        self,
        *,
        database: Database,
        provisioner: Provisioner,
        rotation: CredentialRotation,
        invites: HeldInvites,
        clock: Clock = utc_now,
    ) -> None:
        self.provisioner = provisioner
        self.rotation = rotation
        self.invites = invites
        self._database = database
        self._clock = clock
        # Threads are started by the first operation, so that a server may fork before that.
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="operation")
        self._timers: set[Timer] = set()
        self._closed = Event()

    def start(self, operation_id: UUID) -> "Future[None]":
        """Make the hospital of a reserved operation, and hold its invite for whoever asked."""
        return self._threads.submit(self._guarded, operation_id, self._provision)

    def finish_later(self, rotation: Rotation) -> None:
        """Close the old roles of a rotation when nobody can be using them any more."""
        seconds = max(0.0, (rotation.retire_at - self._clock()).total_seconds()) + 0.5
        self._later(seconds, lambda: self._finish(rotation.operation_id))

    def watch(self, *, seconds: float = SWEEP_SECONDS) -> None:
        """From now on take up rotations that nobody works on, every so often."""
        self._later(seconds, lambda: self._look(seconds))

    def nudge(self, operation: Operation) -> bool:
        """Take up an operation that nobody works on; True when it was."""
        if operation.state != "running":
            return False
        now = self._clock()
        if operation.lease_until is not None and operation.lease_until > now:
            return False
        if operation.lease_until is None and operation.updated_at > now - _ABANDONED:
            return False
        if operation.kind == PROVISIONING:
            self.start(operation.id)
        elif operation.kind == ROTATION:
            self._threads.submit(self._guarded, operation.id, self.rotation.finish)
        return True

    def close(self) -> None:
        """Wait for what is under way; what waits for its time is left to others."""
        self._closed.set()
        for timer in self._timers:
            timer.cancel()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        timer = Timer(seconds, work)
        timer.daemon = True
        self._timers = {each for each in self._timers if each.is_alive()} | {timer}
        timer.start()

    def _look(self, seconds: float) -> None:
        try:
            for operation_id in self.rotation.unfinished():
                with self._database.unit_of_work() as uow:
                    operation = uow.session.get_one(Operation, operation_id)
                self.nudge(operation)
        except Exception:
            # Central's database is away, or the process ends: the next look finds the same.
            log.warning("operation.sweep_failed", exc_info=True)
        if not self._closed.is_set():
            self.watch(seconds=seconds)

    def _finish(self, operation_id: UUID) -> None:
        self._guarded(operation_id, self.rotation.finish)

    def _guarded(self, operation_id: UUID, work: Callable[[UUID], None]) -> None:
        logs.clear()
        logs.bind(operation=operation_id)
        try:
            work(operation_id)
        except (OperationRunning, OperationUnknown, LeaseLost) as err:
            log.info("operation.left_to_others", code=err.code)
        except Exception:
            # It is on record as failed, with the step; here is why.
            log.exception("operation.failed")

    def _provision(self, operation_id: UUID) -> None:
        made = self.provisioner.run(operation_id)
        with self._database.unit_of_work() as uow:
            operation = uow.session.get_one(Operation, operation_id)
            self.invites.hold(uow=uow, operation=operation, invite=made.invite)
            uow.commit()
