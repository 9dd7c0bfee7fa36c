"""The sync as it runs: central's API over HTTP, a worker in this process, and hospitals whose outbox is written to."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask, Response, abort, request
from werkzeug.serving import WSGIRequestHandler, make_server

import central
from central import roles
from central.patient_index.blind_index_keys import ensure_blind_index_key
from central.patient_index.public import Identifier, parse_identifier
from central.router.public import RedisOutages, RouteReader, RouterLimits
from central.sync.api import blueprint
from central.sync.public import (
    RedisBellListener,
    RedisDoorbell,
    SyncBus,
    WithWorkers,
    WorkerGate,
)
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Unauthenticated
from kernel.ids import new_row_id
from kernel.redis_client import HelpfulRedis, connect
from kernel.settings import Settings
from kernel.web import api
from kernel.web.access import Access
from kernel.web.actor import Actor
from kernel.web.app import Portal, base_app, finish
from kernel.web.collaborators import hold_unit_of_work, provide
from keys.public import BlindIndex, Keychain, LocalKeyring, load_blind_index
from sync_worker.client import CentralClient
from sync_worker.hospital import Pace
from sync_worker.runner import Schedule, Worker
from sync_worker.sealing import Sealer
from tenant_app.outbox.public import PATIENT, patient_payload, publish
from tenant_app.patients.models import Patient
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.routers import router_on

ADMINISTRATOR_TOKEN = "an-administrator"


@dataclass(kw_only=True)
class OneAdministrator:
    """Stands for the administrators' gate, which has tests of its own: one token, one administrator."""

    central: CentralDatabase
    id: UUID = field(default_factory=new_row_id)
    permissions: frozenset[str] = frozenset({"sync.dead_letters", "patient_index.lookup"})

    def admit(self, access: Access) -> Actor:  # noqa: ARG002 - the port's.
        """The administrator, in the console's transaction."""
        if request.headers.get("Authorization") != f"Bearer {ADMINISTRATOR_TOKEN}":
            raise Unauthenticated
        hold_unit_of_work(self.central.database(roles.CONSOLE).unit_of_work())
        return Actor(
            kind="admin",
            id=self.id,
            session_id=new_row_id(),
            name="Quản trị",
            role="super_admin",
            permissions=self.permissions,
        )


@dataclass(kw_only=True)
class CentralServer:
    """Central's sync API on loopback.

    `away` makes it answer 503 to everything, `crashing` 500; `poison` are events that it crashes on; at `meeting` each
    batch waits for the others.
    """

    url: str
    app: Flask
    away: bool = False
    crashing: bool = False
    poison: set[UUID] = field(default_factory=set)
    meeting: threading.Barrier | None = None
    requests: int = 0

    def misbehave(self) -> Response | None:
        """What stands before the real views."""
        self.requests += 1
        if self.away:
            abort(503)
        if self.crashing:
            abort(500)
        if self.poison and request.method == "POST":
            events = json.loads(request.get_data(cache=True)).get("events", ())
            if any(UUID(event["id"]) in self.poison for event in events):
                abort(500)
        if self.meeting is not None and request.method == "POST":
            self.meeting.wait()
        return None


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *arguments: object) -> None:
        """Nothing: what matters is in the app's own log."""


@contextmanager
def central_server(
    central_database: CentralDatabase, *, redis_url: str | None = None, **more: Any
) -> Iterator[CentralServer]:
    """Central's sync over HTTP until the end of the block; `more` are collaborators by any name."""
    portal = Portal(name="central", title="Sokham", package=Path(central.__file__).parent)
    app = base_app(portal, Settings(cookie_secret="for tests only", process="central"))
    smorest = api.install(app, title="Sokham")
    smorest.register_blueprint(blueprint)
    for another in more.pop("blueprints", ()):
        smorest.register_blueprint(another)
    redis = HelpfulRedis(connect(redis_url)) if redis_url else None
    gone = HelpfulRedis(connect("redis://127.0.0.1:1"))
    provide(app, SyncBus(redis), RedisDoorbell(redis or gone), *more.values())
    gate = WithWorkers(
        people=OneAdministrator(central=central_database),
        workers=WorkerGate(database=central_database.database(roles.INGEST)),
    )
    server = CentralServer(url="", app=app)
    app.before_request(server.misbehave)
    finish(app, gatekeeper=gate)
    http = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def blind_index_of(central_database: CentralDatabase, keys: LocalKeyring) -> BlindIndex:
    """Central's blind index; its key is made where there is none."""
    # The owner stands for the set-up of an installation, which makes this key.
    with central_database.database(roles.OWNER).unit_of_work() as uow:
        ensure_blind_index_key(uow=uow, provider=keys)
        uow.commit()
    reader = RouteReader(central_database.parameters(roles.ROUTE))
    try:
        return load_blind_index(keys, reader.blind_index_keys())
    finally:
        reader.close()


