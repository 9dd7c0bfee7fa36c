"""From a file to patients: all of them, with everything that registering does, or none."""

import json
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from kernel.clock import utc_now
from kernel.errors import PreconditionFailed
from kernel.ids import new_row_id
from manage.demo.people import people
from tenant_app.audit.public import AuditLog
from tenant_app.patient_imports import checking, service, staging
from tenant_app.patient_imports.committing import commit_rows
from tenant_app.patient_imports.errors import ImportNotReady, NothingToImport, RowsUndecided
from tenant_app.patient_imports.legacy import to_tcvn3, to_vni
from tenant_app.patient_imports.models import PatientImport, PatientImportFile, PatientImportRow
from tenant_app.patient_imports.queries import counts_of, rows_of
from tenant_app.patient_imports.runner import GAVE_UP, INTERRUPTED
from tenant_app.patient_imports.staging import LeaseLost, mark_repeated
from tenant_app.patients.models import PatientAllergy
from tenant_app.patients.public import Patient, PatientIdentifier, Registration, register
from tenant_app.patients.record_models import PatientContact
from tests.support.clinic import Clinic
from tests.support.imports import Desk
from tests.support.patient_files import HEADINGS, csv_file, line_of, xlsx_file
from tests.support.waiting import wait_until


def count(clinic: Clinic, table: Any, *where: Any) -> int:
    with clinic.uow() as uow:
        return uow.session.scalar(select(func.count()).select_from(table).where(*where)) or 0


def test_a_file_becomes_patients(desk: Desk, clinic: Clinic) -> None:
    them = people(30)
    found = desk.checked(csv_file(map(line_of, them)))
    assert (found.state, found.rows_total, found.failure) == ("checked", 30, None)
    assert count(clinic, Patient) == 0
    done = desk.imported(found)
    assert (done.state, done.rows_done, done.failure, done.committed_by) == ("done", 30, None, clinic.admin.id)
    with clinic.uow() as uow:
        patients = uow.session.scalars(select(Patient).order_by(Patient.patient_code)).all()
        assert [each.full_name for each in patients] == [each.full_name for each in them]
        assert [each.date_of_birth for each in patients] == [each.date_of_birth for each in them]
        found_numbers = uow.session.execute(select(PatientIdentifier.value, PatientIdentifier.patient_id))
        numbers = dict(list(found_numbers))
        assert [numbers[each.cccd] for each in them] == [each.id for each in patients]
    assert count(clinic, PatientImportRow) == count(clinic, PatientImportFile) == 0


def test_importing_leaves_what_registering_leaves(desk: Desk, clinic: Clinic) -> None:
    """The same person both ways: every column, number, allergy, audit row and event is the same."""
    who = people(1)[0]
    headings = (*HEADINGS, "Số thẻ BHYT", "Email", "Dị ứng", "Nhóm máu", "Người nhà", "SĐT người nhà", "Quan hệ")
    more = ["GD4797912345678", "An@Example.VN", "Penicillin; tôm", "O Rh+", "Trần Thị Mẹ", "0912 345 678", "mẹ"]
    desk.imported(desk.checked(csv_file([[*line_of(who), *more]], headings=headings)))
    imported = left_behind(clinic)
    with clinic.uow() as uow:
        uow.session.execute(text("UPDATE patient_identifiers SET valid_to = now() WHERE valid_to IS NULL"))
        uow.commit()
    with clinic.uow() as uow:
        new = Registration(
            full_name=who.full_name,
            date_of_birth=who.date_of_birth,
            gender=who.gender,
            identifiers={"cccd": who.cccd, "bhyt": more[0]},
            details={
                "phone": who.phone,
                "address": "12 Lê Lợi, Quận 1",
                "email": more[1],
                "allergies": ["Penicillin", "tôm"],
                "blood_type": "O+",
                "emergency_contact": {"name": more[4], "phone": "0912345678", "relation": more[6]},
            },
        )
        register(uow=uow, actor=clinic.admin, new=new)
        uow.commit()
    registered = left_behind(clinic)
    assert imported == registered


