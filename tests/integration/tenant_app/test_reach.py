"""Roles that reach their own departments: what is read is filtered, what would be changed is not found."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Forbidden, InvalidFields, NotFound
from tenant_app.appointments.models import Appointment, AppointmentMove
from tenant_app.appointments.public import (
    Destination,
    act,
    book,
    cancel_coming,
    coming,
    count_by_status,
    move,
    read,
    read_list,
    taken_elsewhere,
    undo_move,
)
from tenant_app.appointments.public import Filter as Appointments
from tenant_app.queue.models import QueueEntry, QueueStep
from tenant_app.queue.public import Arrival, Filter, call_next, entry, figures, read_line, step, take, transfer
from tenant_app.queue.public import read_list as read_numbers
from tenant_app.reminders.public import attendance_of, reminders_of
from tenant_app.schedules.public import NewException, add_exception, change_hours, remove_exception, remove_hours
from tenant_app.staff.public import coming_appointments, hanging_on
from tenant_app.timeline.public import timeline
from tests.support.clinic import Clinic, staff_actor, tomorrow
from tests.support.departments import Elsewhere, elsewhere, limited
from tests.support.schedules import away, hours


@pytest.fixture
def there(clinic: Clinic) -> Elsewhere:
    """The other department."""
    return elsewhere(clinic)


@pytest.fixture
def uow(clinic: Clinic, there: Elsewhere) -> Iterator[UnitOfWork]:
    """A transaction of the clinic's first doctor, who works in the first department."""
    with limited(clinic, clinic.doctor_id, clinic.department_id) as limited_one:
        yield limited_one


