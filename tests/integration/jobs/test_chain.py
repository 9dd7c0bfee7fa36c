"""The audit chain on real databases: what is whole verifies, and each kind of tampering is named where it was done."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from central import roles
from central.audit.public import record, security_event
from jobs.audit_keys import AuditKeys
from jobs.sealing.public import ChainStalled, NotedHead, Seal, central_logs, hospital_log, seal_next
from keys.encoding import to_base64url
from keys.public import Keychain
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.sealing import audit_keys, seal_all, seal_some, verified, verified_log, write_rows
from tests.support.waiting import wait_until


@pytest.fixture
def sealing_keys(central: CentralDatabase, keychain: Keychain) -> AuditKeys:
    return audit_keys(central, keychain)


@pytest.fixture
def chained(hospital: Hospital, sealing_keys: AuditKeys) -> list[Seal]:
    """Five seals of four rows each, and two rows that wait."""
    with hospital.connect() as connection:
        write_rows(connection, 20)
    seals = seal_all(hospital, sealing_keys, rows=20, limit=4)
    assert [seal.body.row_count for seal in seals] == [4] * 5
    with hospital.connect() as connection:
        write_rows(connection, 2)
    return seals


def test_a_whole_chain_verifies_and_says_what_waits(hospital: Hospital, chained: list[Seal]) -> None:
    found = verified(hospital, heads=[_head(seal) for seal in chained])
    assert found.broken is None
    assert (found.seals, found.rows, found.unsealed) == (5, 20, 2)
    assert found.unsealed_seconds < 60


def test_each_hospital_has_a_chain_of_its_own(
    two_hospitals: tuple[Hospital, Hospital], sealing_keys: AuditKeys
) -> None:
    for hospital in two_hospitals:
        with hospital.connect() as connection:
            write_rows(connection, 3)
        seal_all(hospital, sealing_keys, rows=3)
    one, other = two_hospitals
    with one.superuser() as connection:
        rows = connection.execute("SELECT * FROM audit_seals").fetchall()
    with other.superuser() as connection:
        connection.execute("DELETE FROM audit_seals")
        slots = sql.SQL(", ").join([sql.Placeholder()] * len(rows[0]))
        connection.execute(sql.SQL("INSERT INTO audit_seals VALUES ({})").format(slots), rows[0])
    assert verified(one).broken is None
    broken = verified(other).broken
    assert broken is not None
    assert (broken.sequence, broken.fault) == (1, "seal_changed")


TAMPERING: dict[str, tuple[str, str, int]] = {
    "a row's text is changed": (
        """UPDATE audit_logs SET action = 'patient.create'
        WHERE id = (SELECT last_id FROM audit_seals WHERE sequence = 3)""",
        "row_changed",
        3,
    ),
    "a row's time is changed": (
        """UPDATE audit_logs SET created_at = created_at - interval '1 microsecond'
        WHERE id = (SELECT first_id FROM audit_seals WHERE sequence = 2)""",
        "row_changed",
        2,
    ),
    "a row's NULL becomes empty": (
        "UPDATE audit_logs SET user_agent = '' WHERE id = (SELECT first_id FROM audit_seals WHERE sequence = 5)",
        "row_changed",
        5,
    ),
    "a row is deleted": (
        "DELETE FROM audit_logs WHERE id = (SELECT first_id FROM audit_seals WHERE sequence = 4)",
        "row_deleted",
        4,
    ),
    "two rows change places": (
        """UPDATE audit_logs l SET resource_id = CASE l.resource_id WHEN '8' THEN '9' ELSE '8' END
        WHERE l.resource_id IN ('8', '9')""",
        "row_changed",
        3,
    ),
    "a row is put among the sealed ones": (
        """INSERT INTO audit_logs (id, xid, actor_kind, portal, action, resource_type)
        SELECT '00000000-0000-7000-8000-000000000000', last_xid, 'staff', 'hospital', 'patient.read', 'patient'
        FROM audit_seals WHERE sequence = 1""",
        "row_inserted",
        1,
    ),
    "a seal's digest is changed": (
        "UPDATE audit_seals SET digest = sha256('x') WHERE sequence = 2",
        "seal_changed",
        2,
    ),
    "a seal counts fewer rows": (
        "UPDATE audit_seals SET row_count = 3 WHERE sequence = 2",
        "seal_changed",
        2,
    ),
    "a seal's time is changed": (
        "UPDATE audit_seals SET sealed_at = sealed_at + interval '1 second' WHERE sequence = 4",
        "seal_changed",
        4,
    ),
    "a seal's signature is another's": (
        "UPDATE audit_seals SET signature = (SELECT signature FROM audit_seals WHERE sequence = 1) WHERE sequence = 3",
        "seal_changed",
        3,
    ),
    "a seal in the middle is gone": ("DELETE FROM audit_seals WHERE sequence = 3", "seal_missing", 3),
    "the end is cut off, seals and rows": (
        """WITH cut AS (DELETE FROM audit_seals WHERE sequence >= 4 RETURNING first_xid, first_id)
        DELETE FROM audit_logs WHERE (xid, id) >= (SELECT first_xid, first_id FROM cut ORDER BY 1, 2 LIMIT 1)""",
        "seal_missing",
        4,
    ),
    "everything is gone": ("TRUNCATE audit_seals, audit_logs", "seal_missing", 1),
}


@pytest.mark.parametrize("tampering", TAMPERING)
def test_tampering_is_named_where_it_was_done(hospital: Hospital, chained: list[Seal], tampering: str) -> None:
    statement, fault, sequence = TAMPERING[tampering]
    with hospital.superuser() as connection:
        connection.execute(statement.encode())
    broken = verified(hospital, heads=[_head(chained[-1])]).broken
    assert broken is not None
    assert (broken.fault, broken.sequence) == (fault, sequence)
    if fault in {"row_changed", "row_deleted", "row_inserted"}:
        covers = chained[sequence - 1].body
        assert broken.last == covers.last, "the rows in doubt are between two places"
        assert broken.after < covers.first


def test_a_history_that_was_sealed_anew_contradicts_the_head_that_was_told(
    hospital: Hospital, chained: list[Seal], sealing_keys: AuditKeys
) -> None:
    with hospital.superuser() as connection:
        connection.execute("DELETE FROM audit_seals WHERE sequence >= 4")
        connection.execute("DELETE FROM audit_logs WHERE resource_id = '19'")
    # An honest sealer goes on from where the chain now ends, so that the chain alone looks whole.
    seal_all(hospital, sealing_keys, rows=7)
    assert verified(hospital).broken is None
    broken = verified(hospital, heads=[_head(seal) for seal in chained]).broken
    assert broken is not None
    assert (broken.fault, broken.sequence) == ("seal_replaced", 4)


def test_a_key_put_into_the_hospitals_database_proves_nothing(hospital: Hospital, chained: list[Seal]) -> None:
    with hospital.superuser() as connection:
        connection.execute("UPDATE audit_seals SET key_id = 'mine' WHERE sequence = 1")
    broken = verified(hospital).broken
    assert broken is not None
    assert (broken.fault, broken.sequence) == ("seal_changed", 1)


def test_a_transaction_that_commits_late_is_sealed_once_and_after_the_others(
    hospital: Hospital, sealing_keys: AuditKeys
) -> None:
    with hospital.connect(autocommit=False) as early, hospital.connect() as later:
        write_rows(early, 3, action="early")
        write_rows(later, 3, action="later")
        # The one that began first is still open: nothing after it may be sealed.
        assert seal_some(hospital, sealing_keys) is None
        early.commit()
        seal_all(hospital, sealing_keys, rows=6)
    found = verified(hospital)
    assert (found.broken, found.rows, found.unsealed) == (None, 6, 0)


def test_a_transaction_that_rolls_back_leaves_no_gap(hospital: Hospital, sealing_keys: AuditKeys) -> None:
    with hospital.connect(autocommit=False) as given_up, hospital.connect() as later:
        write_rows(given_up, 3)
        write_rows(later, 2)
        given_up.rollback()
    seal_all(hospital, sealing_keys, rows=2)
    assert (verified(hospital).rows, verified(hospital).unsealed) == (2, 0)


def test_many_writers_and_two_sealers_leave_every_row_in_one_seal(
    hospital: Hospital, central: CentralDatabase, keychain: Keychain
) -> None:
    writers, each = 6, 40
    done = threading.Event()
    failures: list[Exception] = []

    def watched(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except Exception as err:  # noqa: BLE001 - whatever it is, the test fails with it below.
                failures.append(err)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def write(number: int) -> None:
        with hospital.connect(autocommit=False) as connection:
            for turn in range(each):
                write_rows(connection, 1 + turn % 3)
                if turn % 5 == number % 5:
                    connection.rollback()
                elif turn % 4:
                    connection.commit()
            connection.commit()

    def seal() -> None:
        keys = audit_keys(central, keychain)
        while not done.is_set():
            seal_some(hospital, keys, limit=37)

    hospital.database("seal")
    sealers = [watched(seal) for _ in range(2)]
    for thread in [watched(lambda number=number: write(number)) for number in range(writers)]:  # type: ignore[misc]  # a default argument keeps the number of this turn
        thread.join()
    with hospital.superuser() as connection:
        written = _number(connection, "SELECT count(*) FROM audit_logs")
        wait_until(
            lambda: _number(connection, "SELECT coalesce(sum(row_count), 0) FROM audit_seals") >= written, seconds=60
        )
    done.set()
    for thread in sealers:
        thread.join()
    assert not failures
    found = verified(hospital)
    assert (found.broken, found.rows, found.unsealed) == (None, written, 0)


def test_nobody_but_the_owner_changes_log_or_chain(hospital: Hospital, chained: list[Seal]) -> None:
    statements = (
        "UPDATE audit_logs SET action = 'x'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
        "UPDATE audit_seals SET row_count = 1",
        "DELETE FROM audit_seals",
        "TRUNCATE audit_seals",
    )
    for purpose in ("app", "portal", "sync", "seal"):
        with hospital.connect(purpose) as connection:
            for statement in statements:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("column", "value"),
    [("xid", "9223372036854775807"), ("created_at", "2026-01-01"), ("id", "019a0000-0000-7000-8000-000000000001")],
)
def test_who_writes_a_row_cannot_say_when_or_in_which_transaction(hospital: Hospital, column: str, value: str) -> None:
    statement = sql.SQL(
        "INSERT INTO audit_logs (actor_kind, portal, action, resource_type, {})"
        " VALUES ('staff', 'hospital', 'patient.read', 'patient', {})"
    ).format(sql.Identifier(column), value)
    for purpose in ("app", "portal"):
        with hospital.connect(purpose) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_the_sealer_reads_no_patient_and_no_key_of_the_hospital(hospital: Hospital) -> None:
    with hospital.connect("seal") as connection:
        for table in ("patients", "patient_identifiers", "data_keys", "outbox", "sync_signing_keys"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(table)))
        for column in ("full_name", "username", "email", "phone", "password_hash"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("SELECT {} FROM users").format(sql.Identifier(column)))


def test_a_server_whose_transactions_are_behind_the_chain_is_told_of(
    hospital: Hospital, chained: list[Seal], sealing_keys: AuditKeys
) -> None:
    with hospital.superuser() as connection:
        connection.execute("UPDATE audit_seals SET last_xid = '9000000000000000000' WHERE sequence = 5")
    with hospital.unit_of_work("seal") as uow, pytest.raises(ChainStalled):
        seal_next(uow=uow, log_=hospital_log(hospital.tenant), key=sealing_keys.current())


def test_central_has_a_chain_for_each_of_its_logs(central: CentralDatabase, sealing_keys: AuditKeys) -> None:
    with central.database().unit_of_work() as uow:
        for number in range(3):
            record(uow=uow, actor=None, action="tenant.suspend", resource_type="tenant", resource_id=number)
        security_event(uow=uow, event="sign_in_failed", risk="low", details={"count": 3, "why": "thử"})
        uow.commit()
    logs = central_logs()
    sealed: dict[str, int] = {}

    def seal() -> bool:
        for log in logs:
            with central.database(roles.SEAL).unit_of_work() as uow:
                seal = seal_next(uow=uow, log_=log, key=sealing_keys.current())
                uow.commit()
            if seal is not None:
                sealed[log.chain] = sealed.get(log.chain, 0) + seal.body.row_count
        return sum(sealed.values()) >= 4

    wait_until(seal, seconds=30)
    assert sealed == {"central:admin_audit_logs": 3, "central:security_audit_logs": 1}
    assert [verified_log(central, log).rows for log in logs] == [3, 1]
    with central.superuser() as connection:
        connection.execute("UPDATE admin_audit_logs SET resource_id = '7' WHERE resource_id = '1'")
    broken = [verified_log(central, log).broken for log in logs]
    assert [each.fault if each else None for each in broken] == ["row_changed", None]


def test_central_application_roles_cannot_backdate_a_row(central: CentralDatabase) -> None:
    with central.database().unit_of_work() as uow, pytest.raises(ProgrammingError):
        uow.session.execute(
            text(
                "INSERT INTO admin_audit_logs (actor_name, action, resource_type, created_at)"
                " VALUES ('x', 'x', 'x', now())"
            )
        )


def _head(seal: Seal) -> NotedHead:
    return NotedHead(seal.body.chain, seal.body.sequence, to_base64url(seal.digest))


def _number(connection: psycopg.Connection[Any], statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    assert row is not None
    return int(row[0])
