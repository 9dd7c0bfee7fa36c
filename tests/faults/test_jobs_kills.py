"""Jobs processes are killed again and again while hospitals write: every row ends in exactly one seal."""

import random
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jobs.sealing.public import head_files, noted_heads
from keys.public import LocalKeyring
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.jobs import JobsRunners
from tests.support.sealing import verified, write_rows
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

KILLS = 24


@pytest.fixture
def runners(central: CentralDatabase, keys: LocalKeyring, keyring_path: Path, tmp_path: Path) -> Iterator[JobsRunners]:
    several = JobsRunners(central=central, folder=tmp_path, keyring=keyring_path)
    yield several
    several.close()


def test_sealers_killed_at_random_points_lose_no_row_and_seal_none_twice(
    runners: JobsRunners, two_hospitals: tuple[Hospital, Hospital]
) -> None:
    chance = random.Random(20261121)
    stop = threading.Event()

    def write(hospital: Hospital, seed: int) -> None:
        mine = random.Random(seed)
        with hospital.connect(autocommit=False) as connection:
            while not stop.is_set():
                write_rows(connection, mine.randrange(1, 6))
                stop.wait(mine.random() * 0.05)
                if mine.random() < 0.2:
                    connection.rollback()
                else:
                    connection.commit()

    writers = [threading.Thread(target=write, args=(hospital, seed)) for seed in range(2) for hospital in two_hospitals]
    for thread in writers:
        thread.start()
    alive = [runners.start() for _ in range(2)]
    wait_until(lambda: runners.log.count("audit.sealed") >= 2, seconds=60)
    for _ in range(KILLS):
        victim = chance.choice(alive)
        # Where in its work it is hit differs from kill to kill.
        threading.Event().wait(chance.random() * 0.8)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        alive[alive.index(victim)] = runners.start()
    stop.set()
    for thread in writers:
        thread.join()
    heads = list(noted_heads(head_files(runners.folder / "data")))
    for hospital in two_hospitals:
        with hospital.superuser() as connection:
            written = _one(connection, "SELECT count(*) FROM audit_logs")
            wait_until(
                lambda: _one(connection, "SELECT coalesce(sum(row_count), 0) FROM audit_seals") >= written,  # noqa: B023 - waited for here.
                seconds=60,
                what=f"all of {written} rows sealed",
            )
        found = verified(hospital, heads=heads)
        assert found.broken is None, found
        assert (found.rows, found.unsealed) == (written, 0)
    for process in alive:
        # The last one started may still be importing; asked to drain it can be once it listens.
        wait_until(partial(_listens, process.pid, signal.SIGTERM), seconds=30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def _listens(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal (SigCgt of proc_pid_status(5))."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) & 1 << (number - 1))


def test_a_killed_runner_is_followed_within_its_lease(
    runners: JobsRunners, central: CentralDatabase, hospital: Hospital
) -> None:
    first = runners.start()
    wait_until(lambda: "jobs.started" in runners.log, seconds=60)
    with central.superuser() as connection:
        wait_until(lambda: _one(connection, "SELECT count(*) FROM job_leases WHERE succeeded_at IS NOT NULL") == 8)
        # It dies holding the lease, as if in the middle of a run that began this moment.
        first.send_signal(signal.SIGSTOP)
        connection.execute(
            "UPDATE job_leases SET holder = uuidv7(), fence = fence + 1, lease_until = now() + interval '6 s'"
            " WHERE name = 'audit.seal_hospitals'"
        )
        first.send_signal(signal.SIGKILL)
        first.wait()
        with hospital.connect() as writer:
            write_rows(writer, 3)
        runners.start()
        wait_until(lambda: verified(hospital).rows == 3, seconds=30)


def _one(connection: psycopg.Connection[Any], statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
