"""The migrated schema is the declared one, by name and definition, and every revision goes up, down and up again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import Connection, MetaData, NullPool, create_engine
from sqlalchemy.dialects.postgresql.base import ischema_names

from central import roles
from central.database import Xid8
from migrations import runner
from migrations.central.models import METADATA as CENTRAL
from migrations.runner import Which
from migrations.tenant.models import METADATA as TENANT
from tests.support.databases import PASSWORDS, administrator, drop_database
from tests.support.servers import Servers

METADATA: Mapping[Which, MetaData] = {"central": CENTRAL, "tenant": TENANT}
NOT_DECLARED = ("alembic_version", "central_migrations", "migrations")
BOTH: tuple[Which, ...] = ("central", "tenant")

# What a declared and a migrated table must agree on. Partitions are made as time goes on, so they are left out.
_CATALOGUE = {
    "columns": r"""
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
            -- A default of `0` and one of `'0'` are one default.
            regexp_replace(
                pg_get_expr(d.adbin, d.adrelid), $$^'(-?\d+|true|false)'::(bigint|integer|smallint|boolean)$$, '\1'
            )
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND c.relname <> ALL(%(leave_out)s)
    """,
    "constraints": """
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND c.relname <> ALL(%(leave_out)s)
            AND k.contype <> 'n'
    """,
    "indexes": """
        SELECT c.relname, i.relname, pg_get_indexdef(i.oid)
        FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
        WHERE c.relnamespace = 'public'::regnamespace AND NOT c.relispartition AND c.relname <> ALL(%(leave_out)s)
    """,
}


@dataclass(frozen=True, kw_only=True)
class Empty:
    """A database without anything in it, and its owner's parameters."""

    which: Which
    parameters: Mapping[str, Any]


@pytest.fixture
def empty(servers: Servers, request: pytest.FixtureRequest) -> Iterator[Empty]:
    """An empty database, as central's or a hospital's."""
    which: Which = request.param
    name = f"test_schema_{servers.worker}_{uuid4().hex[:8]}"
    owner = roles.OWNER if which == "central" else roles.PROVISIONER
    with servers.exclusive("roles"), administrator(servers) as admin:
        roles.ensure_central(admin, database=name, passwords=PASSWORDS)
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(owner)))
    parameters = psycopg.conninfo.conninfo_to_dict(
        servers.postgres.conninfo(database=name, user=owner, password=PASSWORDS[owner])
    )
    yield Empty(which=which, parameters=parameters)
    drop_database(servers, name)


def catalogue(parameters: Mapping[str, Any]) -> dict[str, set[tuple[Any, ...]]]:
    with psycopg.connect(**parameters) as connection:
        return {
            kind: set(connection.execute(query, {"leave_out": list(NOT_DECLARED)}).fetchall())
            for kind, query in _CATALOGUE.items()
        }


def on(parameters: Mapping[str, Any]) -> Connection:
    engine = create_engine("postgresql+psycopg://", connect_args=dict(parameters), poolclass=NullPool)
    return engine.connect()


@pytest.mark.parametrize("empty", BOTH, indirect=True)
def test_the_migrated_schema_is_the_declared_one(
    servers: Servers, empty: Empty, monkeypatch: pytest.MonkeyPatch
) -> None:
    # SQLAlchemy knows no name for this type of PostgreSQL, and would only warn.
    monkeypatch.setitem(ischema_names, "xid8", Xid8)
    runner.upgrade(empty.parameters, empty.which)
    migrated = catalogue(empty.parameters)
    with on(empty.parameters) as connection:
        partitions = set(
            connection.exec_driver_sql("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'").scalars()
        )
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": False,
                "include_name": lambda name, kind, _parents: kind != "table" or name not in partitions,
                "include_object": lambda _object, name, kind, _reflected, _to: (
                    kind != "table" or name not in NOT_DECLARED
                ),
            },
        )
        assert compare_metadata(context, METADATA[empty.which]) == []
    name = f"{empty.parameters['dbname']}_declared"
    with administrator(servers) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    try:
        declared = psycopg.conninfo.conninfo_to_dict(servers.postgres.conninfo(database=name))
        with on(declared) as connection:
            if empty.which == "tenant":
                _types_and_functions(empty.parameters, connection)
            METADATA[empty.which].create_all(connection)
            connection.commit()
        wanted = catalogue(declared)
    finally:
        drop_database(servers, name)
    for kind, rows in wanted.items():
        assert sorted(map(str, migrated[kind] - rows)) == [], f"{kind} that no model declares"
        assert sorted(map(str, rows - migrated[kind])) == [], f"{kind} that no revision makes"