def left_behind(clinic: Clinic) -> dict[str, Any]:
    """What the last patient's registration left, without what differs from one patient to the next."""
    with clinic.uow() as uow:
        patient = uow.session.scalars(select(Patient).order_by(Patient.patient_code.desc()).limit(1)).one()
        own = {"id", "patient_code", "patient_global_id", "import_id", "created_at", "updated_at"}
        numbers = uow.session.execute(
            select(PatientIdentifier.system, PatientIdentifier.value, PatientIdentifier.created_by)
            .where(PatientIdentifier.patient_id == patient.id)
            .order_by(PatientIdentifier.system)
        )
        allergies = uow.session.execute(
            select(PatientAllergy.substance, PatientAllergy.severity, PatientAllergy.created_by)
            .where(PatientAllergy.patient_id == patient.id)
            .order_by(PatientAllergy.substance)
        )
        contacts = uow.session.execute(
            select(
                PatientContact.full_name,
                PatientContact.relation,
                PatientContact.phone,
                PatientContact.call_first,
                PatientContact.is_guardian,
                PatientContact.created_by,
            ).where(PatientContact.patient_id == patient.id)
        )
        audit = uow.session.execute(
            select(AuditLog.actor_kind, AuditLog.user_id, AuditLog.portal, AuditLog.action, AuditLog.changed).where(
                AuditLog.patient_id == patient.id, AuditLog.resource_id == str(patient.id)
            )
        )
        with clinic.hospital.superuser() as connection:
            event = connection.execute(
                "SELECT aggregate_type, event_type, epoch, n, state, payload FROM outbox WHERE aggregate_id = %s",
                [patient.id],
            ).fetchall()
        told = json.dumps([list(each) for each in event]).replace(str(patient.patient_global_id), "global")
        return {
            "patient": {
                column.key: getattr(patient, column.key)
                for column in Patient.__table__.columns
                if column.key not in own
            },
            "numbers": [tuple(each) for each in numbers],
            "contacts": [tuple(each) for each in contacts],
            "allergies": [tuple(each) for each in allergies],
            "audit": [tuple(each) for each in audit],
            "event": json.loads(told),
        }


def test_errors_stand_at_their_cells_and_stop_the_import_until_the_rows_are_left_out(
    desk: Desk, clinic: Clinic
) -> None:
    them = people(5)
    rows = [line_of(each) for each in them]
    rows[1][1], rows[2][2], rows[3][3] = "1985", "X", "12345"
    found = desk.checked(csv_file(rows))
    with clinic.uow() as uow:
        counts = counts_of(uow=uow, import_id=found.id)
        wrong = rows_of(uow=uow, import_id=found.id, which="wrong").items
    assert (counts.total, counts.wrong, counts.doubtful, counts.chosen) == (5, 3, 0, 2)
    assert [(row.row_number, row.problems[0]["column"]) for row in wrong] == [
        (3, "date_of_birth"),
        (4, "gender"),
        (5, "cccd"),
    ]
    with pytest.raises(RowsUndecided):
        desk.ask_to_import(found)
    assert desk.decide(found, "import", which="wrong") == 0
    assert desk.decide(found, "skip", which="wrong") == 3
    assert desk.imported(found).rows_done == 2
    assert count(clinic, Patient) == 2


def test_numbers_that_are_taken_or_stand_twice_are_errors_and_people_alike_are_doubts(
    desk: Desk, clinic: Clinic
) -> None:
    them = people(6)
    clinic.patient(them[0])
    clinic.patient(them[1])
    rows = [line_of(them[0]), line_of(them[1], cccd=""), *(line_of(each) for each in them[2:]), line_of(them[2])]
    found = desk.checked(csv_file(rows))
    with clinic.uow() as uow:
        by_number = {row.row_number: row for row in rows_of(uow=uow, import_id=found.id).items}
    assert by_number[2].wrong
    assert by_number[2].problems[-1]["said"]["code"] == "BN-000001"
    assert by_number[3].doubtful
    assert not by_number[3].wrong
    assert by_number[3].problems[0]["said"]["reasons"][0] == "same_name"
    assert by_number[8].problems[0]["said"] == {"row": 4}
    with pytest.raises(RowsUndecided):
        desk.ask_to_import(found)
    desk.decide(found, "skip", which="wrong")
    desk.decide(found, "import", which="doubtful")
    assert desk.imported(found).rows_done == 5
    assert count(clinic, Patient) == 7


def test_a_number_taken_while_the_import_waits_refuses_all_of_it_and_names_the_row(desk: Desk, clinic: Clinic) -> None:
    them = people(20)
    found = desk.checked(csv_file(map(line_of, them)))
    clinic.patient(them[11])
    refused = desk.imported(found)
    assert (refused.state, refused.failure and refused.failure["row"]) == ("checked", 13)
    assert count(clinic, Patient) == 1
    with pytest.raises(RowsUndecided):
        desk.ask_to_import(refused)
    desk.decide(refused, "skip", rows=[13])
    assert desk.imported(refused).rows_done == 19
    assert count(clinic, Patient) == 20


