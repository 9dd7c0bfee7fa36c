"""From a hospital's outbox to central's index: against COPY with sealing between, and against the SQL alone."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.bench import Bench
from benchmarks.harness import Compared, Figure
from benchmarks.index import fill_index
from benchmarks.served import serving
from central import roles
from central.router.public import RedisOutages, RouteReader, TenantRouter
from central.sync.models import SyncHistory
from central.sync.public import Event
from central.sync.rules import keyed
from central.sync.store import Batches, NewEntry
from kernel.clock import utc_now
from kernel.settings import Settings
from keys.public import scopes
from manage.embedded.ports import free_port
from sync_worker.client import CentralClient
from sync_worker.hospital import Pace
from sync_worker.runner import Schedule, Worker
from sync_worker.sealing import Sealer
from tenant_app.sync_public import Claimed, queue
from tests.support.hospitals import Hospital

SETTINGS = Settings()
PACE = Pace(batch=SETTINGS.sync_batch, lease_seconds=SETTINGS.sync_lease_seconds)

FILL_PATIENTS = """
INSERT INTO patients (patient_global_id, full_name, search_key, date_of_birth, gender, phone, status)
SELECT gen_random_uuid(), 'Nguyễn Thị Bệnh Nhân ' || i, 'nguyen thi benh nhan ' || i,
    date '1950-01-01' + (i * 37) %% 25000, CASE i %% 2 WHEN 0 THEN 'female' ELSE 'male' END,
    '09' || lpad(i::text, 8, '0'), 'active'
FROM generate_series(1, %s) AS i
"""
FILL_OUTBOX = """
INSERT INTO outbox (aggregate_type, aggregate_id, event_type, epoch, n, payload)
SELECT 'patient', p.id, 'patient.registered', s.epoch, 1, jsonb_build_object(
    'patient_global_id', p.patient_global_id, 'status', p.status,
    'metadata', jsonb_build_object('full_name', p.full_name, 'date_of_birth', p.date_of_birth, 'gender', p.gender,
        'phone', p.phone, 'email', p.email),
    'identifiers', jsonb_build_array(jsonb_build_object('system', 'cccd', 'value',
        lpad((%s * 1000000 + row_number() OVER ())::text, 12, '0'))))
FROM (SELECT * FROM patients ORDER BY id DESC LIMIT %s) AS p, hospital_sync AS s
"""


def run(bench: Bench) -> Iterator[Figure]:
    """Draining an outbox, both ways of judging it; then looking into hospitals that have nothing."""
    ground = bench.ground
    port = free_port()
    environment = ground.environment("central", port=port, in_central=(roles.CONSOLE, roles.INGEST, roles.PROVISIONER))
    with ExitStack() as stack:
        bench.report("starting central")
        stack.enter_context(serving("central", environment, port=port, log=ground.folder / "central.log"))
        router = stack.enter_context(ground.router(purpose="sync"))
        reader = RouteReader(ground.central.parameters(roles.ROUTE))
        stack.callback(reader.close)
        sealer = Sealer(keychain=ground.keychain, keys=reader, blind_index=ground.blind_index)

        def worker(hospitals: list[Hospital]) -> Worker:
            return Worker(
                hospitals=router,
                client=CentralClient(base_url=f"http://127.0.0.1:{port}"),
                sealer=sealer,
                keychain=ground.keychain,
                bell=None,
                outages=RedisOutages(None),
                pace=PACE,
                schedule=Schedule(),
                only=frozenset(hospital.tenant for hospital in hospitals),
            )

        fresh = enumerate(ground.fleet.hospitals)
        drained = _drained(bench, fresh, router, sealer, worker, rounds=bench.scale.sync_rounds)
        yield Compared(drained.ours, drained.copied).figure("sync.of_copy", bar=0.05, unit="1/s", better="higher")
        yield Compared(drained.ours, drained.alone).figure("sync.of_sql", bar=0.4, unit="1/s", better="higher")
        yield _sweep(bench, worker(ground.fleet.hospitals), ground.fleet.hospitals)
        # The bare copy goes into an empty table all the same: this is what the size of the index costs.
        fill_index(ground)
        drained = _drained(bench, fresh, router, sealer, worker, rounds=min(3, bench.scale.sync_rounds))
        large = Compared(drained.ours, drained.copied)
        yield large.figure("sync.of_copy_in_large_index", bar=None, unit="1/s", better="higher")


@dataclass
class _Drained:
    """Rows in a second, round by round: the worker's, the bare copy's, the statements' alone."""

    ours: list[float] = field(default_factory=list)
    copied: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)


