"""Appointments that are moved: to where there is room, written down, and back again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import select

from kernel.clock import local_today
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from tenant_app.appointments.public import (
    Destination,
    OutsideSchedule,
    SlotTaken,
    TransitionNotAllowed,
    act,
    book,
    busy_times,
    move,
    moves_of,
    undo_move,
)
from tenant_app.audit.models import AuditLog
from tests.support.clinic import Clinic, open_clinic, tomorrow
from tests.support.hospitals import Hospital
from tests.support.schedules import away, hours


def to(start: str, end: str, **more: object) -> Destination:
    return Destination(
        **{  # type: ignore[arg-type]  # what each caller names
            "appointment_date": tomorrow(),
            "start_time": time.fromisoformat(start),
            "end_time": time.fromisoformat(end),
            **more,
        }
    )


def test_it_moves_keeps_its_status_and_says_who_moved_it(two_hospitals: tuple[Hospital, Hospital]) -> None:
    clinic = open_clinic(two_hospitals[0], doctors=2)
    other = open_clinic(two_hospitals[1])
    made = clinic.appointment(clinic.patient().patient.id)
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="confirm")
        where = to("09:20", "09:50", doctor_id=clinic.doctor_ids[1], reason=" Bác sĩ bận ")
        moved = move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=where, version=2)
        uow.commit()
    row = moved.row
    assert (row.doctor_id, row.start_time, row.status, row.version) == (
        clinic.doctor_ids[1],
        time(9, 20),
        "confirmed",
        3,
    )
    with clinic.uow() as uow:
        (told,) = moves_of(uow=uow, appointment_id=made.id)
        assert (told.from_doctor_id, told.from_start, told.to_start) == (made.doctor_id, time(9), time(9, 20))
        assert (told.moved_by, told.reason) == (clinic.admin.id, "Bác sĩ bận")
        log = uow.session.scalars(select(AuditLog).where(AuditLog.action == "appointment.move")).one()
        assert (log.patient_id, log.changed) == (made.patient_id, ["doctor_id", "end_time", "start_time"])
    with other.uow() as uow:
        with pytest.raises(NotFound):
            move(uow=uow, actor=other.admin, appointment_id=made.id, to=where, version=3)
        with pytest.raises(NotFound):
            undo_move(uow=uow, actor=other.admin, move_id=told.id)
    with clinic.uow() as uow:
        back = undo_move(uow=uow, actor=clinic.admin, move_id=told.id)
        assert (back.row.doctor_id, back.row.start_time) == (made.doctor_id, made.start_time)
        with pytest.raises(PreconditionFailed):
            undo_move(uow=uow, actor=clinic.admin, move_id=told.id)
        assert len(moves_of(uow=uow, appointment_id=made.id)) == 2


def test_what_cannot_be_moved(two_hospitals: tuple[Hospital, Hospital]) -> None:
    clinic = open_clinic(two_hospitals[0], doctors=2)
    patient = clinic.patient().patient.id
    made, standing = clinic.appointment(patient), clinic.appointment(patient, start="10:00", end="10:30")
    with clinic.uow() as uow:

        def attempt(where: Destination, version: int = 1) -> None:
            move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=where, version=version)

        with pytest.raises(PreconditionFailed):
            attempt(to("11:00", "11:30"), version=2)
        for field, wrong in (
            ("end_time", to("11:00", "11:00")),
            ("appointment_date", to("11:00", "11:30", appointment_date=local_today() - timedelta(days=1))),
            ("doctor_id", to("11:00", "11:30", doctor_id=uuid4())),
            ("department_id", to("11:00", "11:30", department_id=uuid4())),
        ):
            with pytest.raises(InvalidFields) as refusal:
                attempt(wrong)
            assert set(refusal.value.errors) == {field}
        assert (
            move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=to("09:00", "09:30"), version=1).move_id
            is None
        )
        uow.session.rollback()
        with pytest.raises(SlotTaken):
            attempt(to("10:15", "10:45"))
    with clinic.uow() as uow:
        act(uow=uow, actor=clinic.admin, appointment_id=standing.id, action="cancel", reason="Bận")
        moved = move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=to("10:15", "10:45"), version=1)
        for action in ("confirm", "start"):
            row = act(uow=uow, actor=clinic.admin, appointment_id=made.id, action=action)
        with pytest.raises(TransitionNotAllowed):
            move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=to("11:00", "11:30"), version=row.version)
        assert moved.move_id
        with pytest.raises(PreconditionFailed):
            undo_move(uow=uow, actor=clinic.admin, move_id=moved.move_id)


def test_the_schedule_holds_for_moves_too_and_the_department_follows_it(
    two_hospitals: tuple[Hospital, Hospital],
) -> None:
    clinic = open_clinic(two_hospitals[0], doctors=2)
    made = clinic.appointment(clinic.patient().patient.id)
    away(clinic, start="10:00", end="12:00")
    hours(clinic, "13:00", "15:00", doctor_id=clinic.doctor_ids[1])
    with clinic.uow() as uow:
        for where in (to("10:00", "10:30"), to("09:00", "09:30", doctor_id=clinic.doctor_ids[1])):
            with pytest.raises(OutsideSchedule):
                move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=where, version=1)
        where = to("10:00", "10:30", outside_reason="Cấp cứu")
        first = move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=where, version=1)
        assert first.row.outside_reason == "Cấp cứu"
        where = to("13:10", "13:40", doctor_id=clinic.doctor_ids[1])
        second = move(uow=uow, actor=clinic.admin, appointment_id=made.id, to=where, version=first.row.version)
        assert (second.row.outside_reason, second.row.department_id) == (None, clinic.department_id)
        assert second.move_id
        back = undo_move(uow=uow, actor=clinic.admin, move_id=second.move_id)
        assert back.row.outside_reason == "Cấp cứu", "back into the absence, as it had been meant"


def test_a_hundred_moves_and_bookings_at_once_never_overlap(two_hospitals: tuple[Hospital, Hospital]) -> None:
    """Fifty are moved from two mornings into one another's, fifty are booked there: no deadlock, nothing overlaps."""
    clinic = open_clinic(two_hospitals[0], doctors=2)
    patient = clinic.patient().patient.id
    days = (tomorrow(), tomorrow() + timedelta(days=1))
    standing = []
    with clinic.uow() as uow:
        for number in range(50):
            at = 7 * 60 + 10 * (number // 2)
            start, end = (f"{minute // 60:02d}:{minute % 60:02d}" for minute in (at, at + 10))
            booking = clinic.booking(patient, start=start, end=end, day=days[number % 2])
            standing.append(book(uow=uow, actor=clinic.admin, booking=booking))
        uow.commit()

    def work(number: int) -> bool:
        at = 7 * 60 + 5 * number
        span = (time(at // 60, at % 60), time((at + 10) // 60, (at + 10) % 60))
        with clinic.uow() as uow:
            try:
                if number % 2:
                    row = standing[number // 2]
                    where = Destination(
                        appointment_date=days[(number // 2 + 1) % 2],
                        start_time=span[0],
                        end_time=span[1],
                        doctor_id=clinic.doctor_ids[number // 2 % 2],
                    )
                    move(uow=uow, actor=clinic.admin, appointment_id=row.id, to=where, version=1)
                else:
                    booking = clinic.booking(patient, start=f"{span[0]:%H:%M}", end=f"{span[1]:%H:%M}", day=days[0])
                    book(uow=uow, actor=clinic.admin, booking=booking)
            except SlotTaken:
                return False
            uow.commit()
            return True

    with ThreadPoolExecutor(max_workers=16) as pool:
        done = list(pool.map(work, range(100)))
    booked = sum(done[0::2])
    with clinic.uow() as uow:
        total = 0
        for doctor_id in clinic.doctor_ids:
            for day in days:
                taken = busy_times(uow=uow, doctor_id=doctor_id, day=day)
                total += len(taken)
                assert all(earlier.end_time <= later.start_time for earlier, later in pairwise(taken))
    assert total == 50 + booked, "none is lost, none is there twice"
    assert 0 < sum(done) <= 100


def test_many_who_want_one_place_and_only_one_gets_it(clinic: Clinic) -> None:
    patient = clinic.patient().patient.id
    standing = [
        clinic.appointment(
            patient, start=f"{7 + at // 2:02d}:{30 * (at % 2):02d}", end=f"{7 + at // 2:02d}:{30 * (at % 2) + 25:02d}"
        )
        for at in range(8)
    ]

    def work(number: int) -> bool:
        with clinic.uow() as uow:
            try:
                move(
                    uow=uow,
                    actor=clinic.admin,
                    appointment_id=standing[number].id,
                    to=to("15:00", "15:25"),
                    version=1,
                )
            except SlotTaken:
                return False
            uow.commit()
            return True

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert sum(pool.map(work, range(8))) == 1