def test_what_belongs_to_another_department_is_not_found(clinic: Clinic, there: Elsewhere, uow: UnitOfWork) -> None:
    nurse = staff_actor(clinic.hospital, clinic.doctor_id)
    at, number = there.appointment, there.entry
    later = Destination(appointment_date=tomorrow(), start_time=at.start_time, end_time=at.end_time)
    attempts: list[Callable[[], Any]] = [
        lambda: read(uow=uow, actor=nurse, appointment_id=at.id),
        lambda: act(uow=uow, actor=nurse, appointment_id=at.id, action="confirm"),
        lambda: move(uow=uow, actor=nurse, appointment_id=at.id, to=later, version=at.version),
        lambda: undo_move(uow=uow, actor=nurse, move_id=there.move_id),
        lambda: entry(uow=uow, entry_id=number.id),
        lambda: step(uow=uow, actor=nurse, entry_id=number.id, action="leave"),
        lambda: transfer(uow=uow, actor=nurse, entry_id=number.id, department_id=clinic.department_id),
        lambda: read_line(uow=uow, actor=nurse, department_id=there.department_id),
        lambda: call_next(uow=uow, actor=nurse, department_id=there.department_id),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    booking = replace(
        clinic.booking(there.patient_id, doctor_id=there.doctor_id, start="10:00", end="10:30"),
        department_id=there.department_id,
    )
    other_doctor = replace(later, doctor_id=there.doctor_id)
    mine = clinic.appointment(there.patient_id)
    with pytest.raises(InvalidFields) as elsewhere_then:
        move(uow=uow, actor=nurse, appointment_id=mine.id, to=other_doctor, version=mine.version)
    assert set(elsewhere_then.value.errors) == {"doctor_id"}
    coming_in = Arrival(patient_id=clinic.born(), department_id=there.department_id)
    refused: list[Callable[[], Any]] = [
        lambda: book(uow=uow, actor=nurse, booking=booking),
        lambda: take(uow=uow, actor=nurse, arrival=coming_in),
    ]
    for attempt in refused:
        with pytest.raises(InvalidFields) as wrong:
            attempt()
        assert set(wrong.value.errors) == {"department_id"}


def test_lists_counts_and_the_timeline_hold_ones_own_only(clinic: Clinic, there: Elsewhere, uow: UnitOfWork) -> None:
    nurse = staff_actor(clinic.hospital, clinic.doctor_id)
    mine = clinic.appointment(there.patient_id)
    number = clinic.number(there.patient_id)
    day = mine.appointment_date
    rows = read_list(uow=uow, actor=nurse, wanted=Appointments(patient_id=there.patient_id)).items
    assert [row.id for row in rows] == [mine.id]
    assert count_by_status(uow=uow, day=day) == {"scheduled": 1}
    numbers = read_numbers(uow=uow, actor=nurse, wanted=Filter(day=local_today())).items
    assert [row.id for row in numbers] == [number.id]
    found = figures(uow=uow)
    assert [each.department_id for each in found.departments] == [clinic.department_id]
    assert sum(each.taken for each in found.hours) == 1
    events = timeline(uow=uow, actor=nurse, patient_id=there.patient_id).items
    refs = {event.ref for event in events if event.kind in {"appointment", "queue"}}
    assert refs == {mine.id, number.id}, "in a union and its subqueries too"
    assert reminders_of(uow=uow, appointment_id=there.appointment.id) == []


def test_the_conditions_reach_into_aliases_subqueries_and_changes(there: Elsewhere, uow: UnitOfWork) -> None:
    other = aliased(Appointment)
    session = uow.session
    assert session.scalar(select(func.count()).select_from(Appointment)) == 0
    assert session.scalars(select(other.id)).all() == []
    assert session.scalar(select(select(func.count(QueueEntry.id)).scalar_subquery())) == 0
    assert session.get(Appointment, there.appointment.id) is None
    assert session.get(AppointmentMove, there.move_id) is None
    assert session.scalars(select(QueueStep.id)).all() == []
    changed = session.execute(update(Appointment).values(notes="x"), execution_options={"synchronize_session": False})
    assert changed.rowcount == 0  # type: ignore[attr-defined]  # an UPDATE gives a cursor, which the stubs do not say
    uow.commit()
    assert session.scalar(select(func.count()).select_from(Appointment)) == 0, "in the next transaction as well"


def test_ones_own_is_seen_wherever_it_is(clinic: Clinic, there: Elsewhere) -> None:
    with limited(clinic, there.doctor_id) as uow:
        doctor = staff_actor(clinic.hospital, there.doctor_id, role="doctor")
        assert read(uow=uow, actor=doctor, appointment_id=there.appointment.id).id == there.appointment.id
        again = replace(
            clinic.booking(there.patient_id, doctor_id=there.doctor_id, start="10:00", end="10:30"),
            department_id=there.department_id,
        )
        assert book(uow=uow, actor=doctor, booking=again).department_id == there.department_id


def test_whoever_sends_somebody_on_gives_the_ticket_and_no_more(clinic: Clinic, there: Elsewhere) -> None:
    patient_id = clinic.born()
    held = clinic.number(patient_id)
    nurse_id = clinic.actor("nurse").id
    nurse = staff_actor(clinic.hospital, nurse_id, role="nurse")
    with limited(clinic, nurse_id, clinic.department_id) as uow:
        made = transfer(uow=uow, actor=nurse, entry_id=held.id, department_id=there.department_id)
        uow.commit()
        assert made.number == 2, "after the one who waits there"
        assert entry(uow=uow, entry_id=made.id).status == "waiting"
        with pytest.raises(NotFound):
            step(uow=uow, actor=nurse, entry_id=made.id, action="leave")
        assert sum(each.taken for each in figures(uow=uow).hours) == 1, "counted where they wait"


def test_what_must_know_of_all_departments_does(clinic: Clinic, there: Elsewhere, uow: UnitOfWork) -> None:
    assert hanging_on(uow=uow, department_id=there.department_id).appointments == 1
    assert coming_appointments(uow=uow, doctor_id=there.doctor_id) == 1
    assert [row.id for row in coming(uow=uow, patient_id=there.patient_id)] == [there.appointment.id]
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE appointments SET status = 'no_show', no_show_at = now()")
    assert attendance_of(uow=uow, patient_id=there.patient_id).missed == 1
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE appointments SET status = 'scheduled'")
    actor = staff_actor(clinic.hospital, clinic.doctor_id)
    closed = cancel_coming(uow=uow, actor=actor, patient_id=there.patient_id, reason="Người bệnh đã mất")
    assert closed == [there.appointment.id], "nobody waits for the dead in another department"
    with pytest.raises(NotFound):
        read(uow=uow, actor=actor, appointment_id=there.appointment.id)


def test_a_doctor_who_is_taken_elsewhere_is_not_shown_as_free(clinic: Clinic, there: Elsewhere) -> None:
    elsewhere_too = replace(
        clinic.booking(clinic.born(), start="08:00", end="08:30"), department_id=there.department_id
    )
    with clinic.uow() as whole:
        book(uow=whole, actor=clinic.admin, booking=elsewhere_too)
        whole.commit()
        nobody = taken_elsewhere(uow=whole, doctor_ids=[clinic.doctor_id], since=tomorrow(), until=tomorrow())
    assert nobody == {}, "who sees everything sees the appointment itself"
    with limited(clinic, uuid4(), clinic.department_id) as uow:
        found = taken_elsewhere(uow=uow, doctor_ids=[clinic.doctor_id], since=tomorrow(), until=tomorrow())
    (busy,) = found[clinic.doctor_id, tomorrow()]
    assert f"{busy.start_time:%H:%M}" == "08:00"


def test_hours_of_another_department_are_read_but_not_changed(
    clinic: Clinic, there: Elsewhere, uow: UnitOfWork
) -> None:
    (row, *_) = hours(clinic, doctor_id=there.doctor_id, department_id=there.department_id)
    absence = away(clinic, doctor_id=there.doctor_id)
    head = replace(staff_actor(clinic.hospital, clinic.doctor_id), departments=frozenset({clinic.department_id}))

    def extra(doctor_id: UUID) -> NewException:
        day = tomorrow() + timedelta(days=3)
        return NewException(
            doctor_id=doctor_id,
            kind="extra",
            first_day=day,
            start_time=time(7),
            end_time=time(9),
            department_id=there.department_id,
            slot_minutes=20,
        )

    details = {"slot_minutes": 30}
    with pytest.raises(NotFound):
        change_hours(uow=uow, actor=head, schedule_id=row.id, version=row.version, details=details)
    with pytest.raises(NotFound):
        remove_hours(uow=uow, actor=head, schedule_id=row.id)
    with pytest.raises(Forbidden):
        remove_exception(uow=uow, actor=head, exception_id=absence.id)
    with pytest.raises(InvalidFields) as wrong:
        add_exception(uow=uow, actor=head, new=extra(clinic.doctor_id))
    assert set(wrong.value.errors) == {"department_id"}, "extra hours would open that department to oneself"
