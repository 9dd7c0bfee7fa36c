"""Central away, Redis away, several workers, a hospital in trouble: the backlog drains after, at nobody's cost."""

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from central.router.public import RedisOutages
from central.sync.public import RedisDoorbell, with_doorbell
from kernel.redis_client import HelpfulRedis, connect
from keys.public import LocalKeyring
from sync_worker.runner import Schedule
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.patient_portal import away
from tests.support.proxy import Proxy
from tests.support.sync import (
    CentralServer,
    add_patient,
    add_patients,
    blind_index_of,
    cccd_number,
    central_server,
    fill,
    rows,
    running,
    states,
    worker_on,
)
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

HOUR = 3600.0


@pytest.fixture
def server(central: CentralDatabase, keys: LocalKeyring) -> Iterator[CentralServer]:
    """Central's sync API."""
    blind_index_of(central, keys)
    with central_server(central) as started:
        yield started


def soon() -> float:
    """A chance that makes every wait short, so that a test of long outages is not one."""
    return 0.02


def all_settled(*several: Hospital) -> bool:
    return all(set(states(hospital)) == {"settled"} for hospital in several)


def untouched(hospital: Hospital) -> bool:
    with hospital.superuser() as connection:
        return rows(connection, "SELECT DISTINCT attempts, last_error FROM outbox") == [(0, None)]


def test_while_central_is_away_hospitals_go_on_and_the_backlog_drains_after(
    two_hospitals: tuple[Hospital, Hospital], central: CentralDatabase, keys: LocalKeyring, server: CentralServer
) -> None:
    here, there = two_hospitals
    server.away = True
    with worker_on(central, keys, central_url=server.url, chance=soon) as worker, running(worker):
        add_patients(here, 150)
        add_patients(there, 30, first=500)
        before = server.requests
        wait_until(lambda: server.requests >= before + 8, what="several tries")
        assert states(here).get("settled", 0) == 0
        add_patients(here, 5, first=900)
        server.away = False
        wait_until(lambda: all_settled(here, there), seconds=30)
    assert untouched(here)
    assert untouched(there)
    with central.superuser() as connection:
        assert rows(connection, "SELECT count(*) FROM central_patient_index") == [(185,)]


def test_a_central_that_swallows_everything_is_waited_for_and_not_for_ever(
    hospital: Hospital, central: CentralDatabase, keys: LocalKeyring, server: CentralServer
) -> None:
    place = urlsplit(server.url)
    proxy = Proxy(str(place.hostname), place.port or 0)
    proxy.swallow()
    try:
        with (
            worker_on(
                central, keys, central_url=f"http://127.0.0.1:{proxy.port}", read_seconds=0.3, chance=soon
            ) as worker,
            running(worker),
        ):
            add_patients(hospital, 20)
            wait_until(lambda: proxy.accepted >= 3, what="several tries")
            proxy.forward()
            wait_until(lambda: all_settled(hospital), seconds=30)
    finally:
        proxy.close()
    assert untouched(hospital)


def test_without_redis_the_sweep_finds_everything(
    two_hospitals: tuple[Hospital, Hospital], central: CentralDatabase, keys: LocalKeyring, server: CentralServer
) -> None:
    here, there = two_hospitals
    nowhere = "redis://127.0.0.1:1"
    bell = RedisDoorbell(HelpfulRedis(connect(nowhere)))
    with (
        worker_on(central, keys, central_url=server.url, redis_url=nowhere) as worker,
        running(worker),
        with_doorbell(here.unit_of_work(), bell) as uow,
    ):
        add_patient(uow, cccd=cccd_number(1))
        uow.commit()
        add_patients(there, 3, first=10)
        wait_until(lambda: all_settled(here, there), seconds=20)