def _drained(
    bench: Bench,
    fresh: Iterator[tuple[int, Hospital]],
    router: TenantRouter,
    sealer: Sealer,
    worker: Any,
    *,
    rounds: int,
) -> _Drained:
    """Drain outboxes of hospitals that nothing was drained from before, which are taken from `fresh`."""
    rows, drained, used = bench.scale.outbox_rows, _Drained(), []

    def filled(count: int) -> Hospital:
        number, hospital = next(fresh)
        _fill(bench, hospital, rows=count, number=number)
        used.append(hospital)
        return hospital

    warm = filled(PACE.batch)
    _end_to_end(worker([warm]), warm)
    for number in range(1, rounds + 1):
        bench.report(f"outbox: round {number} of {rounds}, filling two hospitals")
        one, other = filled(rows), filled(rows)
        bench.report(f"outbox: round {number} of {rounds}")
        drained.copied.append(rows / _copied(bench, other))
        sealed, dek = _sealed(bench, sealer, other)
        for side in ("ours", "alone") if number % 2 else ("alone", "ours"):
            if side == "ours":
                drained.ours.append(rows / _end_to_end(worker([one]), one))
            else:
                drained.alone.append(rows / _sql_alone(bench, router, other, sealed, dek))
    # What is left to tidy is done now, and not by autovacuum in the middle of another figure.
    for superuser in (bench.ground.central.superuser, *(hospital.superuser for hospital in used)):
        with superuser() as connection:
            connection.execute("VACUUM ANALYZE")
    return drained


def _fill(bench: Bench, hospital: Hospital, *, rows: int, number: int) -> None:
    """Patients with an event each, every CCCD only once in the run; then nothing is left for later to write."""
    with hospital.superuser() as connection:
        connection.execute(FILL_PATIENTS, (rows,))
        connection.execute(FILL_OUTBOX, (number, rows))
        connection.execute("VACUUM ANALYZE")
    with bench.ground.administrator() as connection:
        connection.execute("CHECKPOINT")


def _end_to_end(worker: Worker, hospital: Hospital) -> float:
    """Seconds until the worker has settled everything with central; nothing may be left or dead."""
    with hospital.superuser() as connection:
        left = connection.cursor()
        started = time.perf_counter()
        while True:
            worker.run_once()
            found = left.execute(
                "SELECT count(*) FILTER (WHERE state IN ('pending', 'claimed')),"
                " count(*) FILTER (WHERE state NOT IN ('pending', 'claimed', 'settled')) FROM outbox"
            ).fetchone()
            if found == (0, 0):
                return time.perf_counter() - started
            if found is None or found[1] or time.perf_counter() - started > 120:
                raise RuntimeError(f"pending and dead after a turn: {found}")


def _copied(bench: Bench, hospital: Hospital) -> float:
    """COPY out, AES-256-GCM under one key, COPY into a table with a primary key."""
    aead = AESGCM(AESGCM.generate_key(256))
    with hospital.superuser() as source, bench.ground.central.superuser() as target:
        target.execute("DROP TABLE IF EXISTS bare_index")
        target.execute("CREATE TABLE bare_index (patient uuid PRIMARY KEY, epoch int, n bigint, sealed bytea)")
        started = time.perf_counter()
        with (
            source.cursor() as reading,
            target.cursor() as writing,
            reading.copy("COPY (SELECT aggregate_id, epoch, n, payload FROM outbox) TO STDOUT") as out,
            writing.copy("COPY bare_index (patient, epoch, n, sealed) FROM STDIN") as into,
        ):
            for patient, epoch, n, payload in out.rows():
                nonce = os.urandom(12)
                into.write_row((patient, epoch, n, nonce + aead.encrypt(nonce, payload.encode(), patient.encode())))
        seconds = time.perf_counter() - started
        target.execute("DROP TABLE bare_index")
    return seconds


