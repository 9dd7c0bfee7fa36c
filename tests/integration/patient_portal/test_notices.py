"""Patients' notices: who is told of what, in the bell, the list and the API, and that nobody else is."""

import re
from datetime import time
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from tenant_app.appointments.public import AppointmentRow, Destination, act, appointment, move
from tenant_app.audit.models import AuditLog
from tenant_app.notices.models import PatientNotice
from tenant_app.patients.public import NewContact, add_contact
from tenant_app.portal.public import act_for
from tenant_app.queue.public import call_next
from tests.support.clinic import Clinic, tomorrow
from tests.support.counting import Counting
from tests.support.patient_portal import Member, PatientPortal, away, post
from tests.support.waiting import wait_until


def kinds(member: Member, query: str = "") -> list[str]:
    return [each["kind"] for each in asked(member, query)["items"]]


def asked(member: Member, query: str = "") -> dict[str, Any]:
    answer = member("GET", f"/notices{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json or {}
    return found


def bell(client: FlaskClient, path: str = "/") -> int:
    found = re.search(r'class="sk-bell-count[^>]*>(\d+)<', client.get(path).text)
    return int(found[1]) if found else 0


def done(clinic: Clinic, made: AppointmentRow, action: str, **more: Any) -> None:
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=made.id, action=action, **more)
        uow.commit()


def moved(clinic: Clinic, made: AppointmentRow, *, hour: int) -> None:
    to = Destination(
        appointment_date=tomorrow(), start_time=time(hour), end_time=time(hour, 30), outside_reason="Bác sĩ bận"
    )
    with clinic.uow() as uow:
        version = appointment(uow=uow, appointment_id=made.id).version
        move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=to, version=version)
        uow.commit()


def called(clinic: Clinic, room: str = "P.12") -> None:
    with clinic.uow() as uow:
        call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id, room=room)
        uow.commit()


def guardian(clinic: Clinic, patient_id: UUID, name: str = "Lê Thị Mẹ", phone: str = "0912345678") -> UUID:
    with clinic.uow() as uow:
        new = NewContact(full_name=name, phone=phone, relation="mẹ", is_guardian=True)
        made = add_contact(uow=uow, actor=clinic.admin, patient_id=patient_id, new=new)
        uow.commit()
    return made.id


