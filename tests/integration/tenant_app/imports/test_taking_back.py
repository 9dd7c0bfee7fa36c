"""Taking an import back: all its patients and all that came with them, or none of them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound, PreconditionFailed
from manage.demo.people import people
from tenant_app.audit.public import AuditLog
from tenant_app.patient_imports import service
from tenant_app.patient_imports.errors import ImportInUse, ImportNotReady
from tenant_app.patient_imports.models import PatientImport
from tenant_app.patient_imports.runner import GAVE_UP_TAKING_BACK, INTERRUPTED
from tenant_app.patient_imports.taking_back import IN_USE_MEANWHILE, Prospect, ask_to_take_back, prospect_of
from tenant_app.patients.models import PatientAllergy
from tenant_app.patients.public import Patient, PatientIdentifier, StatusChange, change, note_allergy, set_status
from tenant_app.patients.record_models import PatientContact
from tenant_app.portal.public import issue_code
from tenant_app.reminders.public import set_wishes
from tests.support.clinic import Clinic
from tests.support.imports import Desk
from tests.support.patient_files import HEADINGS, csv_file, line_of

MORE = (*HEADINGS, "Dị ứng", "Người nhà", "SĐT người nhà")


@pytest.fixture
def done(desk: Desk, clinic: Clinic) -> PatientImport:
    """Three patients of a file, with allergies and people to call, beside one who was there before."""
    clinic.patient(people(9)[8])
    rows = [[*line_of(each), "Penicillin", "Trần Thị Mẹ", "0912345678"] for each in people(3)]
    return desk.imported(desk.checked(csv_file(rows, headings=MORE)))


def of_import(clinic: Clinic, found: PatientImport) -> list[Patient]:
    with clinic.uow() as uow:
        return list(uow.session.scalars(select(Patient).where(Patient.import_id == found.id).order_by(Patient.id)))


def prospect(clinic: Clinic, found: PatientImport) -> Prospect:
    with clinic.uow() as uow:
        return prospect_of(uow=uow, found=uow.session.get_one(PatientImport, found.id))


def counts(clinic: Clinic) -> dict[str, int]:
    with clinic.uow() as uow:
        tables: tuple[Any, ...] = (Patient, PatientIdentifier, PatientAllergy, PatientContact)
        return {
            table.__tablename__: uow.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables
        }


def test_all_that_came_with_the_file_goes_and_nothing_else(desk: Desk, clinic: Clinic, done: PatientImport) -> None:
    theirs = {each.id for each in of_import(clinic, done)}
    assert (prospect(clinic, done).patients, prospect(clinic, done).possible) == (3, True)
    back = desk.taken_back(done)
    assert (back.state, back.rows_done, back.failure, back.taken_back_by) == ("taken_back", 3, None, clinic.admin.id)
    assert back.taken_back_at is not None
    assert counts(clinic) == {"patients": 1, "patient_identifiers": 1, "patient_allergies": 0, "patient_contacts": 0}
    with clinic.uow() as uow:
        taken = select(AuditLog.patient_id, AuditLog.user_id).where(AuditLog.action == "patient.take_back")
        assert {tuple(row) for row in uow.session.execute(taken)} == {(each, clinic.admin.id) for each in theirs}
        asked = select(func.count()).where(AuditLog.action == "patient_import.take_back")
        assert uow.session.scalar(asked) == 1
    with clinic.hospital.superuser() as connection:
        told = connection.execute(
            "SELECT aggregate_id, aggregate_type, n, payload FROM outbox WHERE event_type = 'patient.erased'"
        ).fetchall()
    assert {row[0] for row in told} == theirs
    assert {(row[1], row[2], str(row[3])) for row in told} == {("patient", 2, "{}")}


def test_taken_back_they_can_be_imported_again(desk: Desk, clinic: Clinic, done: PatientImport) -> None:
    desk.taken_back(done)
    again = desk.imported(desk.checked(csv_file([line_of(each) for each in people(3)])))
    assert (again.state, again.rows_done) == ("done", 3)
    with clinic.uow() as uow:
        codes = set(uow.session.scalars(select(Patient.patient_code).where(Patient.import_id == again.id)))
    assert codes == {"BN-000005", "BN-000006", "BN-000007"}, "a code is given once"


def _changed(clinic: Clinic, uow: UnitOfWork, patient: Patient) -> None:
    change(uow=uow, actor=clinic.admin, patient_id=patient.id, version=patient.version, details={"phone": "0987654321"})


def _closed(clinic: Clinic, uow: UnitOfWork, patient: Patient) -> None:
    away = StatusChange(status="inactive", reason="moved_away")
    set_status(uow=uow, actor=clinic.admin, patient_id=patient.id, change=away)


def _allergic(clinic: Clinic, uow: UnitOfWork, patient: Patient) -> None:
    note_allergy(uow=uow, actor=clinic.admin, patient_id=patient.id, substance="Tôm")


def _invited(clinic: Clinic, uow: UnitOfWork, patient: Patient) -> None:
    issue_code(uow=uow, actor=clinic.admin, patient_id=patient.id)


def _asked(clinic: Clinic, uow: UnitOfWork, patient: Patient) -> None:
    set_wishes(uow=uow, actor=clinic.admin, patient_id=patient.id, given={"email": "on"})


def _booked(clinic: Clinic, _uow: UnitOfWork, patient: Patient) -> None:
    clinic.appointment(patient.id)


def _waiting(clinic: Clinic, _uow: UnitOfWork, patient: Patient) -> None:
    clinic.number(patient.id)


ADDED: dict[str, tuple[Callable[[Clinic, UnitOfWork, Patient], None], str]] = {
    "a changed phone": (_changed, "changed"),
    "a closed record": (_closed, "changed"),
    "an allergy": (_allergic, "changed"),
    "an activation code": (_invited, "portal"),
    "a wish for reminders": (_asked, "portal"),
    "an appointment": (_booked, "appointment"),
    "a number": (_waiting, "queue"),
}


@pytest.mark.parametrize("what", ADDED)
def test_whatever_was_added_to_one_of_them_stands_in_the_way(
    desk: Desk, clinic: Clinic, done: PatientImport, what: str
) -> None:
    """Before somebody asks, they hear of it; and between asking and doing, the database refuses all of it."""
    act, reason = ADDED[what]
    before = counts(clinic)["patients"]
    desk.ask_to_take_back(done)
    patient = of_import(clinic, done)[1]
    with clinic.uow() as uow:
        act(clinic, uow, patient)
        uow.commit()
    refused = desk.worked(done.id)
    assert (refused.state, refused.rows_done) == ("done", 3)
    assert refused.failure == {"message": IN_USE_MEANWHILE, "said": {}, "row": None}
    found = prospect(clinic, done)
    assert not found.possible
    assert {each: number for each, number in found.counts.items() if number} == {reason: 1}
    assert [(each.patient_id, each.reasons) for each in found.named] == [(patient.id, (reason,))]
    with pytest.raises(ImportInUse):
        desk.ask_to_take_back(done)
    assert counts(clinic)["patients"] == before
    with clinic.hospital.superuser() as connection:
        told = connection.execute("SELECT FROM outbox WHERE event_type = 'patient.erased'").fetchall()
    assert told == []


def test_pressed_twice_it_is_taken_back_once(desk: Desk, clinic: Clinic, done: PatientImport) -> None:
    desk.ask_to_take_back(done)
    desk.ask_to_take_back(done)
    for each in [desk.runner.begin(clinic.hospital.tenant, done.id) for _ in range(3)]:
        each.result(timeout=60)
    desk.ask_to_take_back(done)
    assert desk.worked(done.id).state == "taken_back"
    with clinic.uow() as uow:
        told = select(func.count()).where(AuditLog.action == "patient.take_back")
        assert uow.session.scalar(told) == 3


def test_only_what_was_imported_can_be_taken_back(desk: Desk, clinic: Clinic, done: PatientImport) -> None:
    waiting = desk.checked(csv_file([line_of(people(5)[4])]))
    with pytest.raises(ImportNotReady):
        desk.ask_to_take_back(waiting)
    with pytest.raises(PreconditionFailed), clinic.uow() as uow:
        ask_to_take_back(uow=uow, actor=clinic.admin, import_id=done.id, version=done.version + 1)
    desk.taken_back(done)
    with pytest.raises(ImportNotReady), clinic.uow() as uow:
        service.discard(uow=uow, actor=clinic.admin, import_id=done.id)


def test_patients_whose_import_is_not_known_are_left_alone(desk: Desk, clinic: Clinic, done: PatientImport) -> None:
    """As the code before this imports them while both versions run."""
    one = of_import(clinic, done)[0].id
    with clinic.uow() as uow:
        uow.session.execute(update(Patient.__table__).where(Patient.id == one).values(import_id=None))  # type: ignore[arg-type]  # the table, so that the version stays
        uow.commit()
    assert (prospect(clinic, done).untraced, prospect(clinic, done).possible) == (1, False)
    with pytest.raises(ImportInUse):
        desk.ask_to_take_back(done)


@pytest.mark.parametrize("how", ["given up", "nobody looked"])
def test_begun_and_never_ended_it_stays_imported(desk: Desk, clinic: Clinic, done: PatientImport, how: str) -> None:
    desk.ask_to_take_back(done)
    values = {"attempts": 3} if how == "given up" else {"updated_at": func.now() - func.make_interval(0, 0, 0, 0, 0, 6)}
    with clinic.uow() as uow:
        uow.session.execute(update(PatientImport).where(PatientImport.id == done.id).values(rows_done=1, **values))
        uow.commit()
    if how == "nobody looked":
        with clinic.uow("seal") as uow:
            uow.session.execute(text("SELECT * FROM prune_patient_imports(100)"))
            uow.commit()
    stays = desk.worked(done.id)
    message = GAVE_UP_TAKING_BACK if how == "given up" else INTERRUPTED
    assert (stays.state, stays.rows_done, stays.failure and stays.failure["message"]) == ("done", 3, message)
    assert desk.taken_back(done).state == "taken_back"


def test_the_function_takes_out_nobody_but_those_of_an_import_that_is_being_taken_back(
    clinic: Clinic, done: PatientImport
) -> None:
    with clinic.uow() as uow:
        other = uow.session.scalars(select(Patient.id).where(Patient.import_id.is_(None))).one()
    taking = text("SELECT take_back_patients(:import, :claim, CAST(:patients AS uuid[]))")
    for patient in (other, of_import(clinic, done)[0].id):
        given = {"import": done.id, "claim": done.id, "patients": [patient]}
        with clinic.uow() as uow, pytest.raises(DBAPIError, match="takes this import back"):
            uow.session.execute(taking, given)


def test_another_hospital_takes_nothing_back(clinics: tuple[Clinic, Clinic], done: PatientImport) -> None:
    other = clinics[1]
    with other.uow() as uow, pytest.raises(NotFound):
        ask_to_take_back(uow=uow, actor=other.admin, import_id=done.id, version=done.version)


def test_every_table_that_names_a_patient_stands_in_the_way_and_is_asked_by_index(clinic: Clinic) -> None:
    """A new table as well: its foreign key restricts, and an index answers for each of fifty thousand patients."""
    with clinic.hospital.superuser() as connection:
        found = connection.execute("""
            SELECT k.conname, k.confdeltype = 'r', EXISTS (
                SELECT FROM pg_index x WHERE x.indrelid = k.conrelid AND x.indkey[0] = k.conkey[1]
                    AND x.indpred IS NULL)
            FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = 'patients'::regclass
        """).fetchall()
    assert len(found) > 10
    assert [name for name, restricts, _ in found if not restricts] == []
    assert [name for name, _, indexed in found if not indexed] == []
