"""Registering, changing and finding patients, in two hospitals that know nothing of each other."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from manage.demo.people import cccd_for, people, person
from tenant_app.audit.models import AuditLog
from tenant_app.outbox.models import OutboxEvent
from tenant_app.patients.public import (
    IdentifierInUse,
    MismatchToConfirm,
    Patient,
    PatientIdentifier,
    Registration,
    change,
    read,
    read_search,
    register,
    search,
)
from tests.support.clinic import Clinic, registration
from tests.support.counting import Counting


def _outbox(clinic: Clinic) -> list[Any]:
    """Events in the order of their version; the app's role may add to the outbox and not read it."""
    with clinic.uow("migrate") as uow:
        uow.session.connection().exec_driver_sql("SET LOCAL ROLE pg_database_owner")
        return list(uow.session.scalars(select(OutboxEvent).order_by(OutboxEvent.n)))


def test_registration_is_whole(clinics: tuple[Clinic, Clinic]) -> None:
    """Canonical name, code, provisional global id, identifier row, audit row, outbox row; nothing at the other."""
    clinic, other = clinics
    who = replace(person(), full_name="  Nguyễn   Thị Đào ", phone="+84 912.345.678")
    made = clinic.patient(who)
    patient = made.patient
    assert patient.full_name == "Nguyễn Thị Đào"
    assert patient.search_key == "nguyen thi dao"
    assert patient.phone == "0912345678"
    assert patient.patient_code == "BN-000001"
    assert patient.patient_global_id.version == 4
    assert (patient.global_id_state, patient.status, patient.version) == ("provisional", "active", 1)
    assert made.identifiers == {"cccd": who.cccd}
    (event,) = _outbox(clinic)
    assert (event.aggregate_type, event.aggregate_id, event.n) == ("patient", patient.id, 1)
    assert event.payload["metadata"]["full_name"] == "Nguyễn Thị Đào"
    assert event.payload["identifiers"] == [{"system": "cccd", "value": who.cccd}]
    with clinic.uow() as uow:
        log = uow.session.scalars(select(AuditLog).where(AuditLog.action == "patient.register")).one()
        assert (log.patient_id, log.user_id) == (patient.id, clinic.admin.id)
        assert "cccd" in log.changed
        assert who.cccd not in str(log.__dict__)
    assert _outbox(other) == []
    with other.uow() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Patient)) == 0
        with pytest.raises(NotFound):
            read(uow=uow, actor=other.admin, patient_id=patient.id)


def test_all_or_nothing(clinic: Clinic) -> None:
    """Without a commit there is neither patient nor event nor audit row."""
    with clinic.uow() as uow:
        register(uow=uow, actor=clinic.admin, new=registration(person()))
    assert _outbox(clinic) == []
    with clinic.uow() as uow:
        assert uow.session.scalar(select(func.count()).select_from(AuditLog)) == 0
        assert uow.session.scalar(select(func.count()).select_from(Patient)) == 0


def test_one_number_is_one_patient_in_a_hospital(clinics: tuple[Clinic, Clinic]) -> None:
    """The second registration names the first patient; the other hospital registers the same person freely."""
    clinic, other = clinics
    who = person()
    first = clinic.patient(who)
    with clinic.uow() as uow, pytest.raises(IdentifierInUse) as refusal:
        register(uow=uow, actor=clinic.admin, new=registration(who))
    assert refusal.value.data == {"field": "cccd", "patient_id": str(first.patient.id)}
    assert other.patient(who).patient.patient_global_id != first.patient.patient_global_id


