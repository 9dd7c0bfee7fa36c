"""What all figures stand on: durable servers of their own, a central database, keys, and a fleet of hospitals."""

import contextlib
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from redis import Redis

from benchmarks.scale import Scale
from central import roles
from central.auth.signing_keys import ensure_signing_keys
from central.patient_index.blind_index_keys import ensure_blind_index_key
from central.provisioning.server import HospitalServer
from central.registry.public import RouteAnnouncer, SqlDataKeyStore
from central.router.public import (
    RedisRouteAnnouncer,
    RouteLookup,
    RouteReader,
    RouterLimits,
    TenantRouter,
)
from kernel.redis_client import HelpfulRedis, connect
from keys.public import BlindIndex, Keychain, LocalKeyring, load_blind_index, scopes
from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.redis import EmbeddedRedis
from manage.wiring.sources import KEYRING_FILE
from tenant_app.hospital.initialise import HospitalStart
from tests.support.databases import (
    PASSWORDS,
    CentralDatabase,
    administrator,
    central_template,
    clone_central,
    hospital_server,
)
from tests.support.hospitals import Hospital, HospitalMaker
from tests.support.servers import Servers

Report = Callable[[str], None]

SEED = 20_260_101


@dataclass
class Fleet:
    """Hospitals in the order of their making, with the seconds that each took, and the bare copies between them."""

    hospitals: list[Hospital] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    bare_seconds: list[float] = field(default_factory=list)
    # Each bare copy stands beside the hospitals made just before and after it.
    bare_after: list[int] = field(default_factory=list)
    patients: dict[UUID, list[UUID]] = field(default_factory=dict)