def _sealed(bench: Bench, sealer: Sealer, hospital: Hospital) -> tuple[dict[UUID, Event], UUID]:
    """The events as they would be pushed, ready before the clock starts: they are not SQL."""
    with hospital.superuser() as connection:
        found = connection.execute(
            "SELECT id, aggregate_type, aggregate_id, event_type, epoch, n, payload::text, attempts, created_at"
            " FROM outbox WHERE state = 'pending'"
        ).fetchall()
    sealed = sealer.seal(hospital.tenant, [Claimed._make(row) for row in found])
    key = bench.ground.keychain.current(_store(bench), tenant=hospital.tenant, scope=scopes.INDEX)
    assert sealed.dek_id == key.dek_id
    return {event.id: event for event in sealed.events}, sealed.dek_id


def _store(bench: Bench) -> RouteReader:
    return RouteReader(bench.ground.central.parameters(roles.ROUTE))


def _sql_alone(bench: Bench, router: TenantRouter, hospital: Hospital, sealed: dict[UUID, Event], dek: UUID) -> float:
    """Claim, the statements of the ingest, settle, batch after batch: no HTTP, no token, no validation, no decision."""
    tenant, ingest = hospital.tenant, bench.ground.central.database(roles.INGEST)
    started = time.perf_counter()
    while True:
        claim_id = uuid4()
        with router.unit_of_work(tenant) as uow:
            claimed = queue.claim(uow=uow, claim_id=claim_id, limit=PACE.batch, lease_seconds=PACE.lease_seconds)
            uow.commit()
        if not claimed:
            return time.perf_counter() - started
        events = [sealed[row.id] for row in claimed]
        with ingest.unit_of_work() as uow:
            now = utc_now()
            settled = _ingested(Batches(uow, tenant), events, dek)
            uow.session.add(
                SyncHistory(
                    tenant_id=tenant,
                    sync_type="push",
                    status="success",
                    records_count=len(events),
                    results={"applied": len(events)},
                    start_time=now,
                    end_time=now,
                )
            )
            uow.commit()
        with router.unit_of_work(tenant) as uow:
            queue.settle(uow=uow, claim_id=claim_id, settled=settled)
            uow.commit()


def _ingested(store: Batches, events: list[Event], dek: UUID) -> list[tuple[UUID, UUID | None]]:
    """The statements that central.sync.ingest sends for patients whom nobody knew, in its order."""
    states = [event.patient for event in events if event.patient is not None]
    patients = [event.aggregate_id for event in events]
    persons = [state.patient_global_id for state in states]
    identifiers = [(state.patient_global_id, item) for state in states for item in state.identifiers]
    store.take_turn(utc_now())
    store.present(patients)
    store.tombstones(patients)
    store.epoch()
    store.seals_with(dek)
    store.remember([event.id for event in events], ["applied"] * len(events))
    store.persons_of({item.key for state in states for item in keyed(state.identifiers)})
    store.existing_persons(persons)
    assert store.attach(identifiers, dek)
    assert store.add_persons(persons)
    store.put([NewEntry(event, person) for event, person in zip(events, persons, strict=True)], dek)
    return [(event.id, person) for event, person in zip(events, persons, strict=True)]


def _sweep(bench: Bench, worker: Worker, hospitals: list[Hospital]) -> Figure:
    """One look into every hospital, more of them than connections; beside it one connection to each."""
    bench.report("sweep")
    parameters = [hospital.parameters("sync") for hospital in hospitals]

    def ours() -> float:
        started = time.perf_counter()
        # The daemon's own step; as a whole it would sleep between two of them.
        worker._sweep()
        return time.perf_counter() - started

    def bare() -> float:
        started = time.perf_counter()
        for each in parameters:
            psycopg.connect(**each).close()
        return time.perf_counter() - started

    ours()
    return bench.compare("sweep", ours, bare).figure("sync.sweep", bar=2.0, unit="ms")
