"""The audit log can be added to, and nothing else."""

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import text

from kernel.errors import InvalidFields
from tenant_app.audit.public import accesses_of_patient, record, record_sign_in
from tenant_app.patients.public import read
from tests.support.clinic import Clinic


@pytest.mark.parametrize("purpose", ["app", "portal", "sync", "seal"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_logs SET action = 'x'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
        "DROP TABLE audit_logs",
        "ALTER TABLE audit_logs DISABLE ROW LEVEL SECURITY",
        "UPDATE {partition} SET action = 'x'",
        "DELETE FROM {partition}",
        "SELECT * FROM {partition}",
        "INSERT INTO {partition} SELECT * FROM audit_logs",
    ],
)
def test_nobody_changes_it(clinic: Clinic, purpose: str, statement: str) -> None:
    """Not through the table, and not through one of its partitions."""
    clinic.patient()
    with clinic.hospital.superuser() as connection:
        found = connection.execute("SELECT tableoid::regclass::text FROM audit_logs LIMIT 1").fetchone()
        assert found is not None
    with clinic.hospital.connect(purpose) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.format(partition=found[0]).encode())


def test_who_saw_a_patient(clinics: tuple[Clinic, Clinic]) -> None:
    """The newest first, with names of staff, a page at a time; another patient's are not among them."""
    clinic, _ = clinics
    patient, stranger = (clinic.patient().patient.id for _ in range(2))
    doctor = clinic.actor("doctor")
    for _ in range(3):
        with clinic.uow() as uow:
            read(uow=uow, actor=doctor, patient_id=patient)
            uow.commit()
    with clinic.uow() as uow:
        read(uow=uow, actor=doctor, patient_id=stranger)
        uow.commit()
        first = accesses_of_patient(uow=uow, patient_id=patient, limit=3)
        assert [access.action for access in first.items] == ["patient.read"] * 3
        assert {access.user_id for access in first.items} == {doctor.id}
        assert all(access.actor_name for access in first.items)
        rest = accesses_of_patient(uow=uow, patient_id=patient, limit=3, cursor=first.next_cursor)
        assert [access.action for access in rest.items] == ["patient.register"]
        assert rest.next_cursor is None
        for cursor in ("x", first.next_cursor[:-4] if first.next_cursor else "x"):
            with pytest.raises(InvalidFields):
                accesses_of_patient(uow=uow, patient_id=patient, cursor=cursor)


def test_attempts_to_sign_in_are_written_down(clinic: Clinic) -> None:
    """Also those for which there is no account."""
    with clinic.uow() as uow:
        record_sign_in(uow=uow, user_id=clinic.admin.id, succeeded=True)
        record_sign_in(uow=uow, user_id=None, succeeded=False)
        rows = uow.session.execute(text("SELECT action, user_id FROM audit_logs ORDER BY action")).all()
    assert rows == [("auth.sign_in", clinic.admin.id), ("auth.sign_in_failed", None)]


def test_a_row_belongs_to_its_transaction(clinic: Clinic) -> None:
    """The sealer tells complete transactions by `xid`."""
    with clinic.uow() as uow:
        for _ in range(2):
            record(uow=uow, actor=clinic.admin, action="patient.read", resource_type="patient")
        written = uow.session.scalars(text("SELECT DISTINCT xid::text FROM audit_logs")).all()
        assert written == [uow.session.scalars(text("SELECT pg_current_xact_id()::text")).one()]


def test_partitions_are_made_ahead_by_the_sealer(clinic: Clinic) -> None:
    """A year is there from the start; more are made once, without rights on the schema."""
    count = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass"
    with clinic.hospital.connect("seal") as connection:
        assert connection.execute(count).fetchone() == (13,)
        assert connection.execute("SELECT audit_make_partitions(14)").fetchone() == (2,)
        assert connection.execute("SELECT audit_make_partitions(14)").fetchone() == (0,)
        assert connection.execute(count).fetchone() == (15,)
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("SELECT audit_make_partitions(1000)")
        indexed = connection.execute("SELECT count(*) FROM pg_indexes WHERE tablename LIKE 'audit_logs_y%'").fetchone()
    assert indexed == (15 * 6,)
