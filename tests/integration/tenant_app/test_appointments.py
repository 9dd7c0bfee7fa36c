"""Booking and what becomes of an appointment."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from kernel.clock import LOCAL_ZONE, local_today
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from tenant_app.appointments.public import (
    Appointment,
    Booking,
    Filter,
    SlotTaken,
    TransitionNotAllowed,
    act,
    book,
    busy_times,
    count_by_status,
    list_appointments,
    read,
)
from tenant_app.audit.models import AuditLog
from tests.support.clinic import Clinic, add_user, open_clinic, tomorrow
from tests.support.counting import Counting
from tests.support.hospitals import Hospital


def test_an_appointment_is_booked_once(clinics: tuple[Clinic, Clinic]) -> None:
    """It has a code, is scheduled, is audited; the other hospital does not know it."""
    clinic, other = clinics
    patient = clinic.patient()
    made = clinic.appointment(patient.patient.id)
    assert (made.appointment_code, made.status, made.source) == ("LH-000001", "scheduled", "hospital_staff")
    assert made.patient_name == patient.patient.full_name
    with clinic.uow() as uow:
        log = uow.session.scalars(select(AuditLog).where(AuditLog.action == "appointment.book")).one()
        assert (log.patient_id, log.resource_id) == (patient.patient.id, str(made.id))
    with other.uow() as uow, pytest.raises(NotFound):
        read(uow=uow, actor=other.admin, appointment_id=made.id)


@pytest.mark.parametrize(
    ("start", "end", "free"),
    [
        ("09:00", "09:30", False),
        ("09:15", "09:45", False),
        ("08:45", "09:15", False),
        ("08:00", "12:00", False),
        ("09:10", "09:20", False),
        ("09:30", "10:00", True),
        ("08:30", "09:00", True),
    ],
)
def test_a_doctor_is_in_one_place_at_a_time(clinic: Clinic, start: str, end: str, free: bool) -> None:
    """Half-open times: the next one may begin when this one ends."""
    patient = clinic.patient().patient.id
    clinic.appointment(patient)
    with clinic.uow() as uow:
        booking = clinic.booking(patient, start=start, end=end)
        if free:
            book(uow=uow, actor=clinic.admin, booking=booking)
        else:
            with pytest.raises(SlotTaken):
                book(uow=uow, actor=clinic.admin, booking=booking)


def test_another_doctor_another_day_and_a_cancelled_time_are_free(two_hospitals: tuple[Hospital, Hospital]) -> None:
    """The constraint is of a doctor, a time, and of what is not cancelled."""
    clinic = open_clinic(two_hospitals[0], doctors=2)
    patient = clinic.patient().patient.id
    made = clinic.appointment(patient)
    with clinic.uow() as uow:
        book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient, doctor_id=clinic.doctor_ids[1]))
        book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient, day=tomorrow() + timedelta(days=1)))
        act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="cancel", reason="Bệnh nhân bận")
        again = book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient))
        uow.commit()
    assert again.status == "scheduled"


def test_a_hundred_at_once_get_exactly_what_there_is(clinic: Clinic) -> None:
    """25 quarters of an hour, four wishes for each: one of each four is booked, the others hear that it is taken.

    No deadlock, no time-out, no double booking.
    """
    patient = clinic.patient().patient.id
    wishes = []
    for number in range(25):
        minutes = 7 * 60 + 15 * number
        start, end = (f"{at // 60:02d}:{at % 60:02d}" for at in (minutes, minutes + 15))
        wishes += [clinic.booking(patient, start=start, end=end)] * 4

    def try_to_book(booking: Booking) -> bool:
        with clinic.uow() as uow:
            try:
                book(uow=uow, actor=clinic.admin, booking=booking)
            except SlotTaken:
                return False
            uow.commit()
            return True

    with ThreadPoolExecutor(max_workers=16) as pool:
        booked = list(pool.map(try_to_book, wishes))
    assert sum(booked) == 25
    assert all(sum(booked[at : at + 4]) == 1 for at in range(0, 100, 4))


def test_overlapping_wishes_at_once_never_overlap_in_the_end(clinic: Clinic) -> None:
    """A hundred wishes of half an hour, every five minutes: whichever come first, no two that stand overlap."""
    patient = clinic.patient().patient.id

    def try_to_book(number: int) -> bool:
        minutes = 7 * 60 + 5 * number
        start, end = (time(at // 60, at % 60) for at in (minutes, minutes + 30))
        with clinic.uow() as uow:
            try:
                booking = replace(clinic.booking(patient), start_time=start, end_time=end)
                book(uow=uow, actor=clinic.admin, booking=booking)
            except SlotTaken:
                return False
            uow.commit()
            return True

    with ThreadPoolExecutor(max_workers=16) as pool:
        booked = sum(pool.map(try_to_book, range(100)))
    with clinic.uow() as uow:
        taken = busy_times(uow=uow, doctor_id=clinic.doctor_id, day=tomorrow())
    assert len(taken) == booked
    assert all(earlier.end_time <= later.start_time for earlier, later in pairwise(taken))
    # Between two that stand, less than half an hour was free for any of the others: none was refused in vain.
    assert booked >= 9


def test_what_cannot_be_booked(clinic: Clinic) -> None:
    """Each wrong part is named: a doctor who has not joined, a nurse, a foreign department, a time that has passed."""
    patient = clinic.patient().patient.id
    with clinic.uow() as uow:
        invited = add_user(uow, role="doctor", status="invited")
        nurse = add_user(uow, role="nurse")
        for doctor in (invited, nurse, patient):
            with pytest.raises(InvalidFields) as refusal:
                book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient, doctor_id=doctor))
            assert set(refusal.value.errors) == {"doctor_id"}
        wrong = replace(clinic.booking(clinic.doctor_id), department_id=patient)
        with pytest.raises(InvalidFields) as refusal:
            book(uow=uow, actor=clinic.admin, booking=wrong)
        assert set(refusal.value.errors) == {"patient_id", "department_id"}
        yesterday = local_today() - timedelta(days=1)
        with pytest.raises(InvalidFields) as refusal:
            book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient, day=yesterday))
        assert set(refusal.value.errors) == {"appointment_date"}
        noon = datetime.combine(tomorrow(), time(12), tzinfo=LOCAL_ZONE)
        with pytest.raises(InvalidFields) as refusal:
            book(uow=uow, actor=clinic.admin, booking=clinic.booking(patient), now=noon)
        assert set(refusal.value.errors) == {"start_time"}


def test_the_way_through_the_day(clinic: Clinic) -> None:
    """Scheduled, confirmed, in progress, completed: each says who and when, and comes in this order only."""
    made = clinic.appointment(clinic.patient().patient.id)
    doctor = clinic.actor("doctor")
    with clinic.uow() as uow:
        for wrong in ("start", "complete"):
            with pytest.raises(TransitionNotAllowed):
                act(uow=uow, actor=doctor, appointment_id=made.id, action=wrong)
        for action, status in (("confirm", "confirmed"), ("start", "in_progress"), ("complete", "completed")):
            row = act(uow=uow, actor=doctor, appointment_id=made.id, action=action)
            assert row.status == status
        with pytest.raises(TransitionNotAllowed) as refusal:
            act(uow=uow, actor=doctor, appointment_id=made.id, action="cancel", reason="Muộn")
        assert refusal.value.data == {"status": "completed", "possible": []}
        uow.commit()
    with clinic.uow() as uow:
        stored = uow.session.get_one(Appointment, made.id)
        assert {stored.confirmed_by, stored.started_by, stored.completed_by} == {doctor.id}
        assert None not in {stored.confirmed_at, stored.started_at, stored.completed_at}
        assert stored.version == 4


def test_a_cancellation_says_why(clinic: Clinic) -> None:
    """Without a reason nothing is cancelled."""
    made = clinic.appointment(clinic.patient().patient.id)
    with clinic.uow() as uow:
        with pytest.raises(InvalidFields):
            act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="cancel", reason="  ")
        uow.session.expire_all()
    with clinic.uow() as uow:
        row = act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="cancel", reason="Bác sĩ nghỉ")
        assert (row.status, row.cancellation_reason, row.cancelled_by_kind) == ("cancelled", "Bác sĩ nghỉ", "staff")


def test_two_who_act_at_once(clinic: Clinic) -> None:
    """The second one acted on what is no longer so."""
    made = clinic.appointment(clinic.patient().patient.id)
    with clinic.uow() as first, clinic.uow() as second:
        seen = second.session.get_one(Appointment, made.id)
        act(uow=first, actor=clinic.admin, appointment_id=made.id, action="confirm")
        first.commit()
        seen.notes = "Đã gọi điện"
        with pytest.raises(StaleDataError):
            second.flush()
    with clinic.uow() as uow, pytest.raises(PreconditionFailed):
        act(uow=uow, actor=clinic.admin, appointment_id=made.id, action="cancel", reason="Bận", version=1)


def test_lists_by_day_doctor_and_patient(two_hospitals: tuple[Hospital, Hospital], count_queries: Counting) -> None:
    """One statement whatever the length; pages show each once; a day's counts by status."""
    clinic = open_clinic(two_hospitals[0], doctors=2)
    patients = [clinic.patient().patient.id for _ in range(2)]
    with clinic.uow() as uow:
        for number in range(12):
            booking = clinic.booking(
                patients[number % 2],
                doctor_id=clinic.doctor_ids[number % 2],
                start=f"{8 + number // 2:02d}:00",
                end=f"{8 + number // 2:02d}:20",
            )
            book(uow=uow, actor=clinic.admin, booking=booking)
        uow.commit()
    with clinic.uow() as uow, count_queries() as counted:
        day = Filter.on(tomorrow())
        first = list_appointments(uow=uow, wanted=day, limit=7)
        rest = list_appointments(uow=uow, wanted=day, limit=7, cursor=first.next_cursor)
        assert counted.total == 2
        assert [len(first.items), len(rest.items), rest.next_cursor] == [7, 5, None]
        assert len({row.id for row in (*first.items, *rest.items)}) == 12
        of_doctor = list_appointments(uow=uow, wanted=Filter.on(tomorrow(), doctor_id=clinic.doctor_ids[1]))
        assert {row.doctor_id for row in of_doctor.items} == {clinic.doctor_ids[1]}
        of_patient = list_appointments(uow=uow, wanted=Filter(patient_id=patients[0]))
        assert len(of_patient.items) == 6
        assert list_appointments(uow=uow, wanted=Filter.on(local_today())).items == []
        assert count_by_status(uow=uow, day=tomorrow()) == {"scheduled": 12}