class Ground:
    """Made on first use, taken away at the end. `report` says what is being done."""

    def __init__(self, *, folder: Path, scale: Scale, report: Report) -> None:
        self.folder = folder
        self.scale = scale
        self.report = report
        # Whether the index holds a large city's people, beside those who came by the sync.
        self.index_is_large = False
        self._stack = ExitStack()

    def close(self) -> None:
        """Stop the servers and delete their data."""
        self._stack.close()

    @cached_property
    def servers(self) -> Servers:
        """PostgreSQL and Redis as in production: durable, with the settings of `sokham up`."""
        self.report("starting PostgreSQL and Redis")
        postgres = EmbeddedPostgres(self.folder / "postgres")
        redis = EmbeddedRedis(self.folder / "redis")
        self._stack.callback(postgres.destroy)
        self._stack.callback(redis.destroy)
        return Servers(folder=self.folder, postgres=postgres.start(), redis=redis.start(), worker="bench")

    @cached_property
    def central(self) -> CentralDatabase:
        """Central's database, migrated."""
        servers = self.servers
        self.report("migrating central's database")
        database = clone_central(servers, central_template(servers))
        self._stack.callback(database.close)
        with database.database(roles.OWNER).unit_of_work() as uow:
            store = SqlDataKeyStore(uow)
            ensure_signing_keys(uow=uow, keychain=self.keychain, store=store)
            ensure_blind_index_key(uow=uow, provider=self.keyring)
            self.keychain.current(store, tenant=None, scope=scopes.INDEX)
            uow.commit()
        return database

    @cached_property
    def keyring(self) -> LocalKeyring:
        """A key source with every grant, where the processes look for it."""
        path = self.data_dir / "keys" / KEYRING_FILE
        path.parent.mkdir(mode=0o700, parents=True)
        keyring = LocalKeyring.create(path)
        keyring.ensure_scopes(scopes.ALL)
        return keyring

    @property
    def data_dir(self) -> Path:
        """The data folder of processes that are started for a figure."""
        return self.folder / "data"

    @cached_property
    def keychain(self) -> Keychain:
        """What is opened of it."""
        return Keychain(self.keyring)

    @cached_property
    def blind_index(self) -> BlindIndex:
        """The key under which people are found."""
        reader = RouteReader(self.central.parameters(roles.ROUTE))
        try:
            return load_blind_index(self.keyring, reader.blind_index_keys())
        finally:
            reader.close()

    @cached_property
    def redis_url(self) -> str:
        """Redis, with its password."""
        return self.servers.redis.url()

    def redis(self) -> Redis:
        """A client with the product's own time-outs."""
        return connect(self.redis_url)

    @cached_property
    def maker(self) -> HospitalMaker:
        """Makes hospitals as the product does: real keys, real first data, changes announced."""
        return HospitalMaker(
            central=self.central,
            keychain=self.keychain,
            initialiser=HospitalStart(keychain=self.keychain),
            announcer=self._announcer,
        )

    @cached_property
    def fleet(self) -> Fleet:
        """The hospitals, made one after the other, with a bare copy of the template every few hospitals."""
        return _make_fleet(self)

    @contextmanager
    def router(
        self, *, limits: RouterLimits | None = None, persons: int = 50_000, purpose: str = "app"
    ) -> Iterator[TenantRouter]:
        """A router as the web processes have it, with caches and connections of its own."""
        reader = RouteReader(self.central.parameters(roles.ROUTE))
        router = TenantRouter(
            reader=reader,
            lookup=RouteLookup(
                reader=reader,
                redis=HelpfulRedis(self.redis()),
                purpose=purpose,
                blind_index=self.blind_index,
                persons=persons,
            ),
            keychain=self.keychain,
            purpose=purpose,
            limits=limits or RouterLimits(),
        )
        try:
            yield router
        finally:
            router.close()

    def environment(self, process: str, *, port: int, in_central: tuple[str, ...]) -> dict[str, str]:
        """What a process of the product is told, as manage.environment tells it; limits do not end a figure."""
        passwords = {
            f"SOKHAM_PASSWORD_{name.removeprefix('sokham_').upper()}": PASSWORDS[name]
            for name in (roles.ROUTE, *in_central)
        }
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "SOKHAM_PROCESS": process,
            "SOKHAM_DATA_DIR": str(self.data_dir),
            "SOKHAM_COOKIE_SECRET": "for figures only",
            "SOKHAM_RATE_PER_MINUTE": "1000000000",
            "SOKHAM_BIND": f"127.0.0.1:{port}",
            "DATABASE_URL": self.central.url,
            "REDIS_URL": self.servers.redis.url(with_password=False),
            "SOKHAM_REDIS_PASSWORD": self.servers.redis.password,
            **passwords,
        }

    def administrator(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """The superuser."""
        return administrator(self.servers, database)

    def server_behind(self, port: int) -> HospitalServer:
        """The server of hospitals, reached by applications through another port of this machine."""
        real = hospital_server(self.servers)
        return HospitalServer(
            host="127.0.0.1",
            port=port,
            direct_host=real.direct_host,
            direct_port=real.direct_port,
            provisioner_password=real.provisioner_password,
        )

    @cached_property
    def _announcer(self) -> RouteAnnouncer:
        return RedisRouteAnnouncer(HelpfulRedis(self.redis()))


def fill_patients(ground: Ground, hospital: Hospital, *, count: int) -> list[UUID]:
    """Give a hospital at least so many patients, each with a CCCD, by two statements; their ids."""
    known = ground.fleet.patients.get(hospital.tenant, [])
    if len(known) >= count:
        return known
    with hospital.superuser() as connection:
        rows = connection.execute(
            "INSERT INTO patients (patient_global_id, full_name, search_key, date_of_birth, gender, phone, address)"
            " SELECT gen_random_uuid(), 'Nguyễn Thị Bệnh Nhân ' || i, 'nguyen thi benh nhan ' || i,"
            " date '1950-01-01' + (i * 37) %% 25000, CASE i %% 2 WHEN 0 THEN 'female' ELSE 'male' END,"
            " '09' || lpad(i::text, 8, '0'), i || ' Lê Lợi, Phường Bến Thành, Thành phố Hồ Chí Minh'"
            " FROM generate_series(1, %s) AS i RETURNING id",
            (count,),
        ).fetchall()
        ids = known + [row[0] for row in rows]
        connection.execute(
            "INSERT INTO patient_identifiers (patient_id, system, value)"
            " SELECT id, 'cccd', '079' || lpad((%s + i)::text, 9, '0')"
            " FROM unnest(%s::uuid[]) WITH ORDINALITY AS made (id, i)",
            (len(known), ids[len(known) :]),
        )
        connection.execute("ANALYZE patients, patient_identifiers")
    ground.fleet.patients[hospital.tenant] = ids
    return ids


def zipf(count: int, *, exponent: float = 1.1) -> list[float]:
    """Cumulative weights of ranks 1 to `count`, for `random.choices(..., cum_weights=…)`."""
    total, sums = 0.0, []
    for rank in range(1, count + 1):
        total += rank**-exponent
        sums.append(total)
    return sums


def drawn(source: random.Random, sums: list[float], *, calls: int) -> list[int]:
    """So many ranks, from 0, as the traffic has them."""
    return source.choices(range(len(sums)), cum_weights=sums, k=calls)


@contextmanager
def temporary_ground(*, scale: Scale, report: Report) -> Iterator[Ground]:
    """A ground on this machine's disk: a memory file system would flatter whoever writes more."""
    folder = Path(tempfile.mkdtemp(prefix="sokham-bench-")).resolve()
    folder.chmod(0o711)
    ground = Ground(folder=folder, scale=scale, report=report)
    try:
        yield ground
    finally:
        report("taking everything away")
        try:
            ground.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _make_fleet(ground: Ground) -> Fleet:
    fleet, wanted = Fleet(), ground.scale.hospitals
    maker = ground.maker
    ground.report("building the template of hospitals")
    template = maker.provisioner().ensure_template()
    every = 6
    with ground.administrator() as admin:
        for number in range(wanted):
            started = time.perf_counter()
            hospital = maker.make(name=f"Bệnh viện số {number + 1}")
            fleet.seconds.append(time.perf_counter() - started)
            fleet.hospitals.append(hospital)
            if number % every == every // 2:
                started = time.perf_counter()
                admin.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG").format(
                        sql.Identifier(f"bare_{number}"), sql.Identifier(template)
                    )
                )
                fleet.bare_seconds.append(time.perf_counter() - started)
                fleet.bare_after.append(number)
            if number % 10 == 9:
                recent = statistics.median(fleet.seconds[-10:])
                ground.report(f"hospital {number + 1} of {wanted}: {recent * 1000:.0f} ms each")
        for number in fleet.bare_after:
            # Dropping asks for a checkpoint, so it is not done between the makings.
            with contextlib.suppress(psycopg.Error):
                admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(f"bare_{number}")))
    return fleet
