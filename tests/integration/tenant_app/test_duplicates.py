"""Patients who may be the one who is being registered: found by index, written down, and only of this hospital."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from manage.demo.people import person
from tenant_app.audit.models import AuditLog
from tenant_app.patients.public import alike
from tests.support.clinic import Clinic
from tests.support.counting import Counting


def test_they_are_found_here_and_nowhere_else(clinics: tuple[Clinic, Clinic]) -> None:
    here, there = clinics
    known = here.patient(replace(person(), full_name="Đặng Thị Bích Ngọc")).patient
    here.patient()
    sought: dict[str, Any] = {
        "full_name": "Dang Thi Bich Ngoc",
        "date_of_birth": known.date_of_birth,
        "phone": known.phone,
    }
    with here.uow() as uow:
        (found,) = alike(uow=uow, actor=here.admin, **sought)
        assert found.patient.id == known.id
        assert found.reasons == ("same_name", "same_date_of_birth", "same_phone")
        assert found.patient.cccd_masked is not None
        assert "******" in found.patient.cccd_masked
        log = uow.session.scalars(select(AuditLog).where(AuditLog.action == "patient.search")).one()
        assert set(log.changed) == {"name", "date_of_birth", "phone"}
        slip = sought | {"full_name": "Đặng Thị Bích Ngọt", "phone": None}
        assert [each.patient.id for each in alike(uow=uow, actor=here.admin, **slip)] == [known.id]
        late = sought | {"date_of_birth": known.date_of_birth + timedelta(days=400), "phone": None}
        assert alike(uow=uow, actor=here.admin, **late) == []
        assert alike(uow=uow, actor=here.admin, full_name="Đặng Thị Bích Ngọc") == []
    with there.uow() as uow:
        assert alike(uow=uow, actor=there.admin, **sought) == []


def test_two_statements_find_them_by_index_however_many_patients_there_are(
    clinic: Clinic, count_queries: Counting
) -> None:
    known = clinic.patient().patient
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "INSERT INTO patients (patient_global_id, full_name, search_key, date_of_birth, gender)"
            " SELECT gen_random_uuid(), 'Trần Văn Nam ' || i, 'tran van nam ' || i, date '1950-01-01' + i,"
            " 'male' FROM generate_series(1, 5000) AS i"
        )
        connection.execute("ANALYZE patients")
    sought: dict[str, Any] = {"full_name": known.full_name, "date_of_birth": known.date_of_birth, "phone": known.phone}
    with clinic.uow() as uow:
        uow.session.connection()
        with count_queries() as counted:
            found = alike(uow=uow, actor=clinic.admin, **sought)
        assert [each.patient.id for each in found] == [known.id]
        looks = [each for each in counted.statements if each.lstrip().upper().startswith("SELECT")]
        assert len(looks) == 2, looks
        plan = str(
            uow.session.connection()
            .exec_driver_sql(
                "EXPLAIN SELECT id FROM patients WHERE id IN ("
                "(SELECT id FROM patients WHERE search_key = %s LIMIT 200) UNION ALL"
                " (SELECT id FROM patients WHERE date_of_birth = %s LIMIT 200) UNION ALL"
                " (SELECT id FROM patients WHERE phone = %s LIMIT 200))",
                (known.search_key, known.date_of_birth, known.phone),
            )
            .fetchall()
        )
    assert "Seq Scan" not in plan, plan