def test_the_sweep_says_which_hospitals_do_not_answer(
    two_hospitals: tuple[Hospital, Hospital],
    central: CentralDatabase,
    keys: LocalKeyring,
    server: CentralServer,
    redis_url: str,
    redis: object,
) -> None:
    lost, _well = two_hospitals
    outages = RedisOutages(HelpfulRedis(connect(redis_url)))
    with worker_on(central, keys, central_url=server.url, redis_url=redis_url) as worker, running(worker):
        wait_until(lambda: worker.rounds["sweep"] >= 1, what="the first sweep")
        assert outages.known() == ()
        with away(lost):
            wait_until(lambda: outages.known() == (lost.tenant,), what="the outage")
        wait_until(lambda: outages.known() == (), seconds=30, what="its end")


def test_the_doorbell_wakes_a_worker_that_would_sweep_in_an_hour(
    two_hospitals: tuple[Hospital, Hospital],
    central: CentralDatabase,
    keys: LocalKeyring,
    server: CentralServer,
    redis_url: str,
    redis: object,
) -> None:
    here, there = two_hospitals
    bell = RedisDoorbell(HelpfulRedis(connect(redis_url)))
    idle = Schedule(sweep_seconds=HOUR, changes_seconds=HOUR, hands=2)
    with (
        worker_on(central, keys, central_url=server.url, redis_url=redis_url, schedule=idle) as worker,
        running(worker),
    ):
        # From here on it would not come by itself for an hour.
        wait_until(lambda: worker.rounds["sweep"] and worker.rounds["changes"] and worker.idle())
        add_patients(there, 1, first=50)
        with with_doorbell(here.unit_of_work(), bell) as uow:
            add_patient(uow, cccd=cccd_number(1))
            uow.commit()
        wait_until(lambda: all_settled(here), seconds=30)
        assert states(there) == {"pending": 1}
        bell.ring(there.tenant)
        wait_until(lambda: all_settled(there), seconds=30)


def test_two_workers_share_the_hospitals_and_never_an_event(
    two_hospitals: tuple[Hospital, Hospital], central: CentralDatabase, keys: LocalKeyring, server: CentralServer
) -> None:
    for number, hospital in enumerate(two_hospitals):
        fill(hospital, 1_500, first=number * 10_000)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(running(stack.enter_context(worker_on(central, keys, central_url=server.url))))
        wait_until(lambda: all_settled(*two_hospitals), seconds=60)
    with central.superuser() as connection:
        counted = "SELECT sum((results ->> 'applied')::int), sum((results ->> 'duplicate')::int) FROM sync_history"
        assert rows(connection, counted) == [(3_000, 0)]


def test_one_hospital_that_is_refused_holds_up_no_other(
    two_hospitals: tuple[Hospital, Hospital], central: CentralDatabase, keys: LocalKeyring, server: CentralServer
) -> None:
    here, there = two_hospitals
    with central.superuser() as connection:
        connection.execute("UPDATE sync_keys SET retired_at = now() WHERE tenant_id = %s", (here.tenant,))
    add_patients(here, 20)
    add_patients(there, 20, first=100)
    with worker_on(central, keys, central_url=server.url, chance=soon) as worker, running(worker):
        wait_until(lambda: all_settled(there), seconds=20)
        assert set(states(here)) <= {"pending", "claimed"}
        with central.superuser() as connection:
            connection.execute("UPDATE sync_keys SET retired_at = NULL WHERE tenant_id = %s", (here.tenant,))
        wait_until(lambda: all_settled(here), seconds=20)
    assert untouched(here)


def test_a_poison_event_holds_nobody_up_while_the_worker_runs(
    two_hospitals: tuple[Hospital, Hospital], central: CentralDatabase, keys: LocalKeyring, server: CentralServer
) -> None:
    here, there = two_hospitals
    add_patients(here, 40)
    with here.superuser() as connection:
        server.poison.add(rows(connection, "SELECT id FROM outbox OFFSET 20 LIMIT 1")[0][0])
    with worker_on(central, keys, central_url=server.url, chance=lambda: 0.0) as worker, running(worker):
        add_patients(there, 10, first=100)
        wait_until(lambda: all_settled(there), seconds=20)
        wait_until(lambda: states(here) == {"settled": 39, "dead": 1}, seconds=60)
    with here.superuser() as connection:
        found = rows(connection, "SELECT attempts, jsonb_array_length(history) FROM outbox WHERE state = 'dead'")
    assert found == [(12, 12)]