def test_the_constraint_speaks_when_the_look_came_too_early(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two desks at once: both looked before either wrote."""
    who = person()
    clinic.patient(who)
    monkeypatch.setattr("tenant_app.patients.service._refuse_taken", lambda *_: None)
    with clinic.uow() as uow, pytest.raises(IdentifierInUse):
        register(uow=uow, actor=clinic.admin, new=registration(who))


def test_a_cccd_that_says_otherwise_is_asked_about(clinic: Clinic) -> None:
    """A mismatch is a warning: it names the fields, and passes once confirmed."""
    who = person(gender="female", date_of_birth=date(1990, 5, 1))
    new = replace(registration(who), gender="male", date_of_birth=date(1991, 5, 1))
    with clinic.uow() as uow:
        with pytest.raises(MismatchToConfirm) as question:
            register(uow=uow, actor=clinic.admin, new=new)
        assert set(question.value.errors) == {"gender", "date_of_birth"}
        made = register(uow=uow, actor=clinic.admin, new=replace(new, confirm_mismatch=True))
        assert made.patient.gender == "male"


def test_every_wrong_field_is_named_at_once(clinic: Clinic) -> None:
    """A form hears of all that is wrong."""
    new = Registration(
        full_name="123",
        date_of_birth=date(2999, 1, 1),
        gender="other",
        identifiers={"cccd": "12", "passport": "?"},
        details={"phone": "1", "email": "x"},
    )
    with clinic.uow() as uow, pytest.raises(InvalidFields) as refusal:
        register(uow=uow, actor=clinic.admin, new=new)
    assert set(refusal.value.errors) == {"full_name", "date_of_birth", "cccd", "passport", "phone", "email"}


def test_a_change_needs_the_version_last_seen(clinic: Clinic) -> None:
    """Of two who saw version 1, the second is told; what nobody named stays."""
    made = clinic.patient()
    details = {"phone": "0987654321"}
    with clinic.uow() as uow:
        changed = change(uow=uow, actor=clinic.admin, patient_id=made.patient.id, version=1, details=details)
        assert (changed.patient.version, changed.patient.phone) == (2, "0987654321")
        assert changed.identifiers == made.identifiers
        uow.commit()
    with clinic.uow() as uow, pytest.raises(PreconditionFailed):
        change(uow=uow, actor=clinic.admin, patient_id=made.patient.id, version=1, details={"phone": "0387654321"})
    assert [event.n for event in _outbox(clinic)] == [1, 2]


def test_two_changes_at_once_do_not_overwrite_each_other(clinic: Clinic) -> None:
    """Both read version 1 before either wrote: the second meets the first one's row."""
    made = clinic.patient()
    with clinic.uow() as first, clinic.uow() as second:
        second.session.get(Patient, made.patient.id)
        change(uow=first, actor=clinic.admin, patient_id=made.patient.id, version=1, details={"phone": "0987654321"})
        first.commit()
        with pytest.raises(PreconditionFailed):
            change(
                uow=second, actor=clinic.admin, patient_id=made.patient.id, version=1, details={"phone": "0387654321"}
            )


def test_a_change_of_nothing_is_none(clinic: Clinic) -> None:
    """The same values again: no new version, no event, no audit row of a change."""
    made = clinic.patient()
    with clinic.uow() as uow:
        same = change(
            uow=uow,
            actor=clinic.admin,
            patient_id=made.patient.id,
            version=1,
            details={"full_name": made.patient.full_name},
            identifiers=made.identifiers,
        )
        uow.commit()
    assert same.patient.version == 1
    assert len(_outbox(clinic)) == 1


def test_a_new_number_ends_the_old_one_and_keeps_its_row(clinic: Clinic) -> None:
    """Identifiers are rows with a period; the number that ended may belong to somebody else later."""
    who = person()
    made = clinic.patient(who)
    fresh = cccd_for(date_of_birth=who.date_of_birth, gender=who.gender, province="001")
    with clinic.uow() as uow:
        changed = change(
            uow=uow,
            actor=clinic.admin,
            patient_id=made.patient.id,
            version=1,
            details={},
            identifiers={"cccd": fresh, "passport": "B 1234567"},
        )
        uow.commit()
    assert changed.identifiers == {"cccd": fresh, "passport": "B1234567"}
    assert changed.patient.version == 2
    with clinic.uow() as uow:
        rows = uow.session.scalars(select(PatientIdentifier).where(PatientIdentifier.system == "cccd")).all()
        assert {(row.value, row.valid_to is None) for row in rows} == {(who.cccd, False), (fresh, True)}
        ended = change(
            uow=uow,
            actor=clinic.admin,
            patient_id=made.patient.id,
            version=2,
            details={},
            identifiers={"cccd": None},
        )
        assert ended.identifiers == {"passport": "B1234567"}
        uow.commit()
    clinic.patient(who)


def test_reading_a_record_is_written_down(clinic: Clinic, count_queries: Counting) -> None:
    """One statement for the record with its identifiers, one for the audit row."""
    made = clinic.patient()
    with clinic.uow() as uow, count_queries() as counted:
        found = read(uow=uow, actor=clinic.admin, patient_id=made.patient.id)
        uow.commit()
    assert found.identifiers == made.identifiers
    assert counted.total == 2
    with clinic.uow() as uow:
        log = uow.session.scalars(select(AuditLog).where(AuditLog.action == "patient.read")).one()
        assert (log.patient_id, log.portal, log.actor_kind) == (made.patient.id, "hospital", "staff")


@pytest.mark.parametrize(
    "query",
    ["nguyen thi dao", "Đào", "dao ngu", "NGUYỄN", "BN-1", "bn-000001", "0912 345 678", "01/05/1990", "dao 1990-05-01"],
)
def test_search_finds_by_what_people_type(clinics: tuple[Clinic, Clinic], query: str) -> None:
    """Starts of names in any order, without diacritics, code, phone, birth; the other hospital finds nobody."""
    clinic, other = clinics
    who = replace(
        person(gender="female", date_of_birth=date(1990, 5, 1)), full_name="Nguyễn Thị Đào", phone="0912345678"
    )
    made = clinic.patient(who)
    clinic.patient(replace(person(date_of_birth=date(1980, 1, 2)), full_name="Trần Văn Bình", phone="0387654321"))
    for place, expected in ((clinic, [made.patient.id]), (other, [])):
        with place.uow() as uow:
            page = search(uow=uow, actor=place.admin, terms=read_search(query))
            assert [row.id for row in page.items] == expected


def test_search_by_identifier_shows_it_masked(clinic: Clinic) -> None:
    """The number finds the patient; the row shows its ends only, and the audit log says no more than `identifier`."""
    who = person()
    made = clinic.patient(who)
    with clinic.uow() as uow:
        stranger = registration(person())
        register(uow=uow, actor=clinic.admin, new=replace(stranger, details={}))
        uow.commit()
    with clinic.uow() as uow:
        page = search(uow=uow, actor=clinic.admin, terms=read_search(" ".join([who.cccd[:6], who.cccd[6:]])))
        uow.commit()
    assert [(row.id, row.cccd_masked) for row in page.items] == [
        (made.patient.id, f"{who.cccd[:4]}******{who.cccd[-2:]}")
    ]
    with clinic.uow() as uow:
        log = uow.session.scalars(select(AuditLog).where(AuditLog.action == "patient.search")).one()
        assert log.changed == ["identifier"]


def test_search_pages_show_each_patient_once(clinic: Clinic) -> None:
    """The cursor goes on from the last row, also where names are alike."""
    with clinic.uow() as uow:
        for who in people(23):
            register(
                uow=uow,
                actor=clinic.admin,
                new=registration(replace(who, full_name="Lê Văn An" if who.gender == "male" else "Lê Thị An")),
            )
        uow.commit()
    seen: list[str] = []
    cursor = None
    with clinic.uow() as uow:
        while True:
            page = search(uow=uow, actor=clinic.admin, terms=read_search("le an"), limit=5, cursor=cursor)
            seen += [row.patient_code for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        with pytest.raises(InvalidFields):
            search(uow=uow, actor=clinic.admin, terms=read_search("le"), cursor="bm9uc2Vuc2U")
    assert len(seen) == len(set(seen)) == 23


def test_search_uses_the_index(clinic: Clinic) -> None:
    """The words of a name go through the inverted index for the role that searches, row level security or not."""
    with clinic.uow() as uow:
        uow.session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(
            uow.session.scalars(
                text(
                    "EXPLAIN SELECT id FROM patients WHERE to_tsvector('simple', search_key)"
                    " @@ to_tsquery('simple', 'dao:*')"
                )
            )
        )
    assert "ix_patients_search_words" in plan


def test_the_seventh_digit_of_a_code_is_kept(clinic: Clinic) -> None:
    """A hospital may have more than 999,999 patients."""
    with clinic.hospital.superuser() as connection:
        connection.execute("SELECT setval('patient_code_numbers', 1234566)")
    assert clinic.patient().patient.patient_code == "BN-1234567"


def test_a_settled_person_does_not_disturb_who_is_editing(clinic: Clinic) -> None:
    """The worker writes the settled id back without a new version: a form that is open can still be saved."""
    made = clinic.patient()
    with clinic.uow() as uow:
        uow.session.execute(update(Patient).values(global_id_state="settled", version=Patient.version))
        uow.commit()
    with clinic.uow() as uow:
        changed = change(
            uow=uow, actor=clinic.admin, patient_id=made.patient.id, version=1, details={"phone": "0987654321"}
        )
        assert (changed.patient.global_id_state, changed.patient.version) == ("settled", 2)
