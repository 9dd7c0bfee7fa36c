"""Many hospitals, few connections; then one hospital behind a network that swallows everything."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from benchmarks.bare_lru import BareLru
from benchmarks.bench import Bench
from benchmarks.ground import SEED, drawn, fill_patients, zipf
from benchmarks.harness import Compared, Figure, percentile
from benchmarks.wall import Wall, wall_before
from central.router.public import HospitalBusy, HospitalUnavailable, RouterLimits, TenantRouter
from kernel.ids import TenantId
from tenant_app.patients.models import Patient

THREADS = 16
BUDGET = 50
WALL_THREADS = 64
WALL_BUDGET = 12
SAMPLE_SECONDS = 0.02
APPLICATION = "sokham-app"

Call = tuple[TenantId, UUID]
# The same columns by both ways; the router's goes through SQLAlchemy, as every query of the product does.
BARE_SELECT = "SELECT full_name, date_of_birth FROM patients WHERE id = %s"
ROUTED_SELECT = select(Patient.full_name, Patient.date_of_birth)


def run(bench: Bench) -> Iterator[Figure]:
    """Traffic within the budget, then with a hospital that is black-holed."""
    fleet = bench.ground.fleet
    for number, hospital in enumerate(fleet.hospitals):
        if hospital.tenant not in fleet.patients:
            fill_patients(bench.ground, hospital, count=bench.scale.patients_of_each)
        if number % 25 == 0:
            bench.report(f"patients for hospital {number + 1}")
    yield from _traffic(bench)
    yield from _black_hole(bench)


def _traffic(bench: Bench) -> Iterator[Figure]:
    fleet, scale, source = bench.ground.fleet, bench.scale, random.Random(SEED + 20)
    parameters = {hospital.tenant: hospital.parameters("app") for hospital in fleet.hospitals}
    order = source.sample(fleet.hospitals, len(fleet.hospitals))
    sums = zipf(len(order))

    def calls() -> list[list[Call]]:
        ranks = (drawn(source, sums, calls=scale.traffic_calls) for _ in range(THREADS))
        return [
            [(order[rank].tenant, source.choice(fleet.patients[order[rank].tenant])) for rank in each] for each in ranks
        ]

    def known(key: Hashable) -> Mapping[str, Any]:
        # The product's own parameters, under another name, so that the two are told apart at the server.
        return {**parameters[key], "application_name": "bare-lru"}  # type: ignore[index]  # the keys are tenants

    lru = BareLru(limit=BUDGET, parameters=known)

    def bare(call: Call) -> object:
        connection = lru.take(call[0])
        try:
            return connection.execute(BARE_SELECT, (call[1],)).fetchone()
        finally:
            connection.rollback()
            lru.give_back(call[0], connection)

    limits = RouterLimits(budget=BUDGET)
    tails: tuple[list[float], list[float]] = ([], [])
    try:
        with bench.ground.router(limits=limits) as router, _sampled(bench) as most:

            def ours(call: Call) -> object:
                with router.unit_of_work(call[0]) as uow:
                    return uow.session.execute(ROUTED_SELECT.where(Patient.id == call[1])).one()

            traffic: list[list[list[Call]]] = []

            def side(one: Callable[[Call], object], tail: list[float]) -> Callable[[], float]:
                turns = iter(range(scale.rounds + 1))

                def take() -> float:
                    number = next(turns)
                    while len(traffic) <= number:
                        traffic.append(calls())
                    times = _in_threads(traffic[number], one)
                    tail.append(percentile(times, 0.99))
                    return sum(times) / len(times)

                return take

            sides = (side(ours, tails[0]), side(bare, tails[1]))
            bench.report("traffic: filling both")
            for take in sides:
                take()
            for tail in tails:
                tail.clear()
            means = bench.compare("traffic", *sides)
    finally:
        lru.close()
    yield means.figure("connections.mean", bar=1.8, unit="ms")
    yield Compared(*tails).figure("connections.p99", bar=1.8, unit="ms")
    yield Figure(name="connections.open", value=most(), unit="count", bar=BUDGET)


def _in_threads(calls: list[list[Call]], one: Callable[[Call], object]) -> list[float]:
    """Each list in a thread of its own; the seconds that each call took."""
    found: list[list[float]] = [[] for _ in calls]
    errors: list[BaseException] = []
    ready = threading.Barrier(len(calls))

    def work(place: int) -> None:
        ready.wait()
        try:
            for call in calls[place]:
                started = time.perf_counter()
                one(call)
                found[place].append(time.perf_counter() - started)
        except Exception as err:  # noqa: BLE001 - whatever it was, the main thread raises it.
            errors.append(err)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [seconds for each in found for seconds in each]


@contextmanager
def _sampled(bench: Bench) -> Iterator[Callable[[], int]]:
    """Counts the router's connections at the server all the while; gives the most that there were."""
    most, stop = [0], threading.Event()

    def watch(connection: psycopg.Connection[Any]) -> None:
        while not stop.wait(SAMPLE_SECONDS):
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", (APPLICATION,)
            ).fetchone()
            assert row is not None
            most[0] = max(most[0], row[0])

    with bench.ground.administrator() as connection:
        thread = threading.Thread(target=watch, args=(connection,))
        thread.start()
        try:
            yield lambda: most[0]
        finally:
            stop.set()
            thread.join()