def test_pressed_twice_it_is_imported_once(desk: Desk, clinic: Clinic) -> None:
    found = desk.checked(csv_file(map(line_of, people(10))))
    desk.ask_to_import(found)
    desk.ask_to_import(found)
    tenant = clinic.hospital.tenant
    for each in [desk.runner.begin(tenant, found.id) for _ in range(3)]:
        each.result(timeout=60)
    desk.ask_to_import(found)
    assert desk.worked(found.id).state == "done"
    assert count(clinic, Patient) == 10


def test_two_who_work_on_one_import_make_each_patient_once(desk: Desk, clinic: Clinic) -> None:
    """The lease of the first ran out while it worked: only one of the two transactions can close the import."""
    rows = [line_of(each, cccd="") for each in people(10)]
    found = desk.checked(csv_file(rows))
    desk.ask_to_import(found)
    with clinic.uow() as late:
        late_claim = new_row_id()
        late.session.execute(
            update(PatientImport)
            .where(PatientImport.id == found.id)
            .values(claim_id=late_claim, lease_until=utc_now() - timedelta(seconds=1))
        )
        late.commit()
        second: list[Future[None]] = []

        def told(_rows: int) -> None:
            # It has written its patients and not yet closed the import when the second takes it over.
            second.append(desk.runner.begin(clinic.hospital.tenant, found.id))
            wait_until(lambda: desk.now(found.id).claim_id != late_claim)

        with pytest.raises(LeaseLost):
            commit_rows(uow=late, import_id=found.id, claim=late_claim, told=told)
    second[0].result(timeout=60)
    assert desk.now(found.id).state == "done"
    assert count(clinic, Patient) == 10


