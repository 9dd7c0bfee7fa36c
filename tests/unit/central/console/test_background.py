"""What the runner takes up, what it leaves to others, and that it closes a rotation when the time has come."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from central.console.background import OperationRunner
from central.provisioning.public import OperationUnknown, Rotation
from central.registry.public import Operation, OperationRunning
from kernel.clock import utc_now
from kernel.ids import TenantId
from tests.support.waiting import wait_until

NOW = utc_now()


class Work:
    """Notes what it is asked to do, and refuses as told."""

    def __init__(self) -> None:
        self.done: list[UUID] = []
        self.refusal: Exception | None = None
        self.left: Operation | None = None

    def finish(self, operation_id: UUID) -> None:
        self.done.append(operation_id)
        if self.refusal is not None:
            raise self.refusal

    run = finish

    def unfinished(self) -> list[UUID]:
        """As the rotation's."""
        return [] if self.left is None else [self.left.id]

    @contextmanager
    def unit_of_work(self) -> Iterator[Any]:
        """The database, of which only the operation is asked."""
        yield SimpleNamespace(session=SimpleNamespace(get_one=lambda _kind, _id: self.left))


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def runner(work: Work) -> Iterator[OperationRunner]:
    made = OperationRunner(
        database=cast("Any", work),
        provisioner=cast("Any", work),
        rotation=cast("Any", work),
        invites=cast("Any", None),
        clock=lambda: NOW,
    )
    yield made
    made.close()


def operation(*, state: str = "running", lease: timedelta | None = None, age: timedelta = timedelta(0)) -> Operation:
    until: datetime | None = NOW + lease if lease is not None else None
    return Operation(
        id=uuid4(), kind="rotate-credentials", state=state, lease_until=until, updated_at=NOW - age, tenant_id=uuid4()
    )


@pytest.mark.parametrize(
    ("asked", "taken_up"),
    [
        (operation(lease=timedelta(seconds=-1)), True),
        (operation(age=timedelta(minutes=1)), True),
        (operation(lease=timedelta(seconds=1)), False),
        (operation(age=timedelta(seconds=1)), False),
        (operation(state="done", age=timedelta(minutes=1)), False),
        (operation(state="failed", age=timedelta(minutes=1)), False),
    ],
    ids=["its lease ran out", "nobody ever took it", "somebody works on it", "it is new", "it is done", "it failed"],
)
def test_only_what_nobody_works_on_is_taken_up(
    runner: OperationRunner, work: Work, asked: Operation, taken_up: bool
) -> None:
    assert runner.nudge(asked) is taken_up
    if taken_up:
        wait_until(lambda: work.done == [asked.id], what="the work")
    else:
        runner.close()
        assert work.done == []


@pytest.mark.parametrize("refusal", [OperationRunning(retry_after=1), OperationUnknown(), ValueError("broken")])
def test_what_goes_wrong_ends_no_thread(runner: OperationRunner, work: Work, refusal: Exception) -> None:
    work.refusal = refusal
    for _ in range(5):
        runner.start(uuid4()).result(5)
    assert len(work.done) == 5


def test_a_rotation_is_finished_when_its_time_has_come(runner: OperationRunner, work: Work) -> None:
    rotation = Rotation(operation_id=uuid4(), tenant=TenantId.parse(uuid4()), retire_at=NOW - timedelta(seconds=5))
    runner.finish_later(rotation)
    wait_until(lambda: work.done == [rotation.operation_id], what="the end of the rotation")


def test_what_waits_for_its_time_does_not_hold_up_the_end(runner: OperationRunner, work: Work) -> None:
    rotation = Rotation(operation_id=uuid4(), tenant=TenantId.parse(uuid4()), retire_at=NOW + timedelta(hours=1))
    runner.finish_later(rotation)
    runner.close()
    assert work.done == []


def test_a_rotation_that_nobody_works_on_is_found(runner: OperationRunner, work: Work) -> None:
    runner.watch(seconds=0.01)
    work.left = operation(age=timedelta(minutes=1))
    wait_until(lambda: work.left is not None and work.left.id in work.done, what="the rotation that was left")


def test_a_look_that_fails_is_not_the_last(
    runner: OperationRunner, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        tried: list[None] = []

        def unfinished() -> list[UUID]:
            tried.append(None)
            raise ConnectionError

        away.setattr(work, "unfinished", unfinished)
        runner.watch(seconds=0.01)
        wait_until(lambda: len(tried) >= 2, what="a second look")
    work.left = operation(age=timedelta(minutes=1))
    wait_until(lambda: work.done, what="the rotation that was left")
