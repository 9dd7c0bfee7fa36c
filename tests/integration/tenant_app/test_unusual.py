"""Access that stands out is found from the log, once, without passing a late commit over; people decide about it."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update

from kernel.errors import InvalidFields, PreconditionFailed
from tenant_app.audit.models import AuditLog
from tenant_app.patients.models import Patient
from tenant_app.patients.public import NewContact, add_contact
from tenant_app.staff.models import User
from tenant_app.unusual.public import OwnFinding, decide, finding, watch
from tests.support.clinic import Clinic
from tests.support.hospitals import Hospital
from tests.support.own_settings import set_value
from tests.support.watching import at, findings, opened, watched

Call = Callable[[str], Callable[..., Any]]
NOON = "12:00"


@pytest.fixture(autouse=True)
def all_months(two_hospitals: tuple[Hospital, Hospital]) -> None:
    """Partitions for rows of days that have passed: the product makes them ahead only."""
    for hospital in two_hospitals:
        with hospital.superuser() as connection:
            connection.execute("CREATE TABLE audit_logs_before PARTITION OF audit_logs DEFAULT")


def ids(count: int) -> list[UUID]:
    """Patients whom nobody registered: what stands out by number asks for no record."""
    return [uuid4() for _ in range(count)]


def test_many_records_in_an_hour_stand_out_once_and_grow(clinic: Clinic) -> None:
    nurse = clinic.actor("nurse").id
    opened(clinic, nurse, ids(29), at(NOON))
    assert watched(clinic) == {}
    opened(clinic, nurse, ids(6), at("12:30"))
    assert watched(clinic) == {"many_hour": 1}
    assert watched(clinic) == {}, "nothing is found twice"
    opened(clinic, nurse, ids(5), at("12:40"))
    assert watched(clinic) == {}
    (found,) = findings(clinic)
    assert (found.kind, found.user_id, found.patients, found.reads, found.usual) == ("many_hour", nurse, 40, 40, None)
    assert (found.starts_at, found.ends_at) == (at(NOON), at("13:00"))
    assert (len(found.row_ids), found.state, found.version) == (40, "open", 2)


def test_many_is_judged_by_what_others_in_the_role_do(clinic: Clinic) -> None:
    busy = [clinic.actor("receptionist").id for _ in range(3)]
    for day in range(1, 12):
        for each in busy:
            opened(clinic, each, ids(20), at("09:00", days_ago=day))
    watched(clinic)
    opened(clinic, busy[0], ids(70), at("10:00"))
    opened(clinic, busy[1], ids(90), at("10:00"))
    assert watched(clinic) == {"many_hour": 1}
    (found,) = findings(clinic)
    assert (found.user_id, found.patients, found.usual) == (busy[1], 90, 20)


def test_the_same_patient_again_and_again_is_one(clinic: Clinic) -> None:
    opened(clinic, clinic.actor("nurse").id, ids(1) * 200, at(NOON))
    assert watched(clinic) == {}


def test_odd_hours_stand_out_unless_it_is_the_role_or_the_person(clinic: Clinic) -> None:
    desk, guard, nurse = (clinic.actor(role).id for role in ("receptionist", "receptionist", "nurse"))
    for day in (2, 3, 4):
        opened(clinic, guard, ids(2), at("02:00", days_ago=day))
    watched(clinic)
    for who in (desk, guard, nurse):
        opened(clinic, who, ids(6), at("02:15"))
    assert watched(clinic) == {"odd_hours": 1}
    (found,) = findings(clinic)
    assert (found.user_id, found.patients) == (desk, 6)
    set_value(clinic, "unusual.night_roles", ["receptionist"])
    opened(clinic, clinic.actor("receptionist").id, ids(6), at("02:15"))
    opened(clinic, clinic.actor("nurse").id, ids(6), at("02:15"))
    assert watched(clinic) == {"odd_hours": 1}, "a setting holds from the next look on"


def test_patients_without_a_visit_in_the_department_stand_out(clinic: Clinic) -> None:
    set_value(clinic, "unusual.visits_from", 3)
    doctor, nurse = clinic.doctor_id, clinic.actor("nurse").id
    known, waiting = clinic.patient().patient.id, clinic.patient().patient.id
    clinic.appointment(known)
    clinic.number(waiting)
    strangers = [clinic.patient().patient.id for _ in range(3)]
    opened(clinic, doctor, [known, waiting, *strangers[:2]], at(NOON))
    assert watched(clinic) == {}
    opened(clinic, doctor, strangers[2:], at("12:30"))
    opened(clinic, clinic.actor("receptionist").id, strangers, at("12:30"))
    assert watched(clinic) == {"no_visit": 1}, "reception serves the whole hospital"
    (found,) = findings(clinic)
    assert (found.user_id, found.patients) == (doctor, 3)
    with clinic.uow() as uow:
        uow.session.execute(update(User).where(User.id == nurse).values(department_id=None))
        uow.commit()
    opened(clinic, nurse, strangers, at("12:30"))
    assert watched(clinic) == {}, "without a department there is nothing to compare with"


def test_ones_own_record_and_ones_own_people_stand_out(clinic: Clinic) -> None:
    nurse = clinic.actor("nurse").id
    own, shares_phone, names, neighbour, stranger = (clinic.patient().patient.id for _ in range(5))
    with clinic.uow() as uow:
        people: dict[UUID, dict[str, Any]] = {
            own: {"full_name": "Lê Thị Hoa", "phone": "0912000111", "address": "12 Ngõ Huế, Hà Nội"},
            shares_phone: {"full_name": "Lê Văn Nam", "phone": "0912000111"},
            names: {"full_name": "Lê Thị Lan"},
            neighbour: {"full_name": "LÊ Văn Tư", "address": "12 ngõ Huế, Hà Nội "},
            stranger: {"full_name": "Trần Văn Nam", "phone": "0912000111", "address": "12 Ngõ Huế, Hà Nội"},
        }
        uow.session.execute(
            update(User).where(User.id == nurse).values(full_name="Lê Thị Hoa", phone="+84 912 000 111")
        )
        for patient, changed in people.items():
            uow.session.execute(update(Patient).where(Patient.id == patient).values(**changed))
        add_contact(
            uow=uow, actor=clinic.admin, patient_id=names, new=NewContact(full_name="Lê Hoa", phone="0912 000 111")
        )
        uow.commit()
    opened(clinic, nurse, people, at(NOON))
    assert watched(clinic) == {"own_record": 1, "relative": 1}
    relatives, record = sorted(findings(clinic), key=lambda each: -each.patients)
    assert (record.kind, record.patients) == ("own_record", 1)
    assert (relatives.kind, relatives.patients) == ("relative", 3)
    set_value(clinic, "unusual.kin", False)
    opened(clinic, nurse, [own], at("12:30", days_ago=1))
    assert watched(clinic) == {}


def test_a_row_that_commits_late_is_not_passed_over(clinic: Clinic) -> None:
    nurse = clinic.actor("nurse").id
    insert = (
        "INSERT INTO audit_logs (actor_kind, user_id, portal, action, resource_type, patient_id)"
        " SELECT 'staff', %s, 'hospital', 'patient.read', 'patient', gen_random_uuid() FROM generate_series(1, 25)"
    )
    with clinic.hospital.connect(autocommit=False) as early, clinic.hospital.connect() as later:
        early.execute(insert, (nurse,))
        later.execute(insert, (nurse,))
        with clinic.uow("seal") as uow:
            assert watch(uow=uow).found == {}
            uow.commit()
        early.commit()
    assert watched(clinic) == {"many_hour": 1}
    (found,) = findings(clinic)
    assert found.patients == 50


def test_two_watchers_at_once_find_everything_once(clinic: Clinic) -> None:
    opened(clinic, clinic.actor("nurse").id, ids(40), at(NOON))
    found: list[dict[str, int]] = []
    clinic.hospital.database("seal")
    threads = [threading.Thread(target=lambda: found.append(watched(clinic))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found, key=len) == [{}, {}, {"many_hour": 1}]


def test_central_is_told_numbers_and_nothing_else(clinic: Clinic) -> None:
    nurse = clinic.actor("nurse").id
    patients = ids(35)
    opened(clinic, nurse, patients, at(NOON))
    watched(clinic)
    with clinic.hospital.superuser() as connection:
        rows = connection.execute(
            "SELECT aggregate_id, event_type, n, payload FROM outbox WHERE aggregate_type = 'access_counts'"
        ).fetchall()
    assert rows == [(clinic.hospital.tenant, "audit.unusual", 1, {"found": {"many_hour": 1}, "open": 1})]


def test_the_other_hospital_has_nothing(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    opened(clinic, clinic.actor("nurse").id, ids(35), at(NOON))
    assert watched(clinic) == {"many_hour": 1}
    assert watched(other) == {}
    assert findings(other) == []


def test_somebody_else_decides_with_a_note(clinic: Clinic) -> None:
    nurse = clinic.actor("nurse")
    opened(clinic, nurse.id, ids(35), at(NOON))
    watched(clinic)
    (found,) = findings(clinic)
    wanted: dict[str, Any] = {
        "finding_id": found.id,
        "state": "explained",
        "note": "Đã hỏi: ngày khám đông.",
        "version": 1,
    }
    with clinic.uow() as uow:
        with pytest.raises(OwnFinding):
            decide(uow=uow, actor=nurse, **wanted)
        with pytest.raises(PreconditionFailed):
            decide(uow=uow, actor=clinic.admin, **{**wanted, "version": 7})
        for wrong in ({"note": " "}, {"state": "forgotten"}, {"note": "x" * 1001}):
            with pytest.raises(InvalidFields):
                decide(uow=uow, actor=clinic.admin, **{**wanted, **wrong})
        decide(uow=uow, actor=clinic.admin, **wanted)
        uow.commit()
        shown = finding(uow=uow, finding_id=found.id)
        assert (shown.state, shown.note, shown.version) == ("explained", "Đã hỏi: ngày khám đông.", 2)
        assert shown.decided_by is not None
        noted = uow.session.execute(
            select(AuditLog.old_values, AuditLog.new_values, AuditLog.changed).where(
                AuditLog.action == "finding.decide"
            )
        ).all()
        assert noted == [({"state": "open"}, {"state": "explained"}, ["note", "state"])]
    opened(clinic, nurse.id, ids(34), at("12:30"))
    watched(clinic)
    assert findings(clinic)[0].state == "explained"
    opened(clinic, nurse.id, ids(1), at("12:45"))
    watched(clinic)
    again = findings(clinic)[0]
    assert (again.state, again.patients, again.decided_at, again.note) == (
        "open",
        70,
        None,
        "Đã hỏi: ngày khám đông.",
    )


def test_the_watcher_gets_ids_and_no_names(clinic: Clinic) -> None:
    """Under its role there are only the two functions, and they answer with ids."""
    with clinic.uow("seal") as uow:
        kinds = uow.session.scalars(
            text(
                "SELECT pg_get_function_result(oid) FROM pg_proc"
                " WHERE proname IN ('access_without_visit', 'access_to_own_people') ORDER BY proname"
            )
        ).all()
    assert kinds == ["TABLE(patient_id uuid, own boolean)", "SETOF uuid"]


def test_the_api_lists_shows_and_decides(call: Call, clinic: Clinic) -> None:
    opened(clinic, clinic.actor("nurse").id, ids(35), at(NOON))
    watched(clinic)
    admin, other = call("admin"), call("other")
    (listed,) = admin("GET", "/access-findings?state=open").get_json()["items"]
    place = f"/access-findings/{listed['id']}"
    shown = admin("GET", place)
    assert shown.headers["ETag"] == '"1"'
    assert len(shown.get_json()["row_ids"]) == 35
    assert admin("PATCH", place, {"state": "looked_at"}).status_code == 428
    assert admin("PATCH", place, {"state": "explained"}, If_Match='"1"').status_code == 422
    decided = admin("PATCH", place, {"state": "looked_at"}, If_Match='"1"')
    assert (decided.status_code, decided.headers["ETag"]) == (200, '"2"')
    assert admin("PATCH", place, {"state": "open"}, If_Match='"1"').status_code == 412
    assert admin("GET", "/access-findings?state=open").get_json()["items"] == []
    assert other("GET", place).status_code == 404
    assert other("PATCH", place, {"state": "open"}, If_Match='"2"').status_code == 404
    for role in ("doctor", "receptionist"):
        assert call(role)("GET", "/access-findings").status_code == 403
        assert call(role)("PATCH", place, {"state": "open"}, If_Match='"2"').status_code == 403