def test_a_last_step_that_is_longer_than_the_lease_is_not_begun_anew(
    desk: Desk, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = desk.upload(csv_file(map(line_of, people(3))))
    other, begun = Desk(clinic).runner, list[Future[None]]()

    def longer_than_the_lease(**given: Any) -> None:
        begun.append(other.begin(clinic.hospital.tenant, found.id))
        wait_until(lambda: clinic.somebody_waits() or len(begun) > 1)
        mark_repeated(**given)

    monkeypatch.setattr(staging, "LEASE_SECONDS", 0)
    monkeypatch.setattr(checking, "mark_repeated", longer_than_the_lease)
    assert desk.check(found).state == "checked"
    other.close()
    assert len(begun) == 1, "who looked meanwhile found it done"


def test_what_begins_too_often_without_an_end_is_given_up(desk: Desk, clinic: Clinic) -> None:
    found = desk.upload(csv_file(map(line_of, people(3))))
    with clinic.uow() as uow:
        uow.session.execute(update(PatientImport).values(state="checking", attempts=3))
        uow.commit()
    failed = desk.worked(found.id)
    assert (failed.state, failed.failure and failed.failure["message"]) == ("failed", GAVE_UP)


def test_a_discarded_import_leaves_nothing_and_cannot_go_on(desk: Desk, clinic: Clinic) -> None:
    found = desk.checked(csv_file(map(line_of, people(3))))
    with clinic.uow() as uow:
        service.discard(uow=uow, actor=clinic.admin, import_id=found.id)
        uow.commit()
    assert count(clinic, PatientImportRow) == count(clinic, PatientImportFile) == 0
    with pytest.raises(PreconditionFailed), clinic.uow() as uow:
        service.import_all(uow=uow, actor=clinic.admin, import_id=found.id, version=found.version)
    with pytest.raises(ImportNotReady):
        desk.decide(found, "skip", rows=[2])


def test_with_every_row_left_out_there_is_nothing_to_import(desk: Desk) -> None:
    found = desk.checked(csv_file(map(line_of, people(2))))
    desk.decide(found, "skip", rows=[2, 3])
    with pytest.raises(NothingToImport):
        desk.ask_to_import(found)


def test_workbooks_with_a_title_above_and_real_days(desk: Desk, clinic: Clinic) -> None:
    them = people(4)
    rows = [line_of(each, born=each.date_of_birth, cccd=int(each.cccd), phone=int(each.phone)) for each in them]
    above = [["BỆNH VIỆN HỒNG HÀ"], [], ["Danh sách bệnh nhân"]]
    found = desk.checked(xlsx_file(rows, above=above), "ds.csv")
    assert (found.file_kind, found.heading_row, found.rows_total) == ("xlsx", 4, 4)
    desk.imported(found)
    with clinic.uow() as uow:
        numbers = set(uow.session.scalars(select(PatientIdentifier.value)))
        assert numbers == {each.cccd for each in them}
        assert set(uow.session.scalars(select(Patient.phone))) == {each.phone for each in them}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1258", "tcvn3", "vni"])
def test_old_encodings_are_found_and_read(desk: Desk, clinic: Clinic, encoding: str) -> None:
    them = people(5)
    rows = [line_of(each) for each in them]
    if encoding in {"tcvn3", "vni"}:
        convert = to_tcvn3 if encoding == "tcvn3" else to_vni
        text_of_it = csv_file(rows, encoding="utf-8").decode()
        content = convert(text_of_it).encode("latin-1")
    else:
        content = csv_file(rows, encoding=encoding, separator=";")
    found = desk.upload(content)
    assert found.encoding == encoding.removesuffix("-sig")
    assert found.mapping == ["full_name", "date_of_birth", "gender", "cccd", "phone", "address"]
    desk.imported(desk.check(found))
    with clinic.uow() as uow:
        assert set(uow.session.scalars(select(Patient.full_name))) == {each.full_name for each in them}


def test_expired_imports_are_discarded_and_their_rows_pruned(desk: Desk, clinic: Clinic) -> None:
    found = desk.checked(csv_file(map(line_of, people(3))))
    with clinic.uow() as uow:
        uow.session.execute(update(PatientImport).values(expires_at=utc_now() - timedelta(hours=1)))
        uow.commit()
    with clinic.uow("seal") as uow:
        pruned = uow.session.execute(text("SELECT kind, removed FROM prune_patient_imports(100)"))
        removed: dict[str, int] = dict(list(pruned))
        uow.commit()
    assert removed == {"patient_import_files": 1, "patient_import_rows": 3}
    assert desk.now(found.id).state == "discarded"


def test_an_import_that_is_over_holds_nothing_of_its_patients(desk: Desk, clinic: Clinic) -> None:
    """Neither the rows nor the first lines, which are shown while the columns are named."""
    them = people(3)
    done = desk.imported(desk.checked(csv_file([line_of(them[0])])))
    given_up = desk.checked(csv_file([line_of(them[1])]))
    by_older_code = desk.checked(csv_file([line_of(them[2])]))
    assert them[1].full_name in json.dumps(given_up.samples, ensure_ascii=False)
    with clinic.uow() as uow:
        service.discard(uow=uow, actor=clinic.admin, import_id=given_up.id)
        uow.session.execute(update(PatientImport).where(PatientImport.id == by_older_code.id).values(state="discarded"))
        uow.commit()
    prune(clinic)
    for each in (done, given_up, by_older_code):
        kept = desk.now(each.id)
        assert (kept.samples, kept.headings) == ({}, [])


@pytest.mark.parametrize(("working", "ended"), [("checking", "failed"), ("committing", "checked")])
def test_what_a_dead_process_left_and_nobody_looked_at_is_ended(
    desk: Desk, clinic: Clinic, working: str, ended: str
) -> None:
    found = desk.checked(csv_file(map(line_of, people(3))))

    def left(minutes: int) -> PatientImport:
        moment = utc_now() - timedelta(minutes=minutes)
        with clinic.uow() as uow:
            values = {"state": working, "claim_id": new_row_id(), "lease_until": moment, "updated_at": moment}
            uow.session.execute(update(PatientImport).where(PatientImport.id == found.id).values(**values))
            uow.commit()
        prune(clinic)
        return desk.now(found.id)

    assert left(1).state == working, "whoever looks at it takes it up"
    over = left(6)
    assert (over.state, over.claim_id, over.lease_until) == (ended, None, None)
    assert over.failure == {"message": INTERRUPTED, "said": {}, "row": None}
    again = desk.check(over) if ended == "failed" else over
    assert desk.imported(again).rows_done == 3


def test_without_headings_the_first_row_is_a_patient_too(desk: Desk, clinic: Clinic) -> None:
    them = people(3)
    found = desk.upload(csv_file([line_of(each) for each in them[1:]], headings=line_of(them[0])))
    assert (found.heading_row, set(found.headings)) == (0, {""})
    columns = ["full_name", "date_of_birth", "gender", "cccd", "phone", "address"]
    desk.imported(desk.check(found, mapping=columns))
    with clinic.uow() as uow:
        assert set(uow.session.scalars(select(Patient.full_name))) == {each.full_name for each in them}


def prune(clinic: Clinic) -> None:
    """As the job does it."""
    with clinic.uow("seal") as uow:
        uow.session.execute(text("SELECT * FROM prune_patient_imports(100)"))
        uow.commit()


def test_the_other_hospital_sees_nothing(desk: Desk, clinics: tuple[Clinic, Clinic]) -> None:
    desk.checked(csv_file(map(line_of, people(3))))
    assert count(clinics[1], PatientImport) == count(clinics[1], PatientImportRow) == 0