def _types_and_functions(migrated: Mapping[str, Any], connection: Connection) -> None:
    """What tables and indexes use and metadata cannot make: the range type, and functions in defaults and indexes."""
    connection.exec_driver_sql("CREATE TYPE uuidrange AS RANGE (subtype = uuid)")
    with psycopg.connect(**migrated) as source:
        sequences = source.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'"
        ).fetchall()
        used = source.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND proname IN ('code_text', 'next_patient_code', 'next_appointment_code', 'vietnamese_order')"
            " ORDER BY proname"
        ).fetchall()
    for (name,) in sequences:
        connection.exec_driver_sql(f'CREATE SEQUENCE IF NOT EXISTS "{name}"')
    for (definition,) in used:
        connection.exec_driver_sql(definition.replace("%", "%%"))


@pytest.mark.parametrize("empty", BOTH, indirect=True)
def test_up_down_and_up_again_leave_the_same(empty: Empty) -> None:
    first = runner.upgrade(empty.parameters, empty.which)
    assert (first.before, first.after) == (None, runner.head(empty.which))
    once = catalogue(empty.parameters)
    assert runner.downgrade(empty.parameters, empty.which, "base").after is None
    with psycopg.connect(**empty.parameters) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p', 'S', 'v') AND relname <> ALL(%s)"
            " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace"
            " AND typtype IN ('r', 'e', 'd')",
            (list(NOT_DECLARED),),
        ).fetchall()
        assert left == []
    runner.upgrade(empty.parameters, empty.which)
    assert catalogue(empty.parameters) == once
    assert not runner.upgrade(empty.parameters, empty.which).changed


@pytest.mark.parametrize("empty", BOTH, indirect=True)
def test_each_revision_can_be_taken_back_alone(empty: Empty) -> None:
    runner.upgrade(empty.parameters, empty.which)
    while runner.current(empty.parameters, empty.which) is not None:
        runner.downgrade(empty.parameters, empty.which, "-1")
    runner.upgrade(empty.parameters, empty.which)


@pytest.mark.parametrize("empty", ["tenant"], indirect=True)
def test_administrators_of_existing_hospitals_may_change_its_details(empty: Empty) -> None:
    """Once, whatever else the hospital made of its roles; and no more after the way down."""
    runner.upgrade(empty.parameters, "tenant", "0006")
    with psycopg.connect(**empty.parameters) as connection:
        connection.execute(
            "INSERT INTO roles (name, permissions) VALUES ('admin', '[\"own.thing\"]'), ('nurse', '[\"patient.read\"]')"
        )
    for revision, wanted in (("0007", ["own.thing", "hospital.manage"]), ("0006", ["own.thing"])):
        move = runner.upgrade if revision == "0007" else runner.downgrade
        move(empty.parameters, "tenant", revision)
        with psycopg.connect(**empty.parameters) as connection:
            found = connection.execute("SELECT name, permissions FROM roles ORDER BY name").fetchall()
        assert found == [("admin", wanted), ("nurse", ["patient.read"])]


