"""Who is told of what: the notices that bookings, arrivals, imports, reminders and findings leave."""

from datetime import time
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from kernel.clock import local_today
from kernel.errors import InvalidFields, NotFound
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from tenant_app.appointments.public import Destination, act, book, move, undo_move
from tenant_app.audit.models import AuditLog
from tenant_app.notices.models import Notice
from tenant_app.notices.public import KINDS, choose, mark_all_read, mark_read, read_list, unread, wanted
from tenant_app.patient_imports.models import PatientImport
from tenant_app.queue.public import call_next
from tenant_app.staff.models import Role, User, UserRole
from tests.support.clinic import Clinic, staff_actor, tomorrow


def doctor_of(clinic: Clinic) -> Actor:
    return staff_actor(clinic.hospital, clinic.doctor_id, role="doctor")


def told(clinic: Clinic, user_id: UUID) -> list[tuple[str, UUID | None]]:
    """What somebody has not read yet, the latest first."""
    with clinic.uow() as uow:
        statement = select(Notice.kind, Notice.thing_id).where(Notice.user_id == user_id, Notice.read_at.is_(None))
        return [(row.kind, row.thing_id) for row in uow.session.execute(statement.order_by(Notice.made_at.desc()))]


def booked(clinic: Clinic, actor: Actor, **wish: Any) -> Any:
    patient = clinic.patient().patient.id
    with clinic.uow() as uow:
        made = book(uow=uow, actor=actor, booking=clinic.booking(patient, **wish))
        uow.commit()
    return made


def test_a_doctor_hears_of_what_others_do_with_their_appointments(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    doctor, desk = doctor_of(clinic), clinic.actor("receptionist")
    made = booked(clinic, desk)
    assert told(clinic, doctor.id) == [("appointment.booked", made.id)]
    with clinic.uow() as uow:
        to = Destination(appointment_date=tomorrow(), start_time=time(14), end_time=time(14, 30), outside_reason="x")
        moved = move(uow=uow, actor=desk, appointment_id=made.id, to=to, version=made.version)
        uow.commit()
    assert told(clinic, doctor.id) == [("appointment.moved", made.id)], "the latest of one thing"
    with clinic.uow() as uow:
        act(uow=uow, actor=desk, appointment_id=moved.row.id, action="cancel", reason="Bệnh nhân bận")
        uow.commit()
    assert told(clinic, doctor.id) == [("appointment.cancelled", made.id)]
    for uninvolved in (desk.id, clinic.admin.id, clinic.actor("doctor").id):
        assert told(clinic, uninvolved) == []
    with other.uow() as uow:
        assert uow.session.execute(select(Notice.id)).first() is None


def test_what_one_did_oneself_is_no_news(clinic: Clinic) -> None:
    doctor = doctor_of(clinic)
    made = booked(clinic, doctor)
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="confirm")
        uow.commit()
    assert told(clinic, doctor.id) == []


def test_who_gives_and_who_gets_an_appointment_both_hear_of_it(clinic: Clinic) -> None:
    first, second = clinic.doctor_id, clinic.actor("doctor").id
    made = booked(clinic, doctor_of(clinic))
    with clinic.uow() as uow:
        to = Destination(
            appointment_date=tomorrow(),
            start_time=time(10),
            end_time=time(10, 30),
            doctor_id=second,
            outside_reason="x",
        )
        moved = move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=to, version=made.version)
        uow.commit()
    assert told(clinic, first) == [("appointment.moved", made.id)]
    assert told(clinic, second) == [("appointment.booked", made.id)]
    assert moved.move_id is not None
    with clinic.uow() as uow:
        undo_move(uow=uow, actor=clinic.admin, move_id=moved.move_id)
        uow.commit()
    assert told(clinic, first) == [("appointment.booked", made.id)]
    assert told(clinic, second) == [("appointment.moved", made.id)]


def test_a_notice_stands_or_falls_with_its_cause(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    with clinic.uow() as uow:
        book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient))
    assert told(clinic, clinic.doctor_id) == []


def test_who_has_come_and_who_is_called_is_told_to_the_doctor(clinic: Clinic) -> None:
    doctor, nurse = doctor_of(clinic), clinic.actor("nurse")
    made = booked(clinic, doctor)
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE appointments SET appointment_date = %s, updated_by = doctor_id", (local_today(),))
    number = clinic.number(made.patient_id)
    assert number.appointment_id == made.id
    assert told(clinic, doctor.id) == [("patient.arrived", number.id)]
    with clinic.uow() as uow:
        called = call_next(uow=uow, actor=nurse, department_id=clinic.department_id, doctor_id=doctor.id)
        uow.commit()
    assert told(clinic, doctor.id) == [("patient.called", called.id)]
    stranger = clinic.number(clinic.patient().patient.id)
    with clinic.uow() as uow:
        call_next(uow=uow, actor=doctor, department_id=clinic.department_id)
        uow.commit()
    assert stranger.id not in {thing for _, thing in told(clinic, doctor.id)}, "no appointment, and called by oneself"


