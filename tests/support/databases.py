"""Databases of a test: central's, cloned from one that was migrated once in the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from central import roles
from central.provisioning.server import HospitalServer
from kernel.database.engines import Database, connection_parameters, engine_for
from migrations import runner
from tests.support.servers import Servers

# Roles belong to the whole server, which all workers share, so their passwords are the same in all of them.
PASSWORDS: Mapping[str, str] = {name: f"test-password-of-{name}" for name in roles.ALL}


@dataclass(kw_only=True)
class CentralDatabase:
    """Central's database of one test, with every role's way in."""

    servers: Servers
    name: str
    _open: dict[str, Database] = field(default_factory=dict)

    def parameters(self, role: str = roles.CONSOLE) -> dict[str, Any]:
        """libpq parameters of a role, such as `roles.ROUTE`."""
        return connection_parameters(
            host=self.servers.postgres.host,
            port=self.servers.postgres.port,
            database=self.name,
            user=role,
            password=PASSWORDS[role],
            application=f"test-{role}",
        )

    def database(self, role: str = roles.CONSOLE) -> Database:
        """A pool under a role; the same on every call, closed at the end of the test."""
        if role not in self._open:
            self._open[role] = Database(engine_for(self.parameters(role), pool_size=2, max_overflow=20))
        return self._open[role]

    def connect(self, role: str = roles.CONSOLE, *, autocommit: bool = True) -> psycopg.Connection[Any]:
        """A bare connection under a role; the caller closes it."""
        return psycopg.connect(**self.parameters(role), autocommit=autocommit)

    def superuser(self) -> psycopg.Connection[Any]:
        """A bare connection that may do everything, for looking and for breaking things."""
        return psycopg.connect(self.servers.postgres.conninfo(database=self.name), autocommit=True)

    @property
    def url(self) -> str:
        """What DATABASE_URL would say: no user, no password."""
        return f"postgresql://{self.servers.postgres.host}:{self.servers.postgres.port}/{self.name}"

    def close(self) -> None:
        """Close the pools."""
        for database in self._open.values():
            database.dispose()
        self._open.clear()


def administrator(servers: Servers, database: str = "postgres") -> psycopg.Connection[Any]:
    """The superuser, autocommitting."""
    return psycopg.connect(servers.postgres.conninfo(database=database), autocommit=True)


def hospital_server(servers: Servers) -> HospitalServer:
    """The run's server, as hospitals' databases are made there."""
    return HospitalServer(
        host=servers.postgres.host,
        port=servers.postgres.port,
        direct_host=servers.postgres.host,
        direct_port=servers.postgres.port,
        provisioner_password=PASSWORDS[roles.PROVISIONER],
    )


def central_template(servers: Servers) -> str:
    """The migrated central database that tests are cloned from; made by whichever worker comes first."""
    name = f"test_central_{runner.head('central')}"
    with servers.exclusive("central-template"), administrator(servers) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return name
        draft = f"{name}_draft"
        roles.ensure_central(admin, database=draft, passwords=PASSWORDS)
        parameters = connection_parameters(
            host=servers.postgres.host,
            port=servers.postgres.port,
            database=draft,
            user=roles.OWNER,
            password=PASSWORDS[roles.OWNER],
            application="test-template",
        )
        runner.upgrade(parameters, "central")
        admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(draft)))
        admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))
    return name


def clone_central(servers: Servers, template: str) -> CentralDatabase:
    """A central database of its own."""
    name = f"test_central_{servers.worker}_{uuid4().hex[:8]}"
    with administrator(servers) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY WAL_LOG ALLOW_CONNECTIONS false").format(
                sql.Identifier(name), sql.Identifier(roles.OWNER), sql.Identifier(template)
            )
        )
        roles.open_database(admin, database=name, owner=roles.OWNER, to=roles.IN_CENTRAL)
    return CentralDatabase(servers=servers, name=name)


def drop_database(servers: Servers, name: str, *, role_prefix: str | None = None) -> None:
    """Drop a database whoever is connected, and the roles that were its own."""
    with administrator(servers) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        if role_prefix is not None:
            found = admin.execute("SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s)", (role_prefix,))
            names = [sql.Identifier(row[0]) for row in found]
            if names:
                admin.execute(sql.SQL("DROP ROLE {}").format(sql.SQL(", ").join(names)))
