"""One runner at a time on a database, every attempt on record, and a fleet in which one failure is one hospital's."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from central import roles
from migrations import runner
from migrations.fleet import Target, migrate_fleet
from migrations.runner import MigrationFailed
from tests.support.databases import PASSWORDS, administrator, drop_database
from tests.support.hospitals import Hospital
from tests.support.servers import Servers


@pytest.fixture
def empty(servers: Servers) -> Iterator[Mapping[str, Any]]:
    """An empty database of the provisioner's, as a template is built."""
    name = f"test_runner_{servers.worker}_{uuid4().hex[:8]}"
    with servers.exclusive("roles"), administrator(servers) as admin:
        roles.ensure_central(admin, database=name, passwords=PASSWORDS)
        admin.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(roles.PROVISIONER))
        )
    yield psycopg.conninfo.conninfo_to_dict(
        servers.postgres.conninfo(database=name, user=roles.PROVISIONER, password=PASSWORDS[roles.PROVISIONER])
    )
    drop_database(servers, name)


def history(parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with psycopg.connect(**parameters) as connection:
        return connection.execute(
            "SELECT version, status, length(checksum), execution_time_ms >= 0, error_message"
            " FROM migrations ORDER BY id"
        ).fetchall()


def test_two_runners_take_turns(empty: Mapping[str, Any]) -> None:
    with ThreadPoolExecutor(max_workers=2) as threads:
        outcomes = list(threads.map(lambda _: runner.upgrade(empty, "tenant"), range(2)))
    assert sorted(outcome.changed for outcome in outcomes) == [False, True]
    versions = [row[0] for row in history(empty)]
    assert len(versions) == len(set(versions))
    assert versions[-1] == runner.head("tenant")


def test_a_runner_waits_for_one_in_another_process(empty: Mapping[str, Any]) -> None:
    """The lock is the database's: here another session holds it, as another process's runner would."""
    with psycopg.connect(**empty) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", (runner.LOCK,))
        with pytest.raises(MigrationFailed):
            runner.upgrade(empty, "tenant", statement_timeout_ms=300)
        with ThreadPoolExecutor(max_workers=1) as threads:
            waiting = threads.submit(runner.upgrade, empty, "tenant")
            other.rollback()
            assert waiting.result(timeout=60).changed


def test_every_revision_is_on_record_with_its_checksum(empty: Mapping[str, Any]) -> None:
    runner.upgrade(empty, "tenant")
    runner.downgrade(empty, "tenant", "-1")
    rows = history(empty)
    assert rows[-1][:2] == (runner.head("tenant"), "reverted")
    assert all(row[1:] == ("success", 64, True, None) for row in rows[:-1])


def test_a_failure_leaves_nothing_but_its_record(empty: Mapping[str, Any]) -> None:
    with psycopg.connect(**empty) as connection:
        connection.execute("CREATE TABLE patients (in_the_way boolean)")
    with pytest.raises(MigrationFailed) as failed:
        runner.upgrade(empty, "tenant")
    assert "in_the_way" not in str(failed.value)
    assert runner.current(empty, "tenant") is None
    (row,) = history(empty)
    assert row[:2] == ("head", "failed")
    assert "42P07" in row[4] or "DuplicateTable" in row[4]
    with psycopg.connect(**empty) as connection:
        connection.execute("DROP TABLE patients")
    assert runner.upgrade(empty, "tenant").changed


def test_it_does_not_wait_long_for_a_table_that_is_in_use(hospital: Hospital) -> None:
    parameters = hospital.parameters("migrate")
    with hospital.connect("app", autocommit=False) as reader:
        reader.execute("SELECT FROM patients LIMIT 1")
        with pytest.raises(MigrationFailed):
            runner.downgrade(parameters, "tenant", "base", lock_timeout_ms=200)
        reader.execute("SELECT FROM patients LIMIT 1")
    assert runner.current(parameters, "tenant") == runner.head("tenant")


def test_a_hospitals_roles_have_their_rights_after_a_migration(hospital: Hospital) -> None:
    parameters = hospital.parameters("migrate")
    runner.downgrade(parameters, "tenant", "base")
    runner.upgrade(parameters, "tenant")
    with hospital.connect("app") as connection:
        connection.execute("SELECT FROM patients LIMIT 1")
    with hospital.connect("sync") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("SELECT FROM patients LIMIT 1")


def test_in_a_fleet_one_failure_is_one_hospitals(two_hospitals: tuple[Hospital, Hospital]) -> None:
    one, other = two_hospitals
    for hospital in two_hospitals:
        runner.downgrade(hospital.parameters("migrate"), "tenant", "-1")
    with one.superuser() as connection:
        # What the revision will make is there already, so it fails for this hospital alone.
        connection.execute("ALTER TABLE alembic_version ADD CHECK (version_num <> '" + runner.head("tenant") + "')")
    unreachable = {**other.parameters("migrate"), "port": 1, "connect_timeout": 2}
    targets = [
        Target(tenant_code="one", parameters=one.parameters("migrate")),
        Target(tenant_code="gone", parameters=unreachable),
        Target(tenant_code="other", parameters=other.parameters("migrate")),
    ]
    results = {result.tenant_code: result for result in migrate_fleet(targets, parallel=2)}
    assert set(results) == {"one", "gone", "other"}
    assert (results["other"].after, results["other"].error) == (runner.head("tenant"), None)
    assert (results["one"].error or "").startswith("migration_failed")
    assert (results["gone"].error or "").startswith("migration_failed")
    assert "secret" not in repr(targets)
    assert one.parameters("migrate")["password"] not in repr(targets)

    with one.superuser() as connection:
        connection.execute("ALTER TABLE alembic_version DROP CONSTRAINT alembic_version_version_num_check")
    again = {result.tenant_code: result for result in migrate_fleet(targets[::2], parallel=2)}
    assert again["one"].after == again["other"].after == runner.head("tenant")


def test_a_process_that_dies_takes_only_its_own_hospital_along(two_hospitals: tuple[Hospital, Hospital]) -> None:
    one, other = two_hospitals
    deadly = {**one.parameters("migrate"), "password": Bomb()}
    targets = [
        Target(tenant_code="deadly", parameters=deadly),
        *(Target(tenant_code=f"fine-{n}", parameters=other.parameters("migrate")) for n in range(3)),
    ]
    results = {result.tenant_code: result.error for result in migrate_fleet(targets, parallel=2)}
    assert results == {"deadly": "process_died", "fine-0": None, "fine-1": None, "fine-2": None}


class Bomb:
    """Unpickled in the child, it ends it as the out-of-memory killer would."""

    def __reduce__(self) -> tuple[Any, tuple[int]]:
        import os

        return (os._exit, (9,))


def test_commands_wait_for_nobody_in_this_process(empty: Mapping[str, Any]) -> None:
    """A failed run gives its turn back."""
    with pytest.raises(MigrationFailed):
        runner.upgrade({**empty, "password": "wrong"}, "tenant")
    with ThreadPoolExecutor(max_workers=1) as threads:
        assert threads.submit(runner.upgrade, empty, "tenant").result(timeout=60).changed
