"""Hospitals of a test, made by the real provisioning service."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy import text

from central import roles
from central.provisioning.names import database_name
from central.provisioning.ports import FirstInvite, FirstStaff, HospitalInitialiser, NewHospital
from central.provisioning.server import HospitalServer
from central.provisioning.service import Provisioned, Provisioner
from central.registry.public import NewTenant, RouteAnnouncer, SqlDataKeyStore, Unannounced, open_password
from kernel.clock import utc_now
from kernel.database.engines import Database, connection_parameters, engine_for
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.web.actor import Actor
from keys.public import Keychain
from manage.hospital_schema import MigratedHospitalSchema
from tests.support.databases import CentralDatabase, drop_database, hospital_server


class BareInitialiser:
    """Puts nothing into the database: for tests of provisioning itself."""

    def initialise(self, *, uow: UnitOfWork, central: UnitOfWork, hospital: NewHospital) -> FirstInvite:  # noqa: ARG002 - the port's.
        """An invite that opens nothing."""
        return FirstInvite(token=f"{hospital.tenant_code}.none", expires_at=utc_now() + timedelta(hours=72))

    def invite_again(self, *, uow: UnitOfWork, tenant_code: str, actor: Actor | None) -> FirstInvite:  # noqa: ARG002 - the port's.
        """Another that opens nothing."""
        return FirstInvite(token=f"{tenant_code}.none", expires_at=utc_now() + timedelta(hours=72))


@dataclass(kw_only=True)
class Hospital:
    """One hospital of a test, active, with a way into its database for each purpose."""

    central: CentralDatabase
    keychain: Keychain
    provisioned: Provisioned
    name: str
    _open: dict[str, Database] = field(default_factory=dict)

    @property
    def tenant(self) -> TenantId:
        """Its id."""
        return self.provisioned.tenant

    @property
    def tenant_code(self) -> str:
        """Its code, as in URLs and tokens."""
        return self.provisioned.tenant_code

    @property
    def database_name(self) -> str:
        """Its database."""
        return database_name(self.tenant)

    def parameters(self, purpose: str = "app") -> dict[str, Any]:
        """libpq parameters from the registry, the password opened as the router does."""
        with self.central.database(roles.OWNER).unit_of_work() as uow:
            row = (
                uow.session.execute(
                    text("SELECT * FROM route_tenant(:tenant, :purpose)"),
                    {"tenant": self.tenant, "purpose": purpose},
                )
                .mappings()
                .one()
            )
            password = open_password(
                route=SimpleNamespace(**row), purpose=purpose, keychain=self.keychain, store=SqlDataKeyStore(uow)
            )
        return connection_parameters(
            host=row["database_host"],
            port=row["database_port"],
            database=row["database_name"],
            user=row["database_username"],
            password=password,
            application=f"test-{purpose}",
        )

    def database(self, purpose: str = "app") -> Database:
        """A pool for a purpose; the same on every call, closed at the end of the test."""
        if purpose not in self._open:
            self._open[purpose] = Database(engine_for(self.parameters(purpose), pool_size=2, max_overflow=20))
        return self._open[purpose]

    def unit_of_work(self, purpose: str = "app") -> UnitOfWork:
        """A transaction that belongs to this hospital, as the router gives it; real commits."""
        return UnitOfWork(self.database(purpose).unit_of_work().session, tenant=self.tenant)

    def connect(self, purpose: str = "app", *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """A bare connection for a purpose; the caller closes it."""
        return psycopg.connect(**self.parameters(purpose), autocommit=autocommit)

    def superuser(self) -> psycopg.Connection[Any]:
        """A bare connection that may do everything, for looking and for breaking things."""
        return psycopg.connect(self.central.servers.postgres.conninfo(database=self.database_name), autocommit=True)

    def close(self) -> None:
        """Close the pools."""
        for database in self._open.values():
            database.dispose()
        self._open.clear()


@dataclass(kw_only=True)
class HospitalMaker:
    """Makes hospitals for a test, and takes them away at its end."""

    central: CentralDatabase
    keychain: Keychain
    initialiser: HospitalInitialiser
    announcer: RouteAnnouncer = field(default_factory=Unannounced)
    made: list[Hospital] = field(default_factory=list)
    # Those that tests.support.standing lends and takes back.
    lent: list[Hospital] = field(default_factory=list)

    def provisioner(self, server: HospitalServer | None = None) -> Provisioner:
        """The product's provisioner, on this test's central database and the run's server (or another way to it)."""
        return Provisioner(
            central=self.central.database(roles.CONSOLE),
            keychain=self.keychain,
            server=server or hospital_server(self.central.servers),
            schema=MigratedHospitalSchema(),
            initialiser=self.initialiser,
            announcer=self.announcer,
        )

    def make(
        self,
        *,
        name: str = "Bệnh viện Thử nghiệm",
        tenant_code: str | None = None,
        server: HospitalServer | None = None,
    ) -> Hospital:
        """A hospital, active; codes are unique unless given."""
        code = tenant_code or f"bv-{uuid4().hex[:8]}"
        provisioned = self.provisioner(server).provision(
            new=NewTenant(tenant_code=code, name=name),
            admin=FirstStaff(username="quantri", email=f"quantri@{code}.example", full_name="Nguyễn Thị Quản Trị"),
        )
        hospital = Hospital(central=self.central, keychain=self.keychain, provisioned=provisioned, name=name)
        self.made.append(hospital)
        return hospital

    def lend(self, provisioned: Provisioned, name: str) -> Hospital:
        """A hospital that stands already, in this test's central database."""
        hospital = Hospital(central=self.central, keychain=self.keychain, provisioned=provisioned, name=name)
        self.lent.append(hospital)
        return hospital

    def close(self) -> None:
        """Drop what was made, also what a test left half made."""
        for hospital in (*self.made, *self.lent):
            hospital.close()
        with self.central.superuser() as connection:
            tenants = {TenantId.parse(row[0]) for row in connection.execute("SELECT id FROM tenants")}
        for tenant in tenants - {hospital.tenant for hospital in self.lent}:
            name = database_name(tenant)
            drop_database(self.central.servers, name, role_prefix=f"{name}_")


@contextmanager
def hospital_maker(
    *, central: CentralDatabase, keychain: Keychain, initialiser: HospitalInitialiser
) -> Iterator[HospitalMaker]:
    """A maker whose hospitals go at the end."""
    maker = HospitalMaker(central=central, keychain=keychain, initialiser=initialiser)
    try:
        yield maker
    finally:
        maker.close()
