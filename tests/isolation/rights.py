"""What roles can do, read from the catalogue of the database that a superuser's connection is on."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from psycopg import Connection

TABLE_RIGHTS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")

# Table rights, then rights on single columns of tables where the whole table's right is missing.
_TABLES: Final = """
SELECT r.rolname, c.relname, p.privilege
FROM pg_class c, unnest(%(rights)s::text[]) AS p(privilege), pg_roles r
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND r.rolname = ANY(%(roles)s)
    AND has_table_privilege(r.oid, c.oid, p.privilege)
"""
_COLUMNS: Final = """
SELECT r.rolname, c.relname, p.privilege, array_agg(a.attname::text ORDER BY a.attname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p(privilege), pg_roles r
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND r.rolname = ANY(%(roles)s)
    AND NOT has_table_privilege(r.oid, c.oid, p.privilege)
    AND has_column_privilege(r.oid, c.oid, a.attnum, p.privilege)
GROUP BY 1, 2, 3
"""
_FUNCTIONS: Final = """
SELECT r.rolname, f.proname FROM pg_proc f, pg_roles r
WHERE f.pronamespace = 'public'::regnamespace AND r.rolname = ANY(%(roles)s)
    AND has_function_privilege(r.oid, f.oid, 'EXECUTE')
    -- A range type brings its own constructors, which only put two values together.
    AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_type'::regclass
            AND d.deptype = 'i'
    )
"""
_SEQUENCES: Final = """
SELECT r.rolname, c.relname, p.privilege
FROM pg_class c, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS p(privilege), pg_roles r
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S' AND r.rolname = ANY(%(roles)s)
    AND has_sequence_privilege(r.oid, c.oid, p.privilege)
"""

Rights = dict[str, set[str]]


def table_rights(connection: Connection[Any], roles: Sequence[str]) -> dict[str, Rights]:
    """Role → table → rights such as `SELECT` or `UPDATE (status, updated_at)`; only what there is."""
    found: dict[str, Rights] = {role: defaultdict(set) for role in roles}
    arguments = {"roles": list(roles), "rights": list(TABLE_RIGHTS)}
    for role, table, right in connection.execute(_TABLES, arguments):
        found[role][table].add(right)
    for role, table, right, columns in connection.execute(_COLUMNS, arguments):
        found[role][table].add(f"{right} ({', '.join(columns)})")
    for role, sequence, right in connection.execute(_SEQUENCES, arguments):
        found[role][sequence].add(right)
    return {role: dict(tables) for role, tables in found.items()}


def functions(connection: Connection[Any], roles: Sequence[str]) -> dict[str, set[str]]:
    """Role → names of the functions that it may execute."""
    found: dict[str, set[str]] = {role: set() for role in roles}
    for role, name in connection.execute(_FUNCTIONS, {"roles": list(roles)}):
        found[role].add(name)
    return found
