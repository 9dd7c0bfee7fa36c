"""Every role of central and of three hospitals against every database, table and function."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from central import roles
from central.provisioning.names import GRANTED_PURPOSES, PURPOSES, role_name
from tests.isolation import matrix
from tests.isolation.conftest import Ground
from tests.isolation.rights import functions, table_rights
from tests.support.databases import PASSWORDS
from tests.support.hospitals import Hospital

CENTRAL_APPS = tuple(name for name in roles.IN_CENTRAL if name != roles.OWNER)


def hospital_roles(hospital: Hospital) -> list[str]:
    return [role_name(hospital.database_name, purpose) for purpose in PURPOSES]


def every_role(ground: Ground) -> dict[str, str]:
    """Each role with its password."""
    passwords = dict(PASSWORDS)
    for hospital in ground.hospitals:
        for purpose in PURPOSES:
            parameters = hospital.parameters(purpose)
            passwords[parameters["user"]] = parameters["password"]
    return passwords


def may_connect(ground: Ground, role: str, database: str) -> bool:
    """What should be: each role to its own database, the provisioner to where it stands."""
    if role == roles.PROVISIONER:
        return database == "postgres"
    if role in roles.IN_CENTRAL:
        return database == ground.central.name
    return role.rsplit("_", 1)[0] == database


def all_databases(ground: Ground) -> Iterator[str]:
    # Other workers' databases come and go at this moment; these are the ones that are ours to judge.
    yield from ("postgres", "template0", "template1", ground.template, ground.central.name)
    yield from (hospital.database_name for hospital in ground.hospitals)


def test_every_role_connects_to_its_own_database_only(ground: Ground) -> None:
    parameters = ground.hospitals[0].parameters("app")
    wrong = []
    passwords = every_role(ground)
    assert len(passwords) == len(roles.ALL) + 3 * len(PURPOSES)
    for role, password in passwords.items():
        for database in all_databases(ground):
            try:
                psycopg.connect(**{**parameters, "user": role, "password": password, "dbname": database}).close()
                connected = True
            except psycopg.OperationalError:
                connected = False
            if connected != may_connect(ground, role, database):
                wrong.append((role, database, connected))
    assert wrong == []


def test_a_hospitals_password_opens_no_other_hospitals_role(ground: Ground) -> None:
    one, other = ground.hospitals[:2]
    for purpose in PURPOSES:
        mixed = {**other.parameters(purpose), "password": one.parameters(purpose)["password"]}
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(**mixed)


def test_rights_in_central_are_exactly_those_written_down(ground: Ground) -> None:
    with ground.central.superuser() as connection:
        assert table_rights(connection, CENTRAL_APPS) == matrix.CENTRAL
        assert functions(connection, CENTRAL_APPS) == matrix.CENTRAL_FUNCTIONS


def test_rights_in_each_hospital_are_exactly_those_written_down(ground: Ground) -> None:
    for hospital in ground.hospitals:
        named = {role_name(hospital.database_name, purpose): purpose for purpose in GRANTED_PURPOSES}
        with hospital.superuser() as connection:
            found = table_rights(connection, list(named))
            executable = functions(connection, list(named))
        assert {named[role]: rights for role, rights in found.items()} == matrix.HOSPITAL
        assert {named[role]: names for role, names in executable.items()} == matrix.HOSPITAL_FUNCTIONS


def test_no_role_has_a_right_in_a_database_that_is_not_its_own(ground: Ground) -> None:
    """The second line: even with CONNECT given by mistake, there is nothing that another's role could read."""
    strangers = {hospital.database_name: hospital_roles(hospital) for hospital in ground.hospitals}
    strangers[ground.central.name] = [*roles.IN_CENTRAL, roles.PROVISIONER]
    places = [(hospital.database_name, hospital.superuser) for hospital in ground.hospitals]
    places.append((ground.central.name, ground.central.superuser))
    for database, superuser in places:
        others = [role for home, names in strangers.items() if home != database for role in names]
        if database == ground.central.name:
            others.append(roles.PROVISIONER)
        with superuser() as connection:
            assert table_rights(connection, others) == {role: {} for role in others}
            assert functions(connection, others) == {role: set() for role in others}
            usage = connection.execute(
                "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND ("
                " has_schema_privilege(oid, 'public', 'USAGE') OR has_schema_privilege(oid, 'public', 'CREATE'))",
                (others,),
            ).fetchall()
            assert usage == []


def test_public_has_nothing_anywhere(ground: Ground) -> None:
    for superuser in (*(hospital.superuser for hospital in ground.hospitals), ground.central.superuser):
        with superuser() as connection:
            (row,) = connection.execute("SELECT datacl::text FROM pg_database WHERE datname = current_database()")
            assert not any(entry.startswith("=") for entry in row[0].strip("{}").split(","))
            (schema,) = connection.execute("SELECT nspacl::text FROM pg_namespace WHERE nspname = 'public'")
            assert not any(entry.startswith("=") for entry in schema[0].strip("{}").split(","))
            open_to_all = connection.execute(
                "SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a"
                " WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = 0"
                " UNION ALL SELECT p.proname"
                " FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
                " WHERE p.pronamespace = 'public'::regnamespace AND a.grantee = 0"
                " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid"
                " AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i')"
            ).fetchall()
            assert open_to_all == []