def test_who_began_an_import_hears_of_its_end(clinic: Clinic) -> None:
    with clinic.uow() as uow:
        made = PatientImport(
            file_name="a.csv", file_kind="csv", file_bytes=9, encoding="utf-8", heading_row=1, headings=[], mapping={},
            samples=[], state="checking", created_by=clinic.admin.id,
        )  # fmt: skip
        uow.session.add(made)
        uow.flush()
        uow.session.execute(update(PatientImport).where(PatientImport.id == made.id).values(rows_done=1))
        uow.commit()
        assert told(clinic, clinic.admin.id) == []
        uow.session.execute(update(PatientImport).where(PatientImport.id == made.id).values(state="checked"))
        uow.commit()
    assert told(clinic, clinic.admin.id) == [("import.finished", made.id)]


def test_failed_reminders_are_one_notice_for_each_who_sends_them(clinic: Clinic) -> None:
    desk, cashier = clinic.actor("receptionist"), clinic.actor("cashier")
    appointments = [
        clinic.appointment(clinic.patient().patient.id, start=at, end=to)
        for at, to in (("09:00", "09:30"), ("10:00", "10:30"))
    ]
    with clinic.hospital.superuser() as connection:
        for each in appointments:
            connection.execute(
                "INSERT INTO appointment_reminders (appointment_id, patient_id, reminder_type, kind, starts_at, "
                "scheduled_at, next_attempt_at) VALUES (%s, %s, 'sms', 'now', now() + interval '1 day', now(), now())",
                (each.id, each.patient_id),
            )
            connection.execute("UPDATE appointment_reminders SET status = 'failed', reason = 'sms_400'")
    assert told(clinic, desk.id) == [("reminder.failed", None)]
    assert told(clinic, clinic.admin.id) == [("reminder.failed", None)]
    assert told(clinic, cashier.id) == []


def finding(clinic: Clinic, about: UUID) -> UUID:
    with clinic.hospital.superuser() as connection:
        row = connection.execute(
            "INSERT INTO access_findings (kind, user_id, starts_at, ends_at, patients, reads, row_ids) "
            "VALUES ('many_hour', %s, now() - interval '1 hour', now(), 40, 50, '{}') RETURNING id",
            (about,),
        ).fetchone()
    assert row is not None
    found: UUID = row[0]
    return found


def test_unusual_access_is_told_to_who_decides_and_not_to_whom_it_is_about(clinic: Clinic) -> None:
    boss, nurse = clinic.actor("admin"), clinic.actor("nurse")
    about_nurse = finding(clinic, nurse.id)
    assert told(clinic, boss.id) == told(clinic, clinic.admin.id) == [("access.unusual", about_nurse)]
    assert told(clinic, nurse.id) == []
    about_boss = finding(clinic, boss.id)
    assert told(clinic, clinic.admin.id)[0] == ("access.unusual", about_boss)
    assert ("access.unusual", about_boss) not in told(clinic, boss.id)


def test_only_what_is_wanted_is_told(clinic: Clinic) -> None:
    doctor = doctor_of(clinic)
    with clinic.uow() as uow:
        assert set(wanted(uow=uow, actor=doctor)) == {
            "appointment.booked", "appointment.moved", "appointment.cancelled", "patient.arrived", "patient.called",
        }  # fmt: skip
        assert all(wanted(uow=uow, actor=doctor).values())
        assert set(wanted(uow=uow, actor=clinic.actor("receptionist"))) == {"reminder.failed"}
        assert choose(uow=uow, actor=doctor, chosen={"appointment.booked": False})["appointment.booked"] is False
        with pytest.raises(InvalidFields):
            choose(uow=uow, actor=doctor, chosen={"access.unusual": True})
        uow.commit()
    booked(clinic, clinic.admin)
    assert told(clinic, doctor.id) == []
    with clinic.uow() as uow:
        choose(uow=uow, actor=doctor, chosen={"appointment.booked": True})
        uow.commit()
    booked(clinic, clinic.admin, start="11:00", end="11:30")
    assert [kind for kind, _ in told(clinic, doctor.id)] == ["appointment.booked"]


