"""Leases on a real database: one runner a job, taken over, and a dead runner's word counts no more."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from central import roles
from jobs.job import Job, Run
from jobs.leases import CentralAway, Leases
from jobs.models import JobLease
from jobs.scheduler import Scheduler
from kernel.database.engines import Database, engine_for
from tests.support.databases import CentralDatabase
from tests.support.proxy import proxy_to
from tests.support.waiting import wait_until

HOUR = timedelta(hours=1)


@pytest.fixture
def runners(central: CentralDatabase) -> tuple[Leases, Leases]:
    """Two processes."""
    one, other = (Leases(central.database(roles.SEAL)) for _ in range(2))
    one.declare(["seal", "prune"])
    return one, other


def test_one_of_two_gets_it_and_the_other_after_the_end(runners: tuple[Leases, Leases]) -> None:
    one, other = runners
    lease = one.take("seal", seconds=60)
    assert lease is not None
    assert other.take("seal", seconds=60) is None
    assert other.take("prune", seconds=60) is not None
    assert one.finish(lease, next_in=timedelta(0), error=None)
    again = other.take("seal", seconds=60)
    assert again is not None
    assert again.fence == lease.fence + 1


def test_many_at_once_and_one_wins(runners: tuple[Leases, Leases], central: CentralDatabase) -> None:
    all_ready = threading.Barrier(8)
    won: list[int] = []

    def take() -> None:
        leases = Leases(central.database(roles.SEAL))
        all_ready.wait()
        if (lease := leases.take("seal", seconds=60)) is not None:
            won.append(lease.fence)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_nobody_runs_a_job_before_its_time(runners: tuple[Leases, Leases]) -> None:
    one, other = runners
    lease = one.take("seal", seconds=60)
    assert lease is not None
    one.finish(lease, next_in=HOUR, error=None)
    assert other.take("seal", seconds=60) is None


def test_a_runner_that_died_is_followed_and_cannot_speak_for_its_successor(runners: tuple[Leases, Leases]) -> None:
    one, other = runners
    dead = one.take("seal", seconds=0.3)
    assert dead is not None
    follower = wait_until(lambda: other.take("seal", seconds=60), seconds=5)
    assert follower is not None
    assert not one.renew(dead, seconds=60)
    assert not one.finish(dead, next_in=HOUR, error=None)
    assert not one.release(dead)
    assert other.renew(follower, seconds=60)
    assert other.finish(follower, next_in=timedelta(0), error=None)


def test_failures_are_counted_until_it_goes_well(runners: tuple[Leases, Leases]) -> None:
    one, _ = runners
    for failures in (1, 2):
        lease = one.take("seal", seconds=60)
        assert lease is not None
        one.finish(lease, next_in=timedelta(0), error="hospital_unavailable")
        row = _row(one)
        assert (row.failures, row.last_error, row.succeeded_at) == (failures, "hospital_unavailable", None)
    lease = one.take("seal", seconds=60)
    assert lease is not None
    one.finish(lease, next_in=timedelta(0), error=None)
    row = _row(one)
    assert (row.failures, row.last_error) == (0, None)
    assert row.succeeded_at is not None


def test_a_stop_in_the_middle_lets_another_go_on_at_once(runners: tuple[Leases, Leases]) -> None:
    one, other = runners
    lease = one.take("seal", seconds=60)
    assert lease is not None
    assert one.release(lease)
    assert other.take("seal", seconds=60) is not None


def test_central_away_is_told_as_such(central: CentralDatabase) -> None:
    gone = Database(engine_for({**central.parameters(roles.SEAL), "port": 1}, pool_size=1, max_overflow=0))
    with pytest.raises(CentralAway):
        Leases(gone).take("seal", seconds=1)
    gone.dispose()


def test_two_schedulers_run_a_job_one_at_a_time(central: CentralDatabase) -> None:
    running, most, runs = [0], [0], [0]
    lock = threading.Lock()

    def work(_run: Run) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        threading.Event().wait(0.02)
        with lock:
            running[0] -= 1
            runs[0] += 1

    job = Job(name="once", every=timedelta(milliseconds=10), run=work)
    with _scheduler(central, job), _scheduler(central, job):
        wait_until(lambda: runs[0] >= 20)
    assert most[0] == 1


def test_a_run_longer_than_its_lease_is_kept_by_the_heartbeat(central: CentralDatabase) -> None:
    starts, go_on = [0], threading.Event()

    def work(_run: Run) -> None:
        starts[0] += 1
        go_on.wait(10)

    job = Job(name="long", every=timedelta(milliseconds=10), run=work, lease=timedelta(seconds=2))
    with _scheduler(central, job), _scheduler(central, job):
        wait_until(lambda: starts[0] == 1)
        with central.superuser() as connection:
            begun = connection.execute("SELECT lease_until FROM job_leases").fetchall()[0][0]
            # Renewed past its first end, twice over.
            wait_until(
                lambda: (
                    connection.execute("SELECT lease_until FROM job_leases").fetchall()[0][0]
                    > begun + timedelta(seconds=3)
                )
            )
        assert starts[0] == 1
        go_on.set()


def test_a_run_past_its_limit_is_left_to_others(central: CentralDatabase) -> None:
    over: list[str] = []

    def stuck(run: Run) -> None:
        try:
            while True:
                threading.Event().wait(0.05)
                run.check()
        except Exception as err:
            over.append(str(err))
            raise

    job = Job(name="stuck", every=timedelta(milliseconds=10), run=stuck, limit=timedelta(seconds=0.3))
    with _scheduler(central, job):
        wait_until(lambda: len(over) >= 2)
        with central.superuser() as connection:
            wait_until(lambda: connection.execute("SELECT failures FROM job_leases").fetchall()[0][0] >= 1)
    assert over[0] == "time"


def test_a_failing_job_is_recorded_and_tried_again_and_stops_no_other(central: CentralDatabase) -> None:
    fine, failing = [0], [0]

    def good(_run: Run) -> None:
        fine[0] += 1

    def bad(_run: Run) -> None:
        failing[0] += 1
        raise ZeroDivisionError

    every = timedelta(milliseconds=20)
    with _scheduler(central, Job(name="good", every=every, run=good), Job(name="bad", every=every, run=bad)):
        wait_until(lambda: fine[0] >= 5 and failing[0] >= 3)
        with central.superuser() as connection:
            row = connection.execute("SELECT last_error, failures FROM job_leases WHERE name = 'bad'").fetchone()
    assert row is not None
    assert row[0] == "ZeroDivisionError"
    assert row[1] >= 2


def test_central_away_stops_the_others_and_not_what_is_safe_twice(central: CentralDatabase) -> None:
    place = central.parameters(roles.SEAL)
    safe, other = [0], [0]

    def count(into: list[int]) -> None:
        into[0] += 1

    every = timedelta(milliseconds=20)
    with proxy_to(place["host"], place["port"]) as proxy:
        database = Database(engine_for({**place, "port": proxy.port}, pool_size=4, max_overflow=0))
        scheduler = Scheduler(
            leases=Leases(database),
            look_seconds=0.05,
            jobs=(
                Job(name="safe", every=every, run=lambda _run: count(safe), safe_twice=True),
                Job(name="other", every=every, run=lambda _run: count(other)),
            ),
        )
        scheduler.start()
        wait_until(lambda: safe[0] >= 3 and other[0] >= 3)
        proxy.close()
        database.dispose()
        wait_until(lambda: _stands_still(other))
        before = safe[0]
        wait_until(lambda: safe[0] >= before + 3)
        assert scheduler.stop(seconds=10)
        database.dispose()


def test_stop_waits_for_what_runs_and_gives_the_lease_back(central: CentralDatabase) -> None:
    started = threading.Event()

    def work(run: Run) -> None:
        started.set()
        while True:
            threading.Event().wait(0.01)
            run.check()

    with _scheduler(central, Job(name="long", every=HOUR, run=work)):
        assert started.wait(10)
    with central.superuser() as connection:
        row = connection.execute("SELECT holder, next_run_at <= now() FROM job_leases").fetchone()
    assert row == (None, True)


@contextmanager
def _scheduler(central: CentralDatabase, *jobs: Job) -> Iterator[Scheduler]:
    scheduler = Scheduler(jobs=jobs, leases=Leases(central.database(roles.SEAL)), look_seconds=0.05)
    scheduler.start()
    try:
        yield scheduler
    finally:
        assert scheduler.stop(seconds=10)


def _stands_still(count: list[int]) -> bool:
    before = count[0]
    return not threading.Event().wait(0.5) and count[0] == before


def _row(leases: Leases) -> JobLease:
    return next(row for row in leases.all() if row.name == "seal")


def test_the_console_sees_the_jobs_and_changes_none(central: CentralDatabase, runners: tuple[Leases, Leases]) -> None:
    with central.connect(roles.CONSOLE) as connection:
        assert connection.execute("SELECT count(*) FROM job_leases").fetchone() == (2,)
    with central.database(roles.SEAL).unit_of_work() as uow:
        assert uow.session.execute(text("SELECT count(*) FROM job_leases")).scalar_one() == 2