@contextmanager
def worker_on(
    central_database: CentralDatabase,
    keys: LocalKeyring,
    *,
    central_url: str,
    redis_url: str | None = None,
    pace: Pace | None = None,
    schedule: Schedule | None = None,
    read_seconds: float = 10,
    **more: Any,
) -> Iterator[Worker]:
    """A worker of its own: its router, its keychain, its connections."""
    keychain = Keychain(keys)
    with ExitStack() as stack:
        limits = RouterLimits(budget=12, wait_seconds=2)
        router = stack.enter_context(router_on(central_database, keychain, purpose="sync", limits=limits))
        reader = RouteReader(central_database.parameters(roles.ROUTE))
        stack.callback(reader.close)
        bell = RedisBellListener(HelpfulRedis(connect(redis_url, answer_seconds=5))) if redis_url else None
        outages = RedisOutages(HelpfulRedis(connect(redis_url)) if redis_url else None)
        yield Worker(
            hospitals=router,
            client=CentralClient(base_url=central_url, connect_seconds=1, read_seconds=read_seconds),
            sealer=Sealer(keychain=keychain, keys=reader, blind_index=blind_index_of(central_database, keys)),
            keychain=keychain,
            bell=bell,
            outages=outages,
            pace=pace or Pace(batch=100, lease_seconds=5),
            schedule=schedule or Schedule(sweep_seconds=0.1, changes_seconds=0.2, hands=2),
            **more,
        )


@contextmanager
def running(worker: Worker) -> Iterator[threading.Thread]:
    """The worker at work in a thread, until the end of the block."""
    thread = threading.Thread(target=worker.run, name="worker")
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join()


def cccd_number(number: int) -> str:
    """A CCCD of a man born in Hồ Chí Minh City in 1990, one for each number below a million."""
    return f"079090{number:06d}"


def add_patient(uow: UnitOfWork, *, cccd: str | None = None, name: str = "Nguyễn Văn An") -> Patient:
    """A patient of the hospital, and the event that tells central."""
    patient = Patient(
        id=new_row_id(),
        patient_global_id=uuid4(),
        full_name=name,
        date_of_birth=date(1990, 2, 3),
        gender="male",
        version=1,
    )
    uow.session.add(patient)
    uow.flush()
    publish_patient(uow, patient, cccd=cccd)
    return patient


def publish_patient(
    uow: UnitOfWork,
    patient: Patient,
    *,
    cccd: str | None = None,
    n: int = 1,
    event_type: str = "patient.changed",
    payload: Mapping[str, Any] | None = None,
    identifiers: Sequence[Identifier] | None = None,
) -> UUID:
    """An event about a patient, with whatever version."""
    known = identifiers if identifiers is not None else ([parse_identifier("cccd", cccd)] if cccd else [])
    snapshot = patient_payload(
        patient_global_id=patient.patient_global_id,
        status=patient.status or "active",
        full_name=patient.full_name,
        date_of_birth=patient.date_of_birth,
        gender=patient.gender,
        phone=None,
        email=None,
        identifiers=known,
    )
    return publish(
        uow=uow,
        aggregate_type=PATIENT,
        aggregate_id=patient.id,
        event_type=event_type,
        n=n,
        payload=snapshot if payload is None else payload,
    )


def add_patients(hospital: Hospital, count: int, *, first: int = 0) -> None:
    """Many patients at once, each with an event and a CCCD of its own from `first` on."""
    with hospital.unit_of_work() as uow:
        for number in range(first, first + count):
            add_patient(uow, cccd=cccd_number(number))
        uow.commit()


_FILL = """
WITH added AS (
    INSERT INTO patients (patient_global_id, full_name, search_key, date_of_birth, gender)
    SELECT gen_random_uuid(), 'Nguyễn Văn ' || i, 'nguyen van ' || i, '1990-02-03', 'male'
    FROM generate_series(1, %(count)s::int) AS i
    RETURNING id, patient_global_id, full_name
), numbered AS (SELECT *, row_number() OVER () - 1 + %(first)s::int AS number FROM added)
INSERT INTO outbox (aggregate_type, aggregate_id, event_type, epoch, n, payload)
SELECT 'patient', id, 'patient.changed', 1, 1, jsonb_build_object(
    'patient_global_id', patient_global_id, 'status', 'active',
    'metadata', jsonb_build_object('full_name', full_name, 'date_of_birth', '1990-02-03', 'gender', 'male',
        'phone', '0912345678', 'email', NULL),
    'identifiers', jsonb_build_array(
        jsonb_build_object('system', 'cccd', 'value', '079090' || lpad(number::text, 6, '0'))))
FROM numbered
"""


def fill(hospital: Hospital, count: int, *, first: int = 0) -> None:
    """As `add_patients`, for thousands: in one statement, past the application."""
    with hospital.superuser() as connection:
        connection.execute(_FILL, {"count": count, "first": first})


def states(hospital: Hospital) -> dict[str, int]:
    """How many events of a hospital's outbox are in each state."""
    with hospital.superuser() as connection:
        return dict(connection.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())


def rows(connection: psycopg.Connection[Any], statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    """All rows of a statement."""
    return connection.execute(statement.encode(), arguments).fetchall()