def test_the_latest_of_an_appointment_and_what_says_less_does_not_hide_a_new_time(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    made = clinic.appointment(member.record.patient.id)
    (told,) = asked(member)["items"]
    assert (told["kind"], told["thing_id"], told["read_at"]) == ("appointment.booked", str(made.id), None)
    assert told["tenant_code"] == clinic.hospital.tenant_code
    moved(clinic, made, hour=14)
    assert kinds(member) == ["appointment.moved"]
    done(clinic, made, "confirm")
    assert kinds(member) == ["appointment.moved"]
    done(clinic, made, "cancel", reason="Bác sĩ nghỉ ốm")
    assert kinds(member) == ["appointment.cancelled"]


def test_what_the_patient_did_is_no_news_and_its_confirmation_is(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    patient_id = member.record.patient.id
    with clinic.hospital.superuser() as connection:
        for hour in (9, 10):
            connection.execute(
                "INSERT INTO appointments (patient_id, doctor_id, department_id, appointment_date, start_time, "
                "end_time, appointment_type, source) VALUES (%s, %s, %s, %s, %s, %s, 'consultation', 'web_portal')",
                (patient_id, clinic.doctor_id, clinic.department_id, tomorrow(), time(hour), time(hour, 30)),
            )
    assert kinds(member) == []
    first, second = (member("GET", "/appointments").json or {})["items"]
    path = f"/hospitals/{clinic.hospital.tenant_code}/appointments/{second['id']}/cancel"
    assert member("POST", path, {}).status_code == 200
    assert kinds(member) == []
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=UUID(first["id"]), action="confirm")
        uow.commit()
    assert kinds(member) == ["appointment.confirmed"]


def test_numbers_reminders_and_guardians(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    patient_id = member.record.patient.id
    clinic.number(patient_id)
    called(clinic)
    client = member.browser()
    page = client.get("/notices").text
    for words in ("Đã gọi số của quý vị", "số 1 ", "phòng P.12"):
        assert words in page
    assert kinds(member) == ["queue.called"]
    guardian(clinic, patient_id)
    with clinic.uow() as uow:
        plain = NewContact(full_name="Lê Văn Bạn", phone="0912345679", relation="bạn")
        add_contact(uow=uow, actor=clinic.admin, patient_id=patient_id, new=plain)
        uow.commit()
    assert kinds(member) == ["guardian.named", "queue.called"]
    guardian(clinic, patient_id, phone="0987654321")
    assert kinds(member) == ["guardian.named", "queue.called"], "the same person's new number is no news"
    page = client.get("/notices").text
    assert "Lê Thị Mẹ (mẹ)" in page
    assert "0912345678" not in page
    assert "Lê Thị Mẹ (mẹ, người giám hộ)" in client.get("/my-data").text
    made = clinic.appointment(patient_id)
    post(client, "/notices/read-all", "/notices")
    with clinic.hospital.superuser() as connection:
        row = connection.execute(
            "INSERT INTO appointment_reminders (appointment_id, patient_id, reminder_type, kind, starts_at, "
            "scheduled_at, next_attempt_at, status) "
            "VALUES (%s, %s, 'sms', 'now', now() + interval '1 day', now(), now(), 'pending') RETURNING id",
            (made.id, patient_id),
        ).fetchone()
        assert row is not None
        connection.execute(
            "UPDATE appointment_reminders SET status = 'sent', sent_at = now(), handed_over_at = now() WHERE id = %s",
            row,
        )
    assert kinds(member, "?unread=true") == ["reminder.sent"]
    moved(clinic, made, hour=15)
    assert kinds(member, "?unread=true") == ["appointment.moved"]


def test_who_has_no_account_is_told_nothing(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    clinic.appointment(clinic.born())
    with clinic.hospital.superuser() as connection:
        assert connection.execute("SELECT count(*) FROM patient_notifications").fetchone() == (0,)


def test_a_notice_stands_or_falls_with_its_cause(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    made = clinic.appointment(member.record.patient.id)
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="cancel", reason="Bác sĩ nghỉ ốm")
    assert kinds(member) == ["appointment.booked"]


def test_the_bell_counts_and_leads_to_the_appointment(portal: PatientPortal, count_queries: Counting) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    client = member.browser()
    empty = client.get("/notices").text
    assert "Chưa có thông báo nào" in empty
    assert bell(client) == 0
    made = clinic.appointment(member.record.patient.id)
    moved(clinic, made, hour=14)
    assert bell(client) == bell(client, "/notices/bell") == 1
    with count_queries() as counted:
        page = client.get("/notices").text
    assert counted.total <= 12, counted.statements
    assert re.search(r"nay là \w+ \w+, \d\d/\d\d/\d{4}, 14:00", page)
    with count_queries() as counted:
        client.get("/hospitals")
    asking = [each for each in counted.statements if "patient_notifications" in each]
    assert len(asking) == 1, "counted with the session, and not by itself"
    (path,) = re.findall(r'action="(/hospitals/[^"]+/notices/[^"]+/open)"', page)
    answer = post(client, path, "/notices")
    assert (answer.status_code, answer.location.endswith(f"/appointments/{made.id}")) == (303, True)
    assert client.get(answer.location).status_code == 200
    assert bell(client) == 0
    done(clinic, made, "cancel", reason="Bác sĩ nghỉ ốm")
    (path,) = re.findall(r'action="(/hospitals/[^"]+/notices/[^"]+/read)"', client.get("/notices").text)
    assert post(client, path, "/notices").status_code == 303
    assert bell(client) == 0


def test_over_all_hospitals_page_by_page_and_one_that_is_away(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    record = member.link(there)
    first = here.appointment(member.record.patient.id)
    second = there.appointment(record.patient.id)
    third = here.appointment(member.record.patient.id, start="10:00", end="10:30")
    seen: list[str] = []
    cursor = ""
    while True:
        page = asked(member, f"?limit=1{cursor}")
        seen += [each["thing_id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [str(each.id) for each in (third, second, first)]
    assert asked(member)["unread"] == (member("GET", "/notices/unread").json or {})["unread"] == 3
    client = member.browser()
    assert 'hx-trigger="load, every 60s"' in client.get("/").text, "what is elsewhere is counted a moment later"
    assert bell(client, "/notices/bell") == 3
    with away(there.hospital):
        gone = asked(member)
        assert (len(gone["items"]), gone["unavailable"]) == (2, [there.hospital.tenant_code])
        assert there.hospital.name in client.get("/notices").text
        assert bell(client, "/notices/bell") == 2
        assert (member("POST", "/notices/read-all").json or {})["unavailable"] == [there.hospital.tenant_code]
    wait_until(lambda: not asked(member)["unavailable"], what="the hospital that was away")
    (left,) = asked(member, "?unread=true")["items"]
    assert left["thing_id"] == str(second.id)
    read = member("POST", f"/hospitals/{there.hospital.tenant_code}/notices/{left['id']}/read")
    assert (read.status_code, (read.json or {})["hospital_name"]) == (200, left["hospital_name"])
    again = member("POST", f"/hospitals/{there.hospital.tenant_code}/notices/{left['id']}/read")
    assert (again.json or {})["read_at"] == (read.json or {})["read_at"], "read once"


def test_nobody_else_sees_or_reads_it(portal: PatientPortal) -> None:
    """Another patient of the hospital, the other hospital, staff, and a transaction that acts for nobody."""
    clinic, other = portal.clinics
    member, neighbour, stranger = portal.activated(clinic), portal.activated(clinic), portal.activated(other)
    clinic.appointment(member.record.patient.id)
    (mine,) = asked(member)["items"]
    for each in (neighbour, stranger):
        assert (kinds(each), asked(each)["unread"]) == ([], 0)
        for code in (clinic.hospital.tenant_code, other.hospital.tenant_code):
            path = f"/hospitals/{code}/notices/{mine['id']}"
            assert each("POST", f"{path}/read").status_code == 404
            for action in ("open", "read"):
                assert post(each.browser(), f"{path}/{action}", "/").status_code == 404
        assert each("POST", "/notices/read-all").status_code == 200
    assert portal.client().get("/api/v1/notices").status_code == 401
    assert asked(member)["unread"] == 1
    with clinic.uow("portal") as uow:
        assert uow.session.scalars(select(PatientNotice.id)).all() == []
        act_for(uow=uow, patient_id=neighbour.record.patient.id, account_id=None)
        assert uow.session.scalars(select(PatientNotice.id)).all() == []
        uow.session.execute(text("UPDATE patient_notifications SET read_at = now()"))
        uow.commit()
    assert asked(member)["unread"] == 1
    for purpose, statement in (
        ("app", "SELECT * FROM patient_notifications"),
        ("portal", "UPDATE patient_notifications SET kind = 'queue.called'"),
        ("portal", "DELETE FROM patient_notifications"),
        (
            "portal",
            "INSERT INTO patient_notifications (patient_id, kind, thing_id) SELECT uuidv7(), 'queue.called', uuidv7()",
        ),
    ):
        with clinic.hospital.connect(purpose) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_a_link_that_ended_takes_its_notices_along(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    record = member.link(there)
    there.appointment(record.patient.id)
    (told,) = asked(member)["items"]
    assert member("POST", f"/hospitals/{there.hospital.tenant_code}/unlink").status_code == 204
    assert kinds(member) == []
    path = f"/hospitals/{there.hospital.tenant_code}/notices/{told['id']}/read"
    assert member("POST", path).status_code == 404


def test_bad_questions_are_refused(portal: PatientPortal) -> None:
    member = portal.activated(portal.clinics[0])
    for query in ("?limit=0", "?limit=101", "?cursor=x", "?unread=perhaps", "?read=true"):
        assert member("GET", f"/notices{query}").status_code == 422, query
    client = member.browser()
    assert client.get("/notices?cursor=x").status_code == 422
    assert post(client, "/hospitals/nowhere/notices/x/read", "/").status_code == 404


def test_opening_is_written_down_and_the_bell_keeps_no_session_alive(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    clinic.appointment(member.record.patient.id)
    client = member.browser()
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patient_sessions SET last_seen_at = now() - interval '20 minutes'")

    def seen() -> list[Any]:
        with clinic.hospital.superuser() as connection:
            return connection.execute("SELECT last_seen_at FROM patient_sessions ORDER BY id").fetchall()

    before = seen()
    assert bell(client, "/notices/bell") == 1
    assert seen() == before
    client.get("/notices")
    assert seen() != before
    with clinic.uow() as uow:
        rows = uow.session.scalars(select(AuditLog).where(AuditLog.action == "notice.list")).all()
    assert [(row.actor_kind, row.patient_id) for row in rows] == [("patient", member.record.patient.id)]


def test_the_list_asks_no_more_for_many(portal: PatientPortal, count_queries: Counting) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    client = member.browser()
    clinic.appointment(member.record.patient.id)
    with count_queries() as one:
        client.get("/notices")
    for hour in range(10, 16):
        clinic.appointment(member.record.patient.id, start=f"{hour}:00", end=f"{hour}:30")
    with count_queries() as many:
        client.get("/notices")
    assert one.total == many.total


def test_old_ones_are_pruned(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    ages = {"read long ago": (31, True), "read": (29, True), "unread": (89, False), "unread long ago": (91, False)}
    with clinic.hospital.superuser() as connection:
        for days, was_read in ages.values():
            connection.execute(
                "INSERT INTO patient_notifications (patient_id, kind, thing_id, made_at, read_at) VALUES (%s, "
                "'queue.called', uuidv7(), now() - make_interval(days => %s), CASE WHEN %s THEN now() END)",
                (member.record.patient.id, days, was_read),
            )
    with clinic.uow("seal") as uow:
        removed = uow.session.execute(text("SELECT kind, removed FROM prune_notices(100)")).all()
        uow.commit()
    assert [tuple(row) for row in removed] == [("notices", 0), ("patient_notifications", 2)]
    assert len(asked(member)["items"]) == 2
