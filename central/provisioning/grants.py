"""Giving a hospital's own roles their rights in its database."""

from typing import Any, Final

from psycopg import Connection, sql

from central.provisioning.names import GRANTED_PURPOSES, role_name

_FUNCTIONS: Final = """
SELECT proname FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND starts_with(proname, 'grant_') AND pronargs = 4
ORDER BY proname
"""


def apply_grants(connection: Connection[Any], *, database: str) -> int:
    """Call every `grant_*(app, portal, sync, seal)` function with this hospital's roles; returns how many there were.

    The functions come with the hospital's migrations (see `migrations.tenant`) and are repeatable. `connection` is the
    database owner's. A database without roles of its own (the template) is left as it is.
    """
    roles = [role_name(database, purpose) for purpose in GRANTED_PURPOSES]
    found = connection.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s)", (roles,)).fetchone()
    if found is None or found[0] != len(roles):
        return 0
    functions = [str(row[0]) for row in connection.execute(_FUNCTIONS)]
    connection.execute(
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.SQL(", ").join(map(sql.Identifier, roles)))
    )
    # In one round trip, in the order of their names.
    calls = sql.SQL(", ").join(
        sql.SQL("public.{}(app, portal, sync, seal)").format(sql.Identifier(function)) for function in functions
    )
    connection.execute(
        sql.SQL(
            "SELECT {} FROM (VALUES (%s::name, %s::name, %s::name, %s::name)) AS own (app, portal, sync, seal)"
        ).format(calls),
        roles,
    )
    return len(functions)