def test_a_right_that_is_gone_hides_what_a_notice_says(clinic: Clinic) -> None:
    doctor = doctor_of(clinic)
    made = booked(clinic, clinic.admin)
    with clinic.uow() as uow:
        (shown,) = read_list(uow=uow, actor=doctor).items
        assert (shown.readable, shown.patient_name, shown.day) == (True, made.patient_name, made.appointment_date)
        assert uow.session.scalars(select(AuditLog.action).where(AuditLog.action == "notice.list")).all()
        bare = staff_actor(clinic.hospital, doctor.id, role="doctor")
        object.__setattr__(bare, "permissions", doctor.permissions - {"appointment.read"})
        (hidden,) = read_list(uow=uow, actor=bare).items
        assert (hidden.readable, hidden.patient_name, hidden.day, hidden.doctor_name) == (False, None, None, None)


def test_nobody_is_told_who_may_not_see_it_or_has_left(clinic: Clinic) -> None:
    with clinic.uow() as uow:
        bare = Role(name="Không xem lịch", permissions=["queue.read"])
        uow.session.add(bare)
        uow.flush()
        uow.session.execute(delete(UserRole).where(UserRole.user_id == clinic.doctor_id))
        uow.session.add(UserRole(user_id=clinic.doctor_id, role_id=bare.id))
        uow.commit()
    booked(clinic, clinic.admin)
    assert told(clinic, clinic.doctor_id) == []
    boss = clinic.actor("admin")
    with clinic.uow() as uow:
        uow.session.execute(update(User).where(User.id == boss.id).values(status="inactive"))
        uow.commit()
    finding(clinic, clinic.doctor_id)
    assert told(clinic, boss.id) == []


def test_reading_is_each_ones_own(clinic: Clinic) -> None:
    doctor, another = doctor_of(clinic), clinic.actor("doctor")
    booked(clinic, clinic.admin)
    booked(clinic, clinic.admin, start="10:00", end="10:30")
    with clinic.uow() as uow:
        rows = read_list(uow=uow, actor=doctor).items
        assert unread(uow=uow, actor=doctor) == 2
        for stranger_to in (another, clinic.admin):
            with pytest.raises(NotFound):
                mark_read(uow=uow, actor=stranger_to, notice_id=rows[0].id)
        mark_all_read(uow=uow, actor=another)
        assert unread(uow=uow, actor=doctor) == 2
        mark_read(uow=uow, actor=doctor, notice_id=rows[0].id)
        mark_read(uow=uow, actor=doctor, notice_id=rows[0].id)
        assert unread(uow=uow, actor=doctor) == 1
        first = read_list(uow=uow, actor=doctor, limit=1)
        second = read_list(uow=uow, actor=doctor, limit=1, cursor=first.next_cursor)
        assert [row.id for row in (*first.items, *second.items)] == [row.id for row in rows]
        mark_all_read(uow=uow, actor=doctor)
        assert unread(uow=uow, actor=doctor) == 0
        assert read_list(uow=uow, actor=doctor, unread_only=True).items == []
        with pytest.raises(InvalidFields):
            read_list(uow=uow, actor=doctor, cursor="abc")


def test_staff_write_no_notices_themselves(clinic: Clinic) -> None:
    for forbidden in (
        insert(Notice).values(user_id=clinic.admin.id, kind="reminder.failed"),
        update(Notice).values(user_id=clinic.admin.id),
        text("DELETE FROM notices"),
        text("SELECT give_notice('reminder.failed', NULL, NULL, NULL)"),
    ):
        with clinic.uow() as uow, pytest.raises(ProgrammingError, match="permission denied"):
            uow.session.execute(forbidden)


def test_the_database_knows_the_permissions_of_the_kinds(clinic: Clinic) -> None:
    with clinic.hospital.superuser() as connection:
        for name, kind in KINDS.items():
            assert connection.execute("SELECT notice_permission(%s)", (name,)).fetchone() == (kind.permission,)


def test_old_notices_go(clinic: Clinic) -> None:
    day: dict[str, tuple[int, bool]] = {
        "kept": (89, False),
        "read": (29, True),
        "long_read": (31, True),
        "long": (91, False),
    }
    ids = {name: new_row_id() for name in day}
    with clinic.hospital.superuser() as connection:
        for name, (days, is_read) in day.items():
            connection.execute(
                "INSERT INTO notices (id, user_id, kind, thing_id, made_at, read_at) "
                "VALUES (%s, %s, 'import.finished', uuidv7(), now() - make_interval(days => %s), "
                "CASE WHEN %s THEN now() END)",
                (ids[name], clinic.admin.id, days, is_read),
            )
    with clinic.uow("seal") as uow:
        removed = uow.session.execute(text("SELECT kind, removed FROM prune_notices(100)")).all()
        assert dict(map(tuple, removed)) == {"notices": 2, "patient_notifications": 0}
        uow.commit()
    with clinic.uow() as uow:
        assert set(uow.session.scalars(select(Notice.id))) == {ids["kept"], ids["read"]}
