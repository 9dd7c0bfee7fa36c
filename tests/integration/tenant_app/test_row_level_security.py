"""What the patient portal's role sees: the patient of its transaction, and nothing where none is set."""

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import select, text

from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Forbidden, InvalidFields, NotFound
from kernel.ids import new_row_id
from tenant_app.appointments.public import Filter, SlotTaken, act, book, busy_times, list_appointments
from tenant_app.audit.public import record
from tenant_app.patients.models import PatientAllergy
from tenant_app.patients.public import Patient, PatientIdentifier, note_allergy, patient_record
from tenant_app.portal.public import PatientLink, PatientSession, PatientUser, act_for
from tenant_app.staff.queries import active_doctors
from tests.support.clinic import Clinic, patient_actor, tomorrow

TABLES = (
    "patients",
    "patient_identifiers",
    "patient_allergies",
    "patient_contacts",
    "patient_history",
    "patient_insurance_cards",
    "appointments",
    "patient_users",
    "patient_sessions",
    "patient_refresh_tokens",
    "patient_sign_in_failures",
    "patient_links",
    "patient_login_logs",
    "idempotency_keys",
)


def _account(clinic: Clinic, patient_id: UUID) -> UUID:
    """An account, made as the portal makes it: for the patient of the transaction."""
    with clinic.uow("portal") as uow:
        act_for(uow=uow, patient_id=patient_id, account_id=None)
        account = PatientUser(id=new_row_id(), patient_id=patient_id, status="active")
        uow.session.add(account)
        uow.flush()
        act_for(uow=uow, patient_id=patient_id, account_id=account.id)
        now = utc_now()
        uow.session.add(
            PatientSession(
                id=new_row_id(), account_id=account.id, last_seen_at=now, expires_at=now + timedelta(hours=1)
            )
        )
        uow.commit()
        return account.id


def _rows(uow: UnitOfWork, table: str) -> int:
    count: int = uow.session.scalars(text(f"SELECT count(*) FROM {table}")).one()  # noqa: S608 - names of this file
    return count


def test_without_a_patient_there_is_nothing(clinic: Clinic) -> None:
    """Unset, and also after a transaction that had one, on the same connection: the setting is empty then."""
    patient = clinic.patient().patient.id
    clinic.appointment(patient)
    account = _account(clinic, patient)
    with clinic.uow("portal") as uow:
        assert {table: _rows(uow, table) for table in TABLES} == dict.fromkeys(TABLES, 0)
        act_for(uow=uow, patient_id=patient, account_id=account)
        assert _rows(uow, "patients") == 1
        uow.commit()
        assert {table: _rows(uow, table) for table in TABLES} == dict.fromkeys(TABLES, 0)


def test_a_patient_sees_their_own_and_nobody_elses(clinics: tuple[Clinic, Clinic]) -> None:
    """Two patients of one hospital; at the other hospital the same ids are nobody."""
    clinic, other = clinics
    mine, theirs = (clinic.patient().patient.id for _ in range(2))
    with clinic.uow() as uow:
        for patient, substance in ((mine, "Penicillin"), (theirs, "Latex")):
            note_allergy(uow=uow, actor=clinic.admin, patient_id=patient, substance=substance, severity="severe")
        uow.commit()
    clinic.appointment(mine, start="09:00", end="09:30")
    foreign = clinic.appointment(theirs, start="10:00", end="10:30")
    account = _account(clinic, mine)
    _account(clinic, theirs)
    with clinic.uow("portal") as uow:
        act_for(uow=uow, patient_id=mine, account_id=account)
        assert list(uow.session.scalars(select(Patient.id))) == [mine]
        assert set(uow.session.scalars(select(PatientIdentifier.patient_id))) == {mine}
        assert patient_record(uow=uow, patient_id=mine).allergies == (("Penicillin", "severe", None),)
        assert set(uow.session.scalars(select(PatientAllergy.patient_id))) == {mine}
        assert list(uow.session.scalars(select(PatientUser.id))) == [account]
        assert set(uow.session.scalars(select(PatientSession.account_id))) == {account}
        assert {row.patient_id for row in list_appointments(uow=uow, wanted=Filter()).items} == {mine}
        with pytest.raises(NotFound):
            patient_record(uow=uow, patient_id=theirs)
        with pytest.raises(NotFound):
            act(
                uow=uow,
                actor=patient_actor(clinic.hospital, account),
                appointment_id=foreign.id,
                action="cancel",
                reason="Không phải của tôi",
            )
    with other.uow("portal") as uow:
        act_for(uow=uow, patient_id=mine, account_id=account)
        assert _rows(uow, "patients") == 0


