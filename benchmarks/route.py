"""From a token or a CCCD to the hospital, and a routed read."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from benchmarks.bench import Bench
from benchmarks.ground import SEED, drawn, fill_patients, zipf
from benchmarks.harness import Figure
from benchmarks.index import cccd_numbers, fill_index
from central import roles
from central.router.public import TenantRouter
from kernel.ids import TenantId
from tenant_app.patients.models import Patient

WARM_PEOPLE = 2_000
READ_PATIENTS = 2_000
# What route_person asks, as one would ask it without the function.
FIND_PERSON = (
    "SELECT p.id, p.version,"
    " ARRAY(SELECT DISTINCT e.tenant_id FROM central_patient_index e WHERE e.patient_global_id = p.id)"
    " FROM person_identifiers i JOIN persons p ON p.id = i.person_id"
    " WHERE i.system = %s AND i.key_version = %s AND i.digest = %s"
)


def run(bench: Bench) -> Iterator[Figure]:
    """The four figures of the route."""
    fill_index(bench.ground)
    with bench.ground.router() as router, bench.ground.redis() as redis:
        yield _warm_token(bench, router, redis)
        yield _warm_cccd(bench, router, redis)
        yield _orm_read(bench, router)
        yield _cold_cccd(bench, router, redis)


def _each(items: list[Any], call: Callable[[Any], object]) -> float:
    """Seconds a call takes, over all items."""
    started = time.perf_counter()
    for item in items:
        call(item)
    return (time.perf_counter() - started) / len(items)


def _lasting(redis: Redis, keys: list[str]) -> list[str]:
    """Keys under which the same values stand for as long as the run: a GET that finds nothing is a cheaper one."""
    for key in keys:
        value = redis.get(key)
        assert isinstance(value, bytes)
        redis.set(f"bare:{key}", value)
    return [f"bare:{key}" for key in keys]


def _warm_token(bench: Bench, router: TenantRouter, redis: Redis) -> Figure:
    """The claim of a verified token, as text, to the route; beside it a GET of the same route's key."""
    scale, source = bench.scale, random.Random(SEED)
    tenants = [str(hospital.tenant) for hospital in bench.ground.fleet.hospitals]
    calls = [tenants[rank] for rank in drawn(source, zipf(len(tenants)), calls=scale.warm_calls)]
    for tenant in tenants:
        router.route(TenantId.parse(tenant))
    keys = _lasting(redis, [f"sokham:route:app:t:{tenant}:s" for tenant in tenants])
    gets = source.choices(keys, k=scale.warm_calls // 10)
    found = bench.compare(
        "warm token",
        lambda: _each(calls, lambda tenant: router.route(TenantId.parse(tenant))),
        lambda: _each(gets, redis.get),
    )
    return found.figure("route.warm_token", bar=0.1, unit="µs")


def _warm_cccd(bench: Bench, router: TenantRouter, redis: Redis) -> Figure:
    """A number that was asked for a moment ago: HMAC and the process's own cache."""
    scale, source = bench.scale, random.Random(SEED + 1)
    people = cccd_numbers(WARM_PEOPLE)
    calls = source.choices(people, k=scale.warm_calls)
    digest = bench.ground.blind_index.digest

    def ours() -> float:
        for number in people:
            # A moment ago is less than five seconds.
            router.hospitals_of("cccd", number)
        return _each(calls, lambda number: router.hospitals_of("cccd", number))

    ours()
    keys = _lasting(redis, [f"sokham:person:cccd:1:{digest('cccd', number).value.hex()}:s" for number in people])
    gets = source.choices(keys, k=scale.warm_calls // 10)
    found = bench.compare("warm CCCD", ours, lambda: _each(gets, redis.get))
    return found.figure("route.warm_cccd", bar=0.1, unit="µs")


def _orm_read(bench: Bench, router: TenantRouter) -> Figure:
    """A patient by primary key in a transaction, through the router and through one engine."""
    hospital = bench.ground.fleet.hospitals[0]
    patients = fill_patients(bench.ground, hospital, count=READ_PATIENTS)
    calls = random.Random(SEED + 2).choices(patients, k=bench.scale.orm_reads)
    engine = create_engine(
        "postgresql+psycopg://", connect_args=hospital.parameters("app"), pool_size=5, max_overflow=5, pool_timeout=5
    )

    def routed(patient: Any) -> object:
        with router.unit_of_work(hospital.tenant) as uow:
            return uow.session.get(Patient, patient)

    def fixed(patient: Any) -> object:
        with Session(engine, expire_on_commit=False) as session:
            return session.get(Patient, patient)

    try:
        for call in (routed, fixed):
            _each(calls[:100], call)
        found = bench.compare("ORM read", lambda: _each(calls, routed), lambda: _each(calls, fixed))
    finally:
        engine.dispose()
    return found.figure("route.orm_read", bar=1.2, unit="µs")


def _cold_cccd(bench: Bench, router: TenantRouter, redis: Redis) -> Figure:
    """A number that no layer knows, each time another one, on both sides."""
    scale = bench.scale
    numbers = cccd_numbers(scale.index_persons)[WARM_PEOPLE:]
    random.Random(SEED + 3).shuffle(numbers)
    fresh = iter(numbers)
    blind_index = bench.ground.blind_index
    with psycopg.connect(**bench.ground.central.parameters(roles.CONSOLE), autocommit=True) as connection:
        cursor = connection.cursor()

        def bare(digest: bytes) -> None:
            key = f"bare:{digest.hex()}"
            if redis.get(key) is None:
                row = cursor.execute(FIND_PERSON, ("cccd", 1, digest), prepare=True).fetchone()
                assert row is not None
                redis.set(key, f"{row[1]}|{row[0]}{row[2]}", ex=5)

        def ours(number: str) -> None:
            assert router.hospitals_of("cccd", number)

        def take() -> list[str]:
            return [next(fresh) for _ in range(scale.cold_lookups)]

        for number in take():
            ours(number)
        found = bench.compare(
            "cold CCCD",
            lambda: _each(take(), ours),
            lambda: _each([blind_index.digest("cccd", number).value for number in take()], bare),
        )
    return found.figure("route.cold_cccd", bar=1.6, unit="µs")
