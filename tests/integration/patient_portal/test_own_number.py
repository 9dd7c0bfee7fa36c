"""One's own number today: where one is in the line and about how long it takes, of oneself and of nobody else."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select, text, update

from kernel.clock import local_today, utc_now
from tenant_app.appointments.public import Booking, book
from tenant_app.audit.models import AuditLog
from tenant_app.portal.public import act_for
from tenant_app.queue.models import QueueEntry
from tenant_app.queue.public import call_next, own_numbers, step
from tests.support.clinic import Clinic
from tests.support.counting import Counting
from tests.support.patient_portal import Member, PatientPortal, away


def items(member: Member) -> list[dict[str, Any]]:
    answer = member("GET", "/queue")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = (answer.json or {})["items"]
    return found


def call(clinic: Clinic, room: str = "P.12") -> None:
    with clinic.uow() as uow:
        call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id, room=room)
        uow.commit()


def test_from_the_desk_to_the_room_and_out_again(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    client = member.browser()
    assert "Hiện quý vị chưa có số thứ tự" in client.get("/queue").text
    others = [clinic.number(clinic.born(), priority="none") for _ in range(2)]
    mine = clinic.number(member.record.patient.id, priority="none")
    (shown,) = items(member)
    assert (shown["number"], shown["status"], shown["ahead"], shown["room"]) == (3, "waiting", 2, None)
    assert shown["tenant_code"] == clinic.hospital.tenant_code
    page = client.get("/queue")
    assert "Còn 2 người trước quý vị." in page.text
    assert "Còn 2 người trước quý vị." in client.get("/").text, "home says it too"
    for other in others:
        assert other.patient_code not in page.text
        assert str(other.id) not in page.text
    part = client.get("/queue", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert 'data-poll-next="10" data-poll-waits' in part.text, "soon, when few are before one"
    call(clinic)
    call(clinic)
    assert "Quý vị là người tiếp theo." in client.get("/queue").text
    call(clinic, room="P.7")
    page = client.get("/queue")
    assert "Đến lượt quý vị: mời vào phòng P.7." in page.text
    assert 'data-poll-title="Đến lượt quý vị"' in page.text
    with clinic.uow() as uow:
        for action in ("start", "finish"):
            step(uow=uow, actor=clinic.admin, entry_id=mine.id, action=action)
        uow.commit()
    (shown,) = items(member)
    assert (shown["status"], shown["ahead"], shown["estimated_minutes"]) == ("done", None, None)
    page = client.get("/queue")
    assert "Đã xong lúc" in page.text
    assert "data-poll-waits" not in page.text
    assert "Số thứ tự hôm nay" in client.get("/").text
    assert 'class="sk-tile pq-tile' not in client.get("/").text, "what has ended is no news at home"


def test_who_has_priority_goes_before_and_the_order_is_the_desks(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    clinic.number(member.record.patient.id, priority="none")
    assert items(member)[0]["ahead"] == 0
    clinic.number(clinic.born(), priority="emergency")
    clinic.number(clinic.born(), priority="pregnant")
    clinic.number(clinic.born(), priority="none")
    assert items(member)[0]["ahead"] == 2
    with clinic.uow() as uow:
        uow.session.execute(update(QueueEntry).where(QueueEntry.priority == "pregnant").values(waits_since=utc_now()))
        uow.commit()
    for _ in range(2):
        call(clinic)
    assert items(member)[0]["ahead"] == 0


def test_the_estimate_goes_by_todays_calls(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    now = utc_now()
    seen = [clinic.number(clinic.born(), priority="none") for _ in range(4)]
    clinic.number(clinic.born(), priority="none")
    clinic.number(member.record.patient.id, priority="none")
    assert items(member)[0]["estimated_minutes"] is None, "nobody has been called"
    day = {"queue_day": local_today(now), "status": "called", "calls": 1, "called_lane": "ordinary"}
    with clinic.uow() as uow:
        for at, entry in enumerate(seen):
            called = now - timedelta(minutes=31 - at * 10)
            uow.session.execute(
                update(QueueEntry)
                .where(QueueEntry.id == entry.id)
                .values(first_called_at=called, called_at=called, taken_at=called - timedelta(minutes=8), **day)
            )
        uow.commit()
    (shown,) = items(member)
    assert (shown["ahead"], shown["estimated_minutes"]) == (1, 20), "ten minutes apart, and two to go"
    page = member.browser().get("/queue").text
    assert "Còn khoảng 20 phút. Đây là ước tính" in page


def test_an_appointment_shows_its_number_once_the_desk_gave_one(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    begins = utc_now() - timedelta(days=1)
    wish = Booking(
        patient_id=member.record.patient.id,
        doctor_id=clinic.doctor_id,
        department_id=clinic.department_id,
        appointment_date=local_today(),
        start_time=clinic.booking(member.record.patient.id, start="23:00").start_time,
        end_time=clinic.booking(member.record.patient.id, end="23:30").end_time,
        appointment_type="consultation",
    )
    with clinic.uow() as uow:
        visit = book(uow=uow, actor=clinic.admin, booking=wish, now=begins)
        uow.commit()
    client, path = member.browser(), f"/hospitals/{clinic.hospital.tenant_code}/appointments/{visit.id}"
    assert "pq-tile" not in client.get(path).text
    number = clinic.number(member.record.patient.id)
    assert number.appointment_id == visit.id
    page = client.get(path).text
    assert "pq-tile" in page
    assert 'href="/queue"' in page


def test_nobody_else_sees_it(portal: PatientPortal) -> None:
    """Another patient of the hospital, the other hospital, and a transaction that acts for nobody."""
    clinic, other = portal.clinics
    member, neighbour, stranger = portal.activated(clinic), portal.activated(clinic), portal.activated(other)
    mine = clinic.number(member.record.patient.id, priority="none")
    assert [items(each) for each in (neighbour, stranger)] == [[], []]
    clinic.number(neighbour.record.patient.id, priority="none")
    assert [each["number"] for each in items(neighbour)] == [2]
    assert portal.client().get("/api/v1/queue").status_code == 401
    functions = (
        "portal_own_numbers(current_date, now() - interval '1 day')",
        "portal_lines(now() - interval '1 day')",
        "portal_pace(current_date, now() - interval '1 day', now(), 2)",
    )
    with clinic.uow("portal") as uow:
        for each in functions:
            assert uow.session.execute(text(f"SELECT * FROM {each}")).all() == [], each  # noqa: S608 - named above.
        act_for(uow=uow, patient_id=neighbour.record.patient.id, account_id=None)
        names = {column for each in functions for column in uow.session.execute(text(f"SELECT * FROM {each}")).keys()}  # noqa: S608, SIM118 - named above; keys() of a result.
        assert not {"patient_id", "full_name", "patient_name"} & names
        assert mine.id not in {each.id for each in own_numbers(uow=uow)}
    with clinic.hospital.connect("portal") as connection:
        for table in ("queue_entries", "queue_steps", "queue_counters"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT * FROM {table}".encode())  # noqa: S608 - named above.


def test_numbers_of_all_ones_hospitals_and_a_hospital_that_is_away(portal: PatientPortal) -> None:
    here, there = portal.clinics
    member = portal.activated(here)
    record = member.link(there)
    there.number(record.patient.id, priority="none")
    (shown,) = items(member)
    assert shown["hospital_name"] == there.hospital.name or shown["tenant_code"] == there.hospital.tenant_code
    client = member.browser()
    assert there.hospital.name in client.get("/queue").text
    with away(there.hospital):
        answer = member("GET", "/queue").json or {}
        assert (answer["items"], answer["unavailable"]) == ([], [there.hospital.tenant_code])
        page = client.get("/queue")
        assert page.status_code == 200
        assert "sk-tone-warning" in page.text


def test_opening_is_written_down_and_asking_again_is_not(portal: PatientPortal) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    clinic.number(member.record.patient.id)
    client = member.browser()
    for _ in range(3):
        assert client.get("/queue", headers={"HX-Request": "true"}).status_code == 200
    client.get("/queue")
    with clinic.uow() as uow:
        rows = uow.session.scalars(select(AuditLog).where(AuditLog.action == "queue.list")).all()
    assert [(row.actor_kind, row.patient_id) for row in rows] == [("patient", member.record.patient.id)]


def test_a_long_line_asks_no_more_than_a_short_one(portal: PatientPortal, count_queries: Counting) -> None:
    clinic = portal.clinics[0]
    member = portal.activated(clinic)
    for _ in range(8):
        clinic.number(clinic.born(), priority="none")
    clinic.number(member.record.patient.id, priority="none")
    client = member.browser()
    for path, headers in (("/queue", {}), ("/queue", {"HX-Request": "true"}), ("/", {})):
        with count_queries() as counted:
            assert client.get(path, headers=headers).status_code == 200
        assert counted.total <= 12, (path, counted.total, counted.statements)
    with clinic.uow() as uow:
        assert uow.session.scalar(select(func.count()).select_from(QueueEntry)) == 9