@pytest.mark.parametrize("empty", ["tenant"], indirect=True)
def test_nobody_of_an_existing_hospital_loses_sight_of_everything(empty: Empty) -> None:
    """Roles are limited to departments where each who has them is in one, by the account or by the schedule."""
    runner.upgrade(empty.parameters, "tenant", "0030")
    with psycopg.connect(**empty.parameters) as connection:
        connection.execute("INSERT INTO roles (name) VALUES ('admin'), ('doctor'), ('nurse'), ('Trưởng khoa')")
        connection.execute("INSERT INTO departments (code, name) VALUES ('NOI', 'Khoa Nội')")
        # A nurse without a department, and one who has left; a doctor whom only the schedule puts into one.
        connection.execute(
            "INSERT INTO users (username, email, full_name, role, status) VALUES"
            " ('yta', 'a@a.vn', 'Y Tá', 'nurse', 'active'), ('bs', 'b@a.vn', 'Bác Sĩ', 'doctor', 'active'),"
            " ('cu', 'c@a.vn', 'Đã Nghỉ', 'doctor', 'inactive')"
        )
        connection.execute(
            "INSERT INTO user_roles (user_id, role_id) SELECT u.id, r.id FROM users u JOIN roles r ON r.name = u.role"
        )
        connection.execute(
            "INSERT INTO doctor_schedules"
            " (doctor_id, department_id, weekday, start_time, end_time, slot_minutes, valid_from)"
            " SELECT u.id, d.id, 0, '08:00', '11:00', 20, current_date FROM users u, departments d"
            " WHERE username = 'bs'"
        )
    runner.upgrade(empty.parameters, "tenant", "0031")
    with psycopg.connect(**empty.parameters) as connection:
        found = dict(connection.execute("SELECT name, reach FROM roles").fetchall())
    whole = dict.fromkeys(("admin", "nurse", "Trưởng khoa"), "hospital")
    assert found == {**whole, "doctor": "departments"}


@pytest.mark.parametrize("empty", ["tenant"], indirect=True)
def test_patients_of_earlier_imports_are_known_as_theirs(empty: Empty) -> None:
    """By the moment of the transaction that made them; whoever was registered by hand meanwhile is of no import."""
    runner.upgrade(empty.parameters, "tenant", "0028")
    with psycopg.connect(**empty.parameters) as connection:
        admin = connection.execute(
            "INSERT INTO users (username, email, full_name, role, status) VALUES ('q', 'q@a.example', 'Q', 'admin', "
            "'active') RETURNING id"
        ).fetchone()
        assert admin is not None
        made = connection.execute(
            "INSERT INTO patient_imports (file_name, file_kind, file_bytes, encoding, heading_row, headings, mapping,"
            " samples, state, rows_done, committed_at, committed_by)"
            " VALUES ('a.csv', 'csv', 9, 'utf-8', 1, '[]', '[]', '{}', 'done', 1, now(), %s) RETURNING id",
            admin,
        ).fetchone()
        assert made is not None
        for name, seconds_before in (("Imported", 0), ("By Hand", 1)):
            connection.execute(
                "INSERT INTO patients (patient_global_id, full_name, search_key, date_of_birth, gender, created_by,"
                " created_at) VALUES (gen_random_uuid(), %s, 'x', '1990-01-01', 'other', %s,"
                " now() - make_interval(secs => %s))",
                (name, *admin, seconds_before),
            )
    runner.upgrade(empty.parameters, "tenant", "0029")
    with psycopg.connect(**empty.parameters) as connection:
        found = connection.execute("SELECT full_name, import_id, version FROM patients ORDER BY full_name").fetchall()
        assert found == [("By Hand", None, 1), ("Imported", made[0], 1)]
        connection.execute(
            "UPDATE patient_imports SET state = 'taken_back', taken_back_at = now(), taken_back_by = %s", admin
        )
    runner.downgrade(empty.parameters, "tenant", "0028")
    with psycopg.connect(**empty.parameters) as connection:
        assert connection.execute("SELECT state, committed_at FROM patient_imports").fetchall() == [("discarded", None)]