def test_a_patient_books_and_cancels_for_themselves(clinic: Clinic) -> None:
    """Through staff's own services; never for another, never more than cancelling; the audit row is theirs."""
    mine, theirs = (clinic.patient().patient.id for _ in range(2))
    account = _account(clinic, mine)
    actor = patient_actor(clinic.hospital, account)
    clinic.appointment(theirs, start="10:00", end="10:30")
    with clinic.uow("portal") as uow:
        act_for(uow=uow, patient_id=mine, account_id=account)
        assert [doctor.id for doctor in active_doctors(uow=uow)] == [clinic.doctor_id]
        taken = busy_times(uow=uow, doctor_id=clinic.doctor_id, day=tomorrow())
        assert [busy.start_time.hour for busy in taken] == [10]
        made = book(uow=uow, actor=actor, booking=clinic.booking(mine))
        assert made.source == "web_portal"
        with pytest.raises(InvalidFields):
            book(uow=uow, actor=actor, booking=clinic.booking(theirs, start="14:00", end="14:30"))
        uow.commit()
    with clinic.uow("portal") as uow:
        act_for(uow=uow, patient_id=mine, account_id=account)
        with pytest.raises(SlotTaken):
            book(uow=uow, actor=actor, booking=clinic.booking(mine, start="10:15", end="10:45"))
    with clinic.uow("portal") as uow:
        act_for(uow=uow, patient_id=mine, account_id=account)
        with pytest.raises(Forbidden):
            act(uow=uow, actor=actor, appointment_id=made.id, action="confirm")
        row = act(uow=uow, actor=actor, appointment_id=made.id, action="cancel", reason="Bận việc")
        assert (row.status, row.cancelled_by_kind) == ("cancelled", "patient")
        uow.commit()
    with clinic.uow() as uow:
        actions = uow.session.execute(text("SELECT actor_kind, user_id, action FROM audit_logs ORDER BY id")).all()
    assert ("patient", account, "appointment.book") in actions
    assert ("patient", account, "appointment.cancel") in actions


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE patients SET full_name = 'x'",
        "DELETE FROM patients",
        "UPDATE appointments SET doctor_id = patient_id",
        "UPDATE appointments SET status = 'completed'",
        "DELETE FROM appointments",
        "SELECT password_hash FROM users",
        "SELECT email FROM users",
        "SELECT * FROM staff_sessions",
        "SELECT * FROM audit_logs",
        "UPDATE audit_logs SET action = 'x'",
        "SELECT * FROM portal_invites",
        "UPDATE hospital_identity SET tenant_id = uuidv7()",
        "INSERT INTO patients (full_name) VALUES ('x')",
        "SELECT * FROM sync_signing_keys",
        "SELECT * FROM outbox",
        "SELECT audit_make_partitions(1)",
        "SET ROLE pg_database_owner",
    ],
)
def test_the_portal_may_not(clinic: Clinic, statement: str) -> None:
    """Rights, not only rows: refused by the database whatever the portal's code does."""
    patient = clinic.patient().patient.id
    clinic.appointment(patient)
    with clinic.hospital.connect("portal", autocommit=False) as connection:
        connection.execute("SELECT set_config('sokham.patient_id', %s, true)", (str(patient),))
        with pytest.raises(InsufficientPrivilege):
            connection.execute(statement.encode())


def test_a_patient_cannot_write_down_somebody_elses_deeds(clinic: Clinic) -> None:
    """An audit row of the portal is the patient's own."""
    account = _account(clinic, clinic.patient().patient.id)
    with clinic.uow("portal") as uow:
        act_for(uow=uow, patient_id=None, account_id=account)
        record(uow=uow, actor=patient_actor(clinic.hospital, account), action="patient.read", resource_type="patient")
        uow.commit()
    with clinic.uow("portal") as uow:
        act_for(uow=uow, patient_id=None, account_id=account)
        with pytest.raises(Exception, match="row-level security"):
            record(uow=uow, actor=clinic.admin, action="patient.read", resource_type="patient")


def test_signing_in_finds_accounts_by_number_only(clinics: tuple[Clinic, Clinic]) -> None:
    """One function, for the whole number; a link opens an account of another hospital while it lives."""
    clinic, other = clinics
    made = clinic.patient()
    account = _account(clinic, made.patient.id)
    home = new_row_id()
    with clinic.uow("portal") as uow:
        act_for(uow=uow, patient_id=made.patient.id, account_id=account)
        uow.session.add(
            PatientLink(
                id=new_row_id(),
                account_id=account,
                direction="opened_by",
                other_tenant_id=other.hospital.tenant,
                other_account_id=home,
            )
        )
        uow.commit()
    with clinic.hospital.connect("portal") as connection:
        by_number = "SELECT account_id FROM portal_accounts_by_identifier(%s, %s)"
        assert connection.execute(by_number, ("cccd", made.identifiers["cccd"])).fetchall() == [(account,)]
        assert connection.execute(by_number, ("passport", made.identifiers["cccd"])).fetchall() == []
        linked = "SELECT account_id, patient_id FROM portal_linked_account(%s, %s)"
        arguments = (other.hospital.tenant, home)
        assert connection.execute(linked, arguments).fetchall() == [(account, made.patient.id)]
        assert connection.execute(linked, (clinic.hospital.tenant, home)).fetchall() == []
        with clinic.hospital.connect("app") as staff:
            staff.execute("UPDATE patient_links SET ended_at = now(), end_reason = 'password_reset'")
        assert connection.execute(linked, arguments).fetchall() == []
    for purpose in ("app", "sync", "seal"):
        with clinic.hospital.connect(purpose) as connection, pytest.raises(InsufficientPrivilege):
            connection.execute(by_number, ("cccd", made.identifiers["cccd"]))


def test_staff_see_no_password_of_a_patient(clinic: Clinic) -> None:
    """That there is an account, and its state; not how it is opened."""
    _account(clinic, clinic.patient().patient.id)
    with clinic.hospital.connect("app") as connection:
        assert connection.execute("SELECT count(*) FROM patient_users").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT password_hash FROM patient_users")
