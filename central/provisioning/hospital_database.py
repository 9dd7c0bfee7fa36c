"""A hospital's roles and database on its server, in the order that leaves no moment in which another could get in.

ACLs of a database are not copied from its template, and a new database lets PUBLIC connect: so it is made closed to
connections, PUBLIC loses everything, its own roles get CONNECT, and only then may anybody connect.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import Connection, sql

from central import roles
from central.provisioning.grants import apply_grants
from central.provisioning.names import PURPOSES, role_name
from central.provisioning.ports import FirstInvite, HospitalInitialiser, NewHospital
from central.provisioning.server import HospitalServer
from kernel.database.engines import engine_for_one, session_on
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import SokhamError
from kernel.ids import TenantId
from kernel.web.actor import Actor

LoginPasswords = Mapping[str, str]

# What one hospital can take of its server, however many processes there are.
CONNECTION_LIMITS: Final[Mapping[str, int]] = {"app": 60, "portal": 40, "sync": 12, "seal": 12, "migrate": 4}

_ONE_TIME: Final = "once"
_SCHEMA_OWNER: Final = "SET LOCAL ROLE pg_database_owner"


class WrongHospital(SokhamError):
    """The database says that it is another hospital's."""

    code = "wrong_hospital"


def ensure_roles(
    admin: Connection[Any], *, database: str, passwords: LoginPasswords, purposes: Iterable[str] = PURPOSES
) -> None:
    """Make the hospital's login roles for these purposes, or give them these passwords."""
    roles.ensure_login_roles(
        admin,
        (
            roles.LoginRole(
                name=role_name(database, purpose),
                password=passwords[purpose],
                connection_limit=CONNECTION_LIMITS[purpose],
            )
            for purpose in purposes
        ),
    )


@contextmanager
def acting_as_owner(admin: Connection[Any], *, database: str) -> Iterator[None]:
    """Let the provisioner act as the database's owner, who must exist: a database is given only to such a role.

    Taken back at the end: afterwards the provisioner can no longer get in.
    """
    owner = sql.Identifier(role_name(database, "migrate"))
    admin.execute(sql.SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE").format(owner))
    try:
        yield
    finally:
        if not admin.closed:
            admin.execute(sql.SQL("REVOKE {} FROM CURRENT_USER").format(owner))


def ensure_database(admin: Connection[Any], *, database: str, template: str) -> None:
    """Copy the template, owned by the hospital's `migrate` role; nobody can connect yet. For `acting_as_owner`."""
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone():
        return
    admin.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY WAL_LOG ALLOW_CONNECTIONS false").format(
            sql.Identifier(database), sql.Identifier(role_name(database, "migrate")), sql.Identifier(template)
        )
    )


def open_to_its_roles(admin: Connection[Any], *, database: str) -> None:
    """Let the hospital's own roles connect and nobody else. For `acting_as_owner`."""
    roles.open_database(
        admin,
        database=database,
        owner=role_name(database, "migrate"),
        to=(role_name(database, purpose) for purpose in PURPOSES),
    )


def initialise(
    *,
    server: HospitalServer,
    database: str,
    password: str,
    hospital: NewHospital,
    initialiser: HospitalInitialiser,
    central: UnitOfWork,
) -> FirstInvite:
    """As the database's owner: rights of its roles, the fingerprint, and what a hospital starts with; committed."""
    parameters = server.parameters(database=database, user=role_name(database, "migrate"), password=password)
    with UnitOfWork(session_on(engine_for_one(parameters)), tenant=hospital.tenant) as uow:
        connection = _as_owner(uow)
        apply_grants(connection, database=database)
        # Written once, and never over another's.
        connection.execute(
            "INSERT INTO hospital_identity (tenant_id) VALUES (%s) ON CONFLICT DO NOTHING", (hospital.tenant,)
        )
        _require_fingerprint(connection, hospital.tenant)
        invite = initialiser.initialise(uow=uow, central=central, hospital=hospital)
        uow.commit()
        return invite


def invite_again(
    *,
    server: HospitalServer,
    database: str,
    tenant: TenantId,
    tenant_code: str,
    initialiser: HospitalInitialiser,
    actor: Actor | None,
) -> FirstInvite:
    """As the owner of a database in service: a new invite for the first administrator; committed.

    Raises WrongHospital, and AdministratorJoined.
    """
    with (
        _one_time_owner(server, database=database) as parameters,
        UnitOfWork(session_on(engine_for_one(parameters)), tenant=tenant) as uow,
    ):
        _require_fingerprint(_as_owner(uow), tenant)
        invite = initialiser.invite_again(uow=uow, tenant_code=tenant_code, actor=actor)
        uow.commit()
        return invite


@contextmanager
def _one_time_owner(server: HospitalServer, *, database: str) -> Iterator[dict[str, Any]]:
    """libpq parameters of a login that may act as the owner, made for this one use and dropped after it.

    Central can open no password of a hospital that is in service, and the owner's own logins take turns at rotations,
    which must not be disturbed. What a kill leaves behind opens nothing: the password is gone with the process, and the
    next use gives it another.
    """
    name, password = role_name(database, _ONE_TIME), roles.new_password()
    with server.connect() as admin:
        roles.ensure_login_roles(admin, (roles.LoginRole(name=name, password=password, connection_limit=1),))
        try:
            roles.stand_in(admin, name=name, base=role_name(database, "migrate"), may_become=True)
            yield server.parameters(database=database, user=name, password=password)
        finally:
            admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def _as_owner(uow: UnitOfWork) -> psycopg.Connection[Any]:
    """The transaction's own connection, from here on with the rights of the schema's owner."""
    driver: Any = uow.session.connection().connection.driver_connection
    connection: psycopg.Connection[Any] = driver
    connection.execute(_SCHEMA_OWNER)
    return connection


def _require_fingerprint(connection: psycopg.Connection[Any], tenant: TenantId) -> None:
    """Raises WrongHospital where the database is not this hospital's."""
    found = connection.execute("SELECT tenant_id FROM hospital_identity").fetchall()
    if [row[0] for row in found] != [tenant]:
        raise WrongHospital("the database carries another hospital's fingerprint")