def test_what_is_not_granted_is_refused_when_tried(ground: Ground) -> None:
    """The catalogue said so; here the server does: reading, deleting and emptying each table under each role."""
    hospital = ground.hospitals[0]
    with hospital.superuser() as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
            )
        ]
    assert len(tables) > 20
    for purpose in GRANTED_PURPOSES:
        with hospital.connect(purpose, autocommit=True) as connection:
            for table in tables:
                granted = matrix.HOSPITAL[purpose].get(table, set())
                for right, statement in (
                    ("SELECT", "SELECT FROM {} LIMIT 0"),
                    ("DELETE", "DELETE FROM {} WHERE false"),
                    ("TRUNCATE", "TRUNCATE {}"),
                ):
                    command = sql.SQL(statement).format(sql.Identifier(table))
                    if any(each.split(" ")[0] == right for each in granted):
                        connection.execute(command)
                    else:
                        with pytest.raises(psycopg.errors.InsufficientPrivilege):
                            connection.execute(command)


def test_no_role_is_more_than_it_should_be(ground: Ground) -> None:
    names = [role for hospital in ground.hospitals for role in hospital_roles(hospital)] + list(roles.ALL)
    with ground.central.superuser() as connection:
        powers = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin,"
            " rolinherit"
            " FROM pg_roles WHERE rolname = ANY(%s)",
            (names,),
        ).fetchall()
        members = connection.execute(
            "SELECT m.rolname, r.rolname, inherit_option, set_option FROM pg_auth_members a"
            " JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member WHERE m.rolname = ANY(%s)"
            " AND r.rolname = ANY(%s)",
            (names, names),
        ).fetchall()
        passwords = connection.execute(
            "SELECT count(*) FROM pg_authid WHERE rolname = ANY(%s) AND starts_with(rolpassword, 'SCRAM-SHA-256$1:')",
            (names,),
        ).fetchone()
    assert passwords == (len(names),)
    for name, superuser, databases, makes_roles, replicates, bypasses, logs_in, inherits in powers:
        provisions = name == roles.PROVISIONER
        assert (superuser, replicates, bypasses, logs_in) == (False, False, False, True), name
        assert (databases, makes_roles, inherits) == (provisions, provisions, provisions), name
    # The provisioner administers what it made (PostgreSQL gives it that), and may neither use nor become any of them.
    assert {member for member, *_ in members} <= {roles.PROVISIONER}
    assert all(not inherits and not becomes for _, _, inherits, becomes in members)


def test_no_role_belongs_to_one_of_postgresqls_own(ground: Ground) -> None:
    names = [role for hospital in ground.hospitals for role in hospital_roles(hospital)] + list(roles.ALL)
    with ground.central.superuser() as connection:
        found = connection.execute(
            "SELECT m.rolname, r.rolname FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid"
            " JOIN pg_roles m ON m.oid = a.member WHERE m.rolname = ANY(%s) AND starts_with(r.rolname, 'pg_')",
            (names,),
        ).fetchall()
    assert found == []


def test_only_owners_may_create(ground: Ground) -> None:
    for hospital in ground.hospitals:
        for purpose in GRANTED_PURPOSES:
            with hospital.connect(purpose) as connection:
                for statement in ("CREATE TABLE t ()", "CREATE TEMP TABLE t ()", "CREATE SCHEMA s", "CREATE ROLE r"):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(statement)
    for role in CENTRAL_APPS:
        with ground.central.connect(role) as connection:
            for statement in ("CREATE TABLE t ()", "CREATE TEMP TABLE t ()", "CREATE SCHEMA s", "CREATE ROLE r"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)


def test_a_hospitals_owner_reaches_no_other_hospital(ground: Ground) -> None:
    one, other = ground.hospitals[:2]
    with one.connect("migrate") as connection:
        for statement in (
            sql.SQL("SET ROLE {}").format(sql.Identifier(role_name(other.database_name, "migrate"))),
            sql.SQL("SET ROLE {}").format(sql.Identifier(role_name(one.database_name, "app"))),
            sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role_name(other.database_name, "app"))),
            sql.SQL("ALTER ROLE {} PASSWORD NULL").format(sql.Identifier(role_name(other.database_name, "app"))),
            sql.SQL("ALTER DATABASE {} RENAME TO x").format(sql.Identifier(other.database_name)),
            sql.SQL("CREATE DATABASE x TEMPLATE {}").format(sql.Identifier(other.database_name)),
            sql.SQL("SELECT pg_read_file('PG_VERSION')"),
            sql.SQL("COPY hospital_identity TO PROGRAM 'true'"),
            sql.SQL("ALTER SYSTEM SET log_statement = 'all'"),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_functions_that_act_as_their_owner_pin_their_search_path(ground: Ground) -> None:
    for superuser in (ground.hospitals[0].superuser, ground.central.superuser):
        with superuser() as connection:
            loose = connection.execute(
                "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
                " AND NOT EXISTS (SELECT FROM unnest(proconfig) AS s WHERE s ~ '^search_path=.*pg_temp$')"
            ).fetchall()
            assert loose == []


# Tables that a patient's role reads as they are: about the hospital, and the names of its staff (by column).
OPEN_TO_PATIENTS = frozenset(
    {
        *("departments", "doctor_schedules", "holidays", "hospital_identity", "hospital_info", "hospital_sync"),
        *("reminder_settings", "schedule_exceptions", "users"),
    }
)


def test_patients_tables_are_under_row_level_security(ground: Ground) -> None:
    for hospital in ground.hospitals:
        with hospital.superuser() as connection:
            without = {
                row[0]
                for row in connection.execute(
                    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                    " AND relkind IN ('r', 'p') AND NOT relispartition AND NOT relrowsecurity"
                )
            }
        assert without & set(matrix.HOSPITAL["portal"]) == OPEN_TO_PATIENTS