@dataclass
class _Others:
    """What the hospitals that are well felt, and what went wrong where."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    behind: Counter[str] = field(default_factory=Counter)


def _black_hole(bench: Bench) -> Iterator[Figure]:
    ground = bench.ground
    postgres = ground.servers.postgres
    with wall_before(postgres.host, postgres.port) as wall, _sampled(bench) as most:
        lost = ground.maker.make(name="Bệnh viện sau tường", server=ground.server_behind(wall.port))
        fill_patients(ground, lost, count=bench.scale.patients_of_each)
        foreign: Counter[str] = Counter()
        behind: Counter[str] = Counter()

        def side(*, swallowed: bool) -> Callable[[], float]:
            def take() -> float:
                felt = _under_siege(bench, wall, lost.tenant, swallowed=swallowed)
                if swallowed:
                    foreign.update(felt.errors)
                    behind.update(felt.behind)
                elif felt.errors or felt.behind:
                    raise RuntimeError(f"errors without a black hole: {felt.errors + felt.behind}")
                return percentile(felt.seconds, 0.99)

            return take

        tails = bench.compare(
            "black hole", side(swallowed=True), side(swallowed=False), rounds=min(5, bench.scale.rounds)
        )
    yield tails.figure("connections.black_hole_p99", bar=2.0, unit="ms")
    yield Figure(
        name="connections.black_hole_errors_elsewhere",
        value=foreign.total(),
        unit="count",
        bar=0,
        ours=_listed(foreign),
        bare=f"its own: {_listed(behind)}",
    )
    yield Figure(name="connections.black_hole_open", value=most(), unit="count", bar=WALL_BUDGET)


def _under_siege(bench: Bench, wall: Wall, lost: TenantId, *, swallowed: bool) -> _Others:
    """Many threads on all hospitals, the lost one the most popular, for a while; production's own time-outs."""
    fleet, felt, stop = bench.ground.fleet, _Others(), threading.Event()
    order = [lost, *(hospital.tenant for hospital in fleet.hospitals[1:])]
    sums = zipf(len(order))
    with bench.ground.router(limits=RouterLimits(budget=WALL_BUDGET)) as router:
        router.route(lost)
        threads = [
            threading.Thread(
                target=_besiege,
                args=(router, _calls(random.Random(SEED + number), order, sums, fleet.patients), lost, felt, stop),
            )
            for number in range(WALL_THREADS)
        ]
        for thread in threads:
            thread.start()
        stop.wait(1.0)
        # What came before was the warming up.
        felt.seconds.clear()
        if swallowed:
            wall.swallow()
        stop.wait(bench.scale.wall_seconds)
        # Calls that wait for the lost hospital would wait on for 20 s; what they end with now is not counted.
        seconds, errors, behind = list(felt.seconds), felt.errors.copy(), felt.behind.copy()
        stop.set()
        wall.forward()
        wall.cut()
        for thread in threads:
            thread.join()
    return _Others(seconds, errors, behind)


def _calls(
    source: random.Random, order: list[TenantId], sums: list[float], patients: dict[UUID, list[UUID]]
) -> Iterator[Call]:
    while True:
        for rank in drawn(source, sums, calls=100):
            yield order[rank], source.choice(patients[order[rank]])


def _besiege(router: TenantRouter, calls: Iterator[Call], lost: TenantId, felt: _Others, stop: threading.Event) -> None:
    for tenant, patient in calls:
        if stop.is_set():
            return
        started = time.perf_counter()
        try:
            with router.unit_of_work(tenant) as uow:
                uow.session.execute(ROUTED_SELECT.where(Patient.id == patient)).one()
        except (HospitalUnavailable, HospitalBusy, OperationalError) as err:
            # All three are answered with 503 (kernel.web.problems).
            (felt.behind if tenant == lost else felt.errors)[type(err).__name__] += 1
            if tenant == lost and isinstance(err, HospitalUnavailable) and err.retry_after:
                # A client that was refused at once and asked again at once would measure only itself.
                stop.wait(0.05)
        except Exception as err:  # noqa: BLE001 - anything else is an error that must not be, and is counted.
            felt.errors[type(err).__name__] += 1
        else:
            if tenant != lost:
                felt.seconds.append(time.perf_counter() - started)


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counted.items())) or "none"
