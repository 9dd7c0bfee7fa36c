"""The roles of central's database, and login roles in general.

A password never stands in SQL (a statement may be logged): roles are given a SCRAM verifier that we compute.
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection, sql

OWNER: Final = "sokham_owner"
CONSOLE: Final = "sokham_console"
INGEST: Final = "sokham_ingest"
ROUTE: Final = "sokham_route"
SEAL: Final = "sokham_seal"
PROVISIONER: Final = "sokham_provisioner"

# What connects to central's database; the provisioner works on the hospitals' servers only.
IN_CENTRAL: Final = (OWNER, CONSOLE, INGEST, ROUTE, SEAL)
ALL: Final = (*IN_CENTRAL, PROVISIONER)

# Rounds make guessing dear, and 256 random bits are not guessed; each round is paid at every connection (ADR 7).
_ITERATIONS: Final = 1
_ANY_ROLE_LOCK: Final = 0x736F6B68  # "sokh": roles are shared by a whole server, so two set-ups take turns.


def new_password() -> str:
    """256 random bits, in letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(32)


def scram_verifier(password: str) -> str:
    """What PostgreSQL stores of a password: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`.

    RFC 5802 section 3 and RFC 5803 section 3. The password must be ASCII (ours are), which SASLprep leaves as it is.
    """
    if not password.isascii() or not password.isprintable():
        raise ValueError("a role's password is printable ASCII")
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(value).decode() for value in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt64}${stored64}:{server64}"


@dataclass(frozen=True, kw_only=True, slots=True)
class LoginRole:
    """A role that signs in with a password: no superuser, no inheritance by default, no more than it is given here."""

    name: str
    password: str
    connection_limit: int = -1
    create_databases: bool = False
    create_roles: bool = False
    inherits: bool = False

    def __repr__(self) -> str:
        return f"LoginRole({self.name!r})"


def ensure_login_roles(connection: Connection[Any], roles: Iterable[LoginRole]) -> None:
    """Make each role or bring an existing one to this shape and password, all or none. Repeatable.

    Names are quoted as identifiers whatever they hold; the password goes as a verifier.
    """
    wanted = list(roles)
    found = connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", ([r.name for r in wanted],))
    present = {str(row[0]) for row in found}
    # One round trip: PostgreSQL runs several statements in one message as one transaction.
    connection.execute(sql.SQL("; ").join(_role_statement(role, exists=role.name in present) for role in wanted))


def _role_statement(role: LoginRole, *, exists: bool) -> sql.Composed:
    return sql.SQL(
        "{verb} ROLE {name} WITH LOGIN {unprivileged} {inherit} {databases} {roles}"
        " CONNECTION LIMIT {limit} PASSWORD {verifier}"
    ).format(
        verb=sql.SQL("ALTER" if exists else "CREATE"),
        name=sql.Identifier(role.name),
        # Only a superuser may name these on an existing role; a role that we made never has them.
        unprivileged=sql.SQL("" if exists else "NOSUPERUSER NOREPLICATION NOBYPASSRLS"),
        inherit=sql.SQL("INHERIT" if role.inherits else "NOINHERIT"),
        databases=sql.SQL("CREATEDB" if role.create_databases else "NOCREATEDB"),
        roles=sql.SQL("CREATEROLE" if role.create_roles else "NOCREATEROLE"),
        limit=sql.Literal(role.connection_limit),
        verifier=sql.Literal(scram_verifier(role.password)),
    )


def stand_in(connection: Connection[Any], *, name: str, base: str, may_become: bool) -> None:
    """Give the login role `name` the rights of `base`; `may_become` lets it act in that name too. Repeatable."""
    connection.execute(
        sql.SQL("GRANT {} TO {} WITH INHERIT TRUE, SET {}").format(
            sql.Identifier(base), sql.Identifier(name), sql.SQL("TRUE" if may_become else "FALSE")
        )
    )


def ensure_central(admin: Connection[Any], *, database: str, passwords: Mapping[str, str]) -> bool:
    """Make central's roles and its empty database, closed to PUBLIC; returns whether the database is new.

    `admin` is an autocommitting connection of a superuser to the server's `postgres` database; `passwords` has one for
    each name in `ALL`. Repeatable: an existing role gets the password given, an existing database its grants.
    """
    with admin.transaction():
        admin.execute("SELECT pg_advisory_xact_lock(%s)", (_ANY_ROLE_LOCK,))
        ensure_login_roles(admin, (_central_role(name, passwords[name]) for name in ALL))
    _close_maintenance_databases(admin)
    exists = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
    if not exists:
        admin.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 STRATEGY WAL_LOG ALLOW_CONNECTIONS false").format(
                sql.Identifier(database), sql.Identifier(OWNER)
            )
        )
    open_database(admin, database=database, owner=OWNER, to=IN_CENTRAL)
    return not exists


def ensure_provisioner(admin: Connection[Any], *, password: str) -> None:
    """Make the provisioner on a server that holds hospitals and not central. Repeatable; `admin` as above."""
    with admin.transaction():
        admin.execute("SELECT pg_advisory_xact_lock(%s)", (_ANY_ROLE_LOCK,))
        ensure_login_roles(admin, (_central_role(PROVISIONER, password),))
    _close_maintenance_databases(admin)


def open_database(admin: Connection[Any], *, database: str, owner: str, to: Iterable[str]) -> None:
    """Take everything on a database from PUBLIC, let `to` connect, and only then allow connections: in one step."""
    admin.execute(
        sql.SQL(
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} TO {roles};"
            " ALTER DATABASE {database} ALLOW_CONNECTIONS true"
        ).format(
            database=sql.Identifier(database),
            roles=sql.SQL(", ").join(map(sql.Identifier, dict.fromkeys((owner, *to)))),
        )
    )


def _central_role(name: str, password: str) -> LoginRole:
    if name == PROVISIONER:
        # It acts through the roles that it makes, for as long as it makes them, so it inherits what it is granted.
        return LoginRole(name=name, password=password, create_databases=True, create_roles=True, inherits=True)
    return LoginRole(name=name, password=password)


def _close_maintenance_databases(admin: Connection[Any]) -> None:
    """Let no hospital's role into `postgres` and `template1`; the provisioner needs a database to stand in."""
    for database in ("postgres", "template1"):
        admin.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(sql.Identifier(PROVISIONER)))
