"""The database that new hospitals are copied from: migrated once for each head, and never connected to again."""

from typing import Any, Final

from psycopg import Connection, sql
from psycopg.errors import Error as DatabaseError

from central import roles
from central.provisioning.ports import HospitalSchema
from central.provisioning.server import HospitalServer
from kernel.telemetry.logs import get_logger

log = get_logger(__name__)

PREFIX: Final = "sokham_template_"
_DRAFT: Final = "_draft"
_LOCK: Final = 0x74656D70  # "temp": one process builds, the others wait for what it built.


def template_name(schema: HospitalSchema) -> str:
    """The name carries the head, so that a clone never starts behind the code."""
    return f"{PREFIX}{schema.head()}"


def ensure_template(*, server: HospitalServer, schema: HospitalSchema, admin: Connection[Any]) -> str:
    """The template's name; it is built first where there is none for this head, and older ones are dropped.

    `admin` is the provisioner's connection, autocommitting. A build that was killed leaves a draft, which the next
    build replaces: only a whole one gets the name.
    """
    name = template_name(schema)
    if not _exists(admin, name):
        with server.connect() as turn, turn.transaction():
            turn.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            if not _exists(admin, name):
                _build(name, server=server, schema=schema, admin=admin)
                _drop_others(name, admin=admin)
    return name


def _build(name: str, *, server: HospitalServer, schema: HospitalSchema, admin: Connection[Any]) -> None:
    draft = f"{name}{_DRAFT}"
    admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(draft)))
    admin.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE template0 STRATEGY WAL_LOG ALLOW_CONNECTIONS false").format(
            sql.Identifier(draft)
        )
    )
    roles.open_database(admin, database=draft, owner=roles.PROVISIONER, to=())
    schema.build(server.as_provisioner(draft))
    admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(draft)))
    admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))
    log.info("template.built", template=name)


def _drop_others(name: str, *, admin: Connection[Any]) -> None:
    found = admin.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) AND datname <> %s", (PREFIX, name)
    ).fetchall()
    for (other,) in found:
        try:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(other)))
        except DatabaseError as err:
            # A clone may be under way from it; it is dropped with the next build.
            log.warning("template.not_dropped", template=other, sqlstate=err.sqlstate)


def _exists(admin: Connection[Any], name: str) -> bool:
    return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None
