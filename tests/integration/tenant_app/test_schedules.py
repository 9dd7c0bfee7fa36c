"""Doctors' hours as the database keeps them, who may change them, and what booking makes of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import time, timedelta
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select

from kernel.clock import local_today, utc_now
from kernel.errors import Forbidden, InvalidFields, NotFound, PreconditionFailed
from tenant_app.appointments.public import OutsideSchedule, act, book, doctor_day, hit_by_absences, to_move
from tenant_app.audit.models import AuditLog
from tenant_app.patients.public import PatientInactive
from tenant_app.schedules.public import (
    NewException,
    ScheduleOverlaps,
    add_exception,
    change_hours,
    list_exceptions,
    list_schedules,
    read_working_time,
    remove_exception,
    remove_hours,
    schedule_row,
)
from tests.support.clinic import Clinic, open_clinic, tomorrow
from tests.support.counting import Counting
from tests.support.hospitals import Hospital
from tests.support.schedules import away, hours


def offered(clinic: Clinic) -> list[str]:
    with clinic.uow() as uow:
        day = doctor_day(uow=uow, doctor_id=clinic.doctor_id, day=tomorrow())
    return [f"{slot.start:%H:%M}" for slot in day.free(now=utc_now())]


def test_hours_are_added_changed_and_taken_out(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    assert offered(clinic)[:2] == ["07:00", "07:30"]
    made = hours(clinic)
    assert [row.weekday for row in made] == list(range(7))
    assert offered(clinic) == ["08:00", "08:20", "08:40", "09:00", "09:20", "09:40"]
    here = next(row for row in made if row.weekday == tomorrow().weekday())
    details = {"end_time": time(9), "slot_minutes": 30}
    with clinic.uow() as uow:
        row = change_hours(uow=uow, actor=clinic.admin, schedule_id=here.id, version=1, details=details)
        assert (row.end_time, row.version) == (time(9), 2)
        with pytest.raises(PreconditionFailed):
            change_hours(uow=uow, actor=clinic.admin, schedule_id=here.id, version=1, details=details)
        uow.commit()
    assert offered(clinic) == ["08:00", "08:30"]
    with other.uow() as uow:
        assert list_schedules(uow=uow).items == []
        for work in (
            lambda: schedule_row(uow=uow, schedule_id=here.id),
            lambda: change_hours(uow=uow, actor=other.admin, schedule_id=here.id, version=2, details={}),
            lambda: remove_hours(uow=uow, actor=other.admin, schedule_id=here.id),
        ):
            with pytest.raises(NotFound):
                work()
    with clinic.uow() as uow:
        remove_hours(uow=uow, actor=clinic.admin, schedule_id=here.id)
        uow.commit()
    assert offered(clinic) == [], "a doctor with a schedule has no hours on the other days"
    with clinic.uow() as uow:
        actions = set(uow.session.scalars(select(AuditLog.action).where(AuditLog.resource_type == "schedule")))
        first = list_schedules(uow=uow, doctor_id=clinic.doctor_id, limit=4)
        rest = list_schedules(uow=uow, doctor_id=clinic.doctor_id, limit=4, cursor=first.next_cursor)
    assert actions == {"schedule.add", "schedule.change", "schedule.remove"}
    assert [len(first.items), len(rest.items), rest.next_cursor] == [4, 2, None]


def test_no_doctor_is_in_two_places(two_hospitals: tuple[Hospital, Hospital]) -> None:
    """By weekday, time and period; another doctor, another time and another period are free."""
    clinic = open_clinic(two_hospitals[0], doctors=2)
    today = local_today()
    hours(clinic, weekdays=(0,), valid_until=today + timedelta(days=30))
    for start, end in (("08:00", "10:00"), ("09:30", "12:00"), ("07:00", "08:01")):
        with pytest.raises(ScheduleOverlaps):
            hours(clinic, start, end, weekdays=(0, 1))
    hours(clinic, "10:00", "12:00", weekdays=(0,))
    hours(clinic, weekdays=(1,))
    hours(clinic, weekdays=(0,), doctor_id=clinic.doctor_ids[1])
    late = hours(clinic, weekdays=(0,), valid_from=today + timedelta(days=31))[0]
    with clinic.uow() as uow, pytest.raises(ScheduleOverlaps):
        change_hours(uow=uow, actor=clinic.admin, schedule_id=late.id, version=1, details={"valid_from": today})
    with clinic.hospital.connect("app") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE doctor_schedules SET start_time = '22:00', end_time = '02:00'")


def test_two_who_add_the_same_hours_at_once(clinic: Clinic) -> None:
    def add(_number: int) -> bool:
        try:
            hours(clinic)
        except ScheduleOverlaps:
            return False
        return True

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sum(pool.map(add, range(16))) == 1


def test_hours_need_a_doctor_and_a_department_of_this_hospital(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    nurse = clinic.actor("nurse")
    for field, wrong in (
        ("doctor_id", {"doctor_id": nurse.id}),
        ("doctor_id", {"doctor_id": other.doctor_id}),
        ("department_id", {"department_id": other.department_id}),
        ("weekday", {"weekdays": ()}),
        ("weekday", {"weekdays": (7,)}),
    ):
        with pytest.raises(InvalidFields) as refusal:
            hours(clinic, **wrong)
        assert set(refusal.value.errors) == {field}


def test_an_absence_takes_times_away_and_lists_whom_it_hits(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    patient = clinic.patient().patient.id
    early, late = clinic.appointment(patient, start="08:00", end="08:20"), clinic.appointment(patient)
    with clinic.uow() as uow:
        assert to_move(uow=uow, actor=clinic.admin, doctor_id=clinic.doctor_id) == []
    made = away(clinic, start="08:10", end="09:00")
    assert "08:30" not in offered(clinic)
    with clinic.uow() as uow:
        assert [row.id for row in to_move(uow=uow, actor=clinic.admin, doctor_id=clinic.doctor_id)] == [early.id]
        assert hit_by_absences(uow=uow) == {clinic.doctor_id: 1}
        act(uow=uow, actor=clinic.admin, appointment_id=late.id, action="cancel", reason="Bận")
        act(uow=uow, actor=clinic.admin, appointment_id=early.id, action="confirm")
        uow.commit()
    hours(clinic, "13:00", "14:00")
    with clinic.uow() as uow:
        assert [row.id for row in to_move(uow=uow, actor=clinic.admin, doctor_id=clinic.doctor_id)] == [early.id]
    with other.uow() as uow:
        assert list_exceptions(uow=uow).items == []
        assert hit_by_absences(uow=uow) == {}
        with pytest.raises(NotFound):
            remove_exception(uow=uow, actor=other.admin, exception_id=made.id)
    with clinic.uow() as uow:
        remove_exception(uow=uow, actor=clinic.admin, exception_id=made.id)
        uow.commit()
    with clinic.uow() as uow:
        assert hit_by_absences(uow=uow) == {}


def test_a_doctor_writes_down_their_own_exceptions_only(two_hospitals: tuple[Hospital, Hospital]) -> None:
    clinic = open_clinic(two_hospitals[0], doctors=1)
    doctor, nurse = clinic.actor("doctor"), clinic.actor("nurse")
    own = NewException(doctor_id=doctor.id, kind="away", reason="sick", first_day=tomorrow(), note=" Sốt  cao ")
    with clinic.uow() as uow:
        made = add_exception(uow=uow, actor=doctor, new=own)
        assert made.note == "Sốt cao"
        others = away(clinic)
        for work in (
            lambda: add_exception(uow=uow, actor=doctor, new=replace(own, doctor_id=clinic.doctor_id)),
            lambda: add_exception(uow=uow, actor=nurse, new=own),
            lambda: remove_exception(uow=uow, actor=doctor, exception_id=others.id),
        ):
            with pytest.raises(Forbidden):
                work()
        remove_exception(uow=uow, actor=doctor, exception_id=made.id)


def test_the_desk_books_outside_the_hours_only_with_a_reason(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    hours(clinic)
    with clinic.uow() as uow:
        with pytest.raises(OutsideSchedule):
            book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient, start="09:50", end="10:10"))
        outside = replace(clinic.booking(patient, start="10:00", end="10:20"), outside_reason="Người nhà bác sĩ")
        assert book(uow=uow, actor=clinic.admin, booking=outside).outside_reason == "Người nhà bác sĩ"
        inside = replace(clinic.booking(patient, start="08:10", end="08:50"), outside_reason="không cần")
        assert book(uow=uow, actor=clinic.admin, booking=inside).outside_reason is None
        assert to_move(uow=uow, actor=clinic.admin, doctor_id=clinic.doctor_id) == [], "it was meant so"
        uow.commit()
    away(clinic, start="10:00", end="11:00")
    with clinic.uow() as uow:
        assert len(to_move(uow=uow, actor=clinic.admin, doctor_id=clinic.doctor_id)) == 1


def test_nobody_is_booked_into_an_absence_that_is_being_written_down(clinic: Clinic) -> None:
    """Forty book while the doctor goes on leave: whoever was booked before is on the list, nobody comes after."""
    patient = clinic.patient().patient.id

    def work(number: int) -> bool | None:
        if number == 20:
            away(clinic)
            return None
        start, end = (f"{at // 60:02d}:{at % 60:02d}" for at in (420 + 10 * number, 430 + 10 * number))
        with clinic.uow() as uow:
            try:
                book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient, start=start, end=end))
            except OutsideSchedule:
                return False
            uow.commit()
            return True

    with ThreadPoolExecutor(max_workers=8) as pool:
        booked = sum(bool(each) for each in pool.map(work, range(40)))
    with clinic.uow() as uow:
        assert len(to_move(uow=uow, actor=clinic.admin, doctor_id=clinic.doctor_id)) == booked


def test_a_patient_who_is_made_inactive_meanwhile_is_not_booked(clinic: Clinic) -> None:
    """Whoever books holds the patient's status: the change waits for the booking, or the booking sees the change."""
    patient = clinic.patient().patient.id
    with clinic.uow() as uow, clinic.hospital.connect("app") as connection:
        book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient))
        connection.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("UPDATE patients SET status = 'inactive' WHERE id = %s", (patient,))
        uow.commit()
        connection.execute("UPDATE patients SET status = 'inactive' WHERE id = %s", (patient,))
    with clinic.uow() as uow, pytest.raises(PatientInactive):
        book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient, start="10:00", end="10:30"))


def test_patients_role_sees_when_and_not_why(clinic: Clinic, count_queries: Counting) -> None:
    hours(clinic)
    away(clinic, start="08:00", end="08:20", note="việc riêng")
    day = tomorrow()
    with clinic.uow("portal") as uow, count_queries() as counted:
        working = read_working_time(uow=uow, doctor_id=clinic.doctor_id, since=day, until=day)
        assert [f"{each.start:%H:%M}" for each in working.windows_on(day)] == ["08:20"]
    assert counted.total <= 4
    with clinic.hospital.connect("portal") as connection:
        for column in ("reason", "note", "created_by"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(sql.SQL("SELECT {} FROM schedule_exceptions").format(sql.Identifier(column)))
        asked = connection.execute("SELECT booking_patient_status(%s)", (uuid4(),)).fetchone()
    assert asked == (None,)
