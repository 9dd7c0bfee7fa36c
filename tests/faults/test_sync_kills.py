"""Kill the worker at any moment, again and again: nothing is lost, nothing is applied twice."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from keys.public import LocalKeyring
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.sync import (
    CentralServer,
    add_patient,
    blind_index_of,
    cccd_number,
    central_server,
    fill,
    rows,
    states,
)
from tests.support.sync_processes import WorkerProcesses, worker_processes
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

KILLS = 50
BACKLOG = 2_000
# What comes in between two kills: less than what is drained, but never nothing.
REFILL = 150
LEASE_SECONDS = 1


@pytest.fixture
def server(central: CentralDatabase, keys: LocalKeyring) -> Iterator[CentralServer]:
    """Central's sync API."""
    blind_index_of(central, keys)
    with central_server(central) as running:
        yield running


@pytest.fixture
def workers(
    central: CentralDatabase, server: CentralServer, keyring_path: Path, tmp_path: Path
) -> Iterator[WorkerProcesses]:
    """Starts worker processes."""
    with worker_processes(
        central,
        keyring=keyring_path,
        folder=tmp_path,
        central_url=server.url,
        batch=50,
        lease_seconds=LEASE_SECONDS,
    ) as made:
        yield made


def kill(process: psutil.Process) -> bool:
    """SIGKILL; whether it still ran."""
    with suppress(psutil.NoSuchProcess):
        process.kill()
        process.wait(timeout=10)
        return True
    return False


def all_claims(several: tuple[Hospital, Hospital]) -> set[object]:
    """The claims that stand in the hospitals' outboxes, also those of the dead."""
    found: set[object] = set()
    for hospital in several:
        with hospital.superuser() as connection:
            found |= {
                row[0] for row in rows(connection, "SELECT DISTINCT claim_id FROM outbox WHERE claim_id IS NOT NULL")
            }
    return found


def settled(several: tuple[Hospital, Hospital]) -> int:
    """How many events are through."""
    return sum(states(hospital).get("settled", 0) for hospital in several)


def at_work(several: tuple[Hospital, Hospital], seen: set[object], before: int) -> bool:
    """Whether there are claims that were not there, or have been and are settled by now."""
    return bool(all_claims(several) - seen) or settled(several) > before


@pytest.mark.timeout(280)
def test_fifty_kills_at_random_points_lose_nothing_and_apply_nothing_twice(
    two_hospitals: tuple[Hospital, Hospital], central: CentralDatabase, workers: WorkerProcesses
) -> None:
    chance = random.Random(20_26)
    for number, hospital in enumerate(two_hospitals):
        fill(hospital, BACKLOG, first=number * 100_000)
    registered = _Registering(two_hospitals[0], first=500_000)
    registered.start()
    kills = 0
    seen: set[object] = set()
    worker = workers.start()
    try:
        while kills < KILLS:
            # It is at work from its first claim on. From there the moment of the kill is chance: this sleep waits for
            # nothing, it is what is tried here.
            wait_until(partial(at_work, two_hospitals, seen, settled(two_hospitals)), seconds=60, what="a new claim")
            time.sleep(chance.uniform(0.0, 0.2))
            assert kill(worker), workers.log.read_text(encoding="utf-8")[-2000:]
            kills += 1
            seen |= all_claims(two_hospitals)
            fill(two_hospitals[kills % 2], REFILL, first=100_000 * (kills % 2) + BACKLOG + kills * REFILL)
            worker = workers.start()
    finally:
        registered.finish()

    def drained() -> bool:
        return all(set(states(hospital)) == {"settled"} for hospital in two_hospitals)

    wait_until(drained, seconds=120, what="the backlog's end")
    assert kill(worker)
    assert registered.done > 0
    _nothing_lost_nothing_twice(two_hospitals, central)


def _nothing_lost_nothing_twice(both: tuple[Hospital, Hospital], central: CentralDatabase) -> None:
    total = 0
    with central.superuser() as connection:
        for hospital in both:
            with hospital.superuser() as there:
                events = set(rows(there, "SELECT id FROM outbox"))
                patients = set(rows(there, "SELECT id, patient_global_id, global_id_state FROM patients"))
            inbox = rows(connection, "SELECT event_id, result FROM sync_inbox WHERE tenant_id = %s", hospital.tenant)
            assert {(event,) for event, _ in inbox} == events
            assert {result for _, result in inbox} == {"applied"}
            index = rows(
                connection,
                "SELECT patient_local_id, patient_global_id FROM central_patient_index WHERE tenant_id = %s",
                hospital.tenant,
            )
            assert {(*entry, "settled") for entry in index} == patients
            total += len(events)
        # Each batch says in its history how many it applied: together, each event once.
        assert rows(connection, "SELECT sum((results ->> 'applied')::int) FROM sync_history") == [(total,)]
        assert rows(connection, "SELECT count(*) FROM persons") == [(total,)]
        assert rows(connection, "SELECT count(*) FROM sync_dead_letters") == [(0,)]


class _Registering(threading.Thread):
    """Registers patients meanwhile, commits some late, and takes some back."""

    def __init__(self, hospital: Hospital, *, first: int) -> None:
        super().__init__(name="registering")
        self._hospital = hospital
        self._number = first
        self._over = threading.Event()
        self.done = 0

    def run(self) -> None:
        """Until told."""
        while not self._over.wait(0.05):
            with self._hospital.unit_of_work() as late, self._hospital.unit_of_work() as quick:
                add_patient(late, cccd=cccd_number(self._number))
                add_patient(quick, cccd=cccd_number(self._number + 1))
                quick.commit()
                self.done += 1
                self._number += 2
                if self._number % 3:
                    late.commit()
                    self.done += 1

    def finish(self) -> None:
        """Stop and wait."""
        self._over.set()
        self.join()


def test_asked_to_stop_it_settles_what_it_holds_and_leaves_nothing_claimed(
    hospital: Hospital, workers: WorkerProcesses
) -> None:
    fill(hospital, BACKLOG)
    worker = workers.start()
    wait_until(lambda: states(hospital).get("settled", 0) > 100, seconds=30)
    worker.terminate()
    worker.wait(timeout=30)
    left = states(hospital)
    assert set(left) == {"settled", "pending"}
    assert "Traceback" not in workers.log.read_text(encoding="utf-8")
