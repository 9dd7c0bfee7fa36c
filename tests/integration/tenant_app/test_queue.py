"""Numbers without gaps, calls without doubles, and what becomes of a number and of its appointment."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.clock import LOCAL_ZONE, local_today, utc_now
from kernel.errors import Forbidden, InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from tenant_app.appointments.models import Appointment
from tenant_app.appointments.public import Destination, move
from tenant_app.audit.models import AuditLog
from tenant_app.queue.models import QueueEntry
from tenant_app.queue.public import (
    AlreadyWaiting,
    Arrival,
    EntryRow,
    Filter,
    NobodyWaiting,
    StepNotAllowed,
    UndoNotPossible,
    call_next,
    can_be_undone,
    figures,
    last_calls,
    last_room,
    line,
    read,
    read_list,
    step,
    take,
    transfer,
    undo,
)
from tenant_app.staff.models import Department
from tests.support.clinic import Clinic
from tests.support.counting import Counting


@pytest.fixture
def noon() -> datetime:
    """Today at noon in Việt Nam, so that a day does not end within a test."""
    return datetime.combine(local_today(), time(12), tzinfo=LOCAL_ZONE)


def take_at(clinic: Clinic, moment: datetime, **arrival: Any) -> EntryRow:
    """A number of a moment."""
    arrival.setdefault("patient_id", clinic.born())
    with clinic.uow() as uow:
        came = Arrival(**{"department_id": clinic.department_id, **arrival})
        made = take(uow=uow, actor=clinic.admin, arrival=came, now=moment)
        uow.commit()
    return made


def do(clinic: Clinic, entry_id: UUID, action: str, **more: Any) -> EntryRow:
    """A step that lasts."""
    with clinic.uow() as uow:
        found = step(uow=uow, actor=more.pop("actor", clinic.admin), entry_id=entry_id, action=action, **more)
        uow.commit()
    return found


def another_department(clinic: Clinic, code: str = "NGOAI") -> UUID:
    with clinic.uow() as uow:
        made = Department(id=new_row_id(), code=code, name=f"Khoa {code}")
        uow.session.add(made)
        uow.commit()
        return made.id


def booked(clinic: Clinic, patient_id: UUID, *, at: time = time(12)) -> UUID:
    """An appointment of today, written as it is: its hour may have passed."""
    with clinic.uow() as uow:
        made = Appointment(
            id=new_row_id(),
            patient_id=patient_id,
            doctor_id=clinic.doctor_id,
            department_id=clinic.department_id,
            appointment_date=local_today(),
            start_time=at,
            end_time=time(at.hour, 30),
            appointment_type="consultation",
        )
        uow.session.add(made)
        uow.commit()
        return made.id


def status_of(clinic: Clinic, appointment_id: UUID) -> str:
    with clinic.uow() as uow:
        return uow.session.scalars(select(Appointment.status).where(Appointment.id == appointment_id)).one()


def test_numbers_count_from_one_by_department_and_day(clinics: tuple[Clinic, Clinic], noon: datetime) -> None:
    clinic, other = clinics
    assert [take_at(clinic, noon).number for _ in range(3)] == [1, 2, 3]
    assert take_at(clinic, noon, department_id=another_department(clinic)).number == 1
    assert take_at(other, noon).number == 1
    assert take_at(clinic, noon + timedelta(days=1)).number == 1
    with clinic.uow() as uow:
        log = uow.session.scalars(select(AuditLog).where(AuditLog.action == "queue.take")).first()
        assert log is not None
        assert log.patient_id is not None


def test_a_patient_waits_once_in_a_department(clinic: Clinic, noon: datetime) -> None:
    entry = take_at(clinic, noon)
    arrival = Arrival(patient_id=entry.patient_id, department_id=clinic.department_id)
    with clinic.uow() as uow, pytest.raises(AlreadyWaiting) as refused:
        take(uow=uow, actor=clinic.admin, arrival=arrival, now=noon)
    assert refused.value.data == {"entry_id": str(entry.id), "number": 1}
    take_at(clinic, noon, patient_id=entry.patient_id, department_id=another_department(clinic))
    do(clinic, entry.id, "leave")
    assert take_at(clinic, noon, patient_id=entry.patient_id).number == 2


def test_what_cannot_be_taken(clinics: tuple[Clinic, Clinic]) -> None:
    """Each wrong part is named; what is another hospital's is nobody here."""
    clinic, other = clinics
    stranger, patient_id = other.patient().patient.id, clinic.born()
    tomorrows = clinic.appointment(patient_id)
    for arrival, field in (
        (Arrival(patient_id=stranger, department_id=clinic.department_id), "patient_id"),
        (Arrival(patient_id=patient_id, department_id=other.department_id), "department_id"),
        (Arrival(patient_id=patient_id, department_id=clinic.department_id, priority="rich"), "priority"),
        (
            Arrival(patient_id=patient_id, department_id=clinic.department_id, appointment_id=tomorrows.id),
            "appointment_id",
        ),
    ):
        with clinic.uow() as uow, pytest.raises(InvalidFields) as refused:
            take(uow=uow, actor=clinic.admin, arrival=arrival)
        assert set(refused.value.errors) == {field}


def test_the_age_decides_where_the_desk_says_nothing(clinic: Clinic, noon: datetime) -> None:
    child = clinic.born(local_today() - timedelta(days=900))
    assert take_at(clinic, noon, patient_id=child).priority == "child"
    assert take_at(clinic, noon).priority == "none"
    assert take_at(clinic, noon, priority="pregnant").priority == "pregnant"


def test_calling_goes_by_the_order_that_the_line_shows(clinic: Clinic, noon: datetime) -> None:
    priorities = ("none", "none", "elder", "pregnant", "child", "emergency")
    taken = [take_at(clinic, noon + timedelta(minutes=at), priority=each) for at, each in enumerate(priorities)]
    later = noon + timedelta(minutes=30)
    with clinic.uow() as uow:
        shown = [row.number for row in line(uow=uow, department_id=clinic.department_id, now=later).waiting]
    assert shown == [6, 3, 4, 1, 5, 2]
    called = []
    with clinic.uow() as uow:
        for at in range(6):
            moment = later + timedelta(minutes=at)
            row = call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id, room="P.3", now=moment)
            called.append(row.number)
        assert (row.room, row.status, row.calls) == ("P.3", "called", 1)
        with pytest.raises(NobodyWaiting):
            call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id, now=later)
        uow.commit()
    assert called == shown
    assert len(taken) == 6
    with clinic.uow() as uow:
        now_called = last_calls(uow=uow, department_id=clinic.department_id, now=later)
        assert [row.number for row in now_called] == [2, 5, 1, 4, 3]
        assert last_room(uow=uow, user_id=clinic.admin.id) == "P.3"


def test_who_does_not_come_goes_back_once(clinic: Clinic, noon: datetime) -> None:
    entry, behind = take_at(clinic, noon), take_at(clinic, noon + timedelta(minutes=1))
    do(clinic, entry.id, "call", now=noon)
    assert do(clinic, entry.id, "recall", now=noon).calls == 2
    back = do(clinic, entry.id, "miss", now=noon + timedelta(minutes=5))
    assert (back.status, back.missed) == ("waiting", 1)
    with clinic.uow() as uow:
        found = line(uow=uow, department_id=clinic.department_id, now=noon + timedelta(minutes=6))
        assert [row.id for row in found.waiting] == [behind.id, entry.id]
    do(clinic, entry.id, "call")
    gone = do(clinic, entry.id, "miss")
    assert (gone.status, gone.missed) == ("no_show", 2)
    assert gone.ended_at is not None
    with clinic.uow() as uow, pytest.raises(StepNotAllowed) as refused:
        step(uow=uow, actor=clinic.admin, entry_id=entry.id, action="call")
    assert refused.value.data == {"status": "no_show", "possible": []}


def test_an_appointment_follows_its_patient(clinic: Clinic, noon: datetime) -> None:
    """The arrival is the check-in; the doctor's steps begin and complete it, and stay."""
    patient_id = clinic.born()
    appointment_id = booked(clinic, patient_id)
    entry = take_at(clinic, noon, patient_id=patient_id)
    assert entry.appointment_id == appointment_id
    assert entry.booked_for == noon
    assert entry.lane(noon) == "priority"
    assert status_of(clinic, appointment_id) == "confirmed"
    do(clinic, entry.id, "call")
    do(clinic, entry.id, "start")
    assert status_of(clinic, appointment_id) == "in_progress"
    with clinic.uow() as uow, pytest.raises(UndoNotPossible):
        undo(uow=uow, actor=clinic.admin, entry_id=entry.id)
    do(clinic, entry.id, "finish")
    assert status_of(clinic, appointment_id) == "completed"


def test_an_appointment_that_went_another_way_hinders_nobody(clinic: Clinic, noon: datetime) -> None:
    """Cancelled meanwhile, or a nurse who may not complete it: the line goes on, the appointment stays as it is."""
    patient_id = clinic.born()
    appointment_id = booked(clinic, patient_id)
    entry = take_at(clinic, noon, patient_id=patient_id)
    nurse = clinic.actor("nurse")
    do(clinic, entry.id, "call", actor=nurse)
    do(clinic, entry.id, "start", actor=nurse)
    assert do(clinic, entry.id, "finish", actor=nurse).status == "done"
    assert status_of(clinic, appointment_id) == "in_progress"


def test_sent_on_to_another_department(clinic: Clinic, noon: datetime) -> None:
    there = another_department(clinic)
    entry = take_at(clinic, noon, priority="pregnant")
    with clinic.uow() as uow:
        with pytest.raises(InvalidFields):
            transfer(uow=uow, actor=clinic.admin, entry_id=entry.id, department_id=clinic.department_id)
        new = transfer(uow=uow, actor=clinic.admin, entry_id=entry.id, department_id=there, now=noon)
        uow.commit()
        assert read(uow=uow, actor=clinic.admin, entry_id=entry.id).status == "transferred"
    assert (new.department_id, new.priority, new.came_from_id) == (there, "pregnant", entry.id)
    assert new.waits_since == entry.waits_since, "who was not seen yet keeps the time waited"


def test_a_refused_transfer_leaves_everything(clinic: Clinic, noon: datetime) -> None:
    """They have a number there already."""
    there = another_department(clinic)
    entry = take_at(clinic, noon)
    take_at(clinic, noon, patient_id=entry.patient_id, department_id=there)
    with clinic.uow() as uow, pytest.raises(AlreadyWaiting):
        transfer(uow=uow, actor=clinic.admin, entry_id=entry.id, department_id=there, now=noon)
    with clinic.uow() as uow:
        assert read(uow=uow, actor=clinic.admin, entry_id=entry.id).status == "waiting"


@pytest.mark.parametrize("action", ["call", "miss", "start", "finish", "leave"])
def test_the_last_step_is_undone_within_a_minute(clinic: Clinic, action: str) -> None:
    entry = clinic.number(clinic.born())
    way = {"miss": ["call"], "start": ["call"], "finish": ["call", "start"]}.get(action, [])
    for each in way:
        do(clinic, entry.id, each, room="P.1")
    with clinic.uow() as uow:
        before = read(uow=uow, actor=clinic.admin, entry_id=entry.id)
    do(clinic, entry.id, action)
    with clinic.uow() as uow:
        offered = can_be_undone(uow=uow, department_id=clinic.department_id, user_id=clinic.admin.id)
        assert offered == (entry.id, 1, action)
        with pytest.raises(UndoNotPossible):
            undo(uow=uow, actor=clinic.admin, entry_id=entry.id, now=utc_now() + timedelta(seconds=61))
        back = undo(uow=uow, actor=clinic.admin, entry_id=entry.id)
        uow.commit()
        assert replace(back, version=before.version) == before
        with pytest.raises(UndoNotPossible):
            undo(uow=uow, actor=clinic.admin, entry_id=entry.id)
        assert can_be_undone(uow=uow, department_id=clinic.department_id, user_id=clinic.admin.id) is None


def test_undoing_needs_the_right_to_the_step_and_a_place_in_line(clinic: Clinic) -> None:
    desk = clinic.actor("receptionist")
    called, gone = clinic.number(clinic.born()), clinic.number(clinic.born())
    do(clinic, called.id, "call")
    with clinic.uow() as uow, pytest.raises(Forbidden):
        undo(uow=uow, actor=desk, entry_id=called.id)
    do(clinic, gone.id, "leave", actor=desk)
    clinic.number(gone.patient_id)
    with clinic.uow() as uow, pytest.raises(AlreadyWaiting):
        undo(uow=uow, actor=desk, entry_id=gone.id)


def test_who_saw_an_older_state_is_told(clinic: Clinic) -> None:
    entry = clinic.number(clinic.born())
    do(clinic, entry.id, "call", version=entry.version)
    with clinic.uow() as uow, pytest.raises(PreconditionFailed):
        step(uow=uow, actor=clinic.admin, entry_id=entry.id, action="recall", version=entry.version)


def test_the_forgotten_of_yesterday_end_with_todays_first_number(clinic: Clinic, noon: datetime) -> None:
    yesterday = take_at(clinic, noon - timedelta(days=1))
    with clinic.uow() as uow:
        assert line(uow=uow, department_id=clinic.department_id, now=noon).waiting == []
    again = take_at(clinic, noon, patient_id=yesterday.patient_id)
    assert again.number == 1
    with clinic.uow() as uow:
        assert read(uow=uow, actor=clinic.admin, entry_id=yesterday.id).status == "left"
        log = uow.session.scalars(select(AuditLog).where(AuditLog.action == "queue.forget")).one()
        assert (log.resource_id, log.patient_id) == (str(yesterday.id), yesterday.patient_id)


def test_the_figures_of_a_day(clinic: Clinic, noon: datetime) -> None:
    entries = [take_at(clinic, noon + timedelta(minutes=at)) for at in range(4)]
    for at, waited in enumerate((10, 20, 60)):
        do(clinic, entries[at].id, "call", now=noon + timedelta(minutes=at + waited))
    do(clinic, entries[0].id, "start")
    empty = another_department(clinic)
    with clinic.uow() as uow:
        found = figures(uow=uow, now=noon + timedelta(minutes=103))
        by_id = {each.department_id: each for each in found.departments}
        ours = by_id[clinic.department_id]
        assert (ours.taken, ours.waiting, ours.called, ours.in_room) == (4, 1, 2, 1)
        assert (ours.median_wait, ours.ninety_percent_wait, ours.longest_wait) == (20, 52, 100)
        assert (by_id[empty].taken, by_id[empty].waiting, by_id[empty].median_wait) == (0, 0, None)
        assert [(each.hour, each.taken, each.called, each.median_wait) for each in found.hours] == [(12, 4, 3, 20)]
        assert figures(uow=uow, department_id=empty).hours == []


def test_a_line_asks_the_same_whoever_stands_in_it(clinic: Clinic, count_queries: Counting) -> None:
    for _ in range(3):
        clinic.number(clinic.born())
    with clinic.uow() as uow:
        with count_queries() as counted:
            line(uow=uow, department_id=clinic.department_id)
        assert counted.total <= 3
        seen = read_list(uow=uow, actor=clinic.admin, wanted=Filter(day=local_today()), limit=2)
        rest = read_list(
            uow=uow, actor=clinic.admin, wanted=Filter(day=local_today()), limit=2, cursor=seen.next_cursor
        )
        assert [row.number for row in (*seen.items, *rest.items)] == [1, 2, 3]
        with pytest.raises(InvalidFields):
            read_list(uow=uow, actor=clinic.admin, wanted=Filter(day=local_today()), cursor="WyJhIiwgImIiLCAiYyJd")


def test_the_other_hospital_has_none_of_it(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    entry = clinic.number(clinic.born())
    with other.uow() as uow:
        with pytest.raises(NotFound):
            read(uow=uow, actor=other.admin, entry_id=entry.id)
        with pytest.raises(NotFound):
            step(uow=uow, actor=other.admin, entry_id=entry.id, action="call")
        with pytest.raises(NotFound):
            line(uow=uow, department_id=clinic.department_id)
        assert uow.session.scalar(select(func.count()).select_from(QueueEntry)) == 0


def test_a_number_of_today_leaves_an_appointment_alone_that_was_moved_to_tomorrow(
    clinic: Clinic, noon: datetime
) -> None:
    patient = clinic.patient().patient.id
    visit = booked(clinic, patient)
    entry = take_at(clinic, noon, patient_id=patient)
    assert status_of(clinic, visit) == "confirmed"
    later = local_today() + timedelta(days=1)
    to = Destination(appointment_date=later, start_time=time(9), end_time=time(9, 30))
    with clinic.uow() as uow:
        move(uow=uow, actor=clinic.admin, appointment_id=visit, to=to, version=2)
        uow.commit()
    for action in ("call", "start", "finish"):
        do(clinic, entry.id, action, now=noon)
    assert status_of(clinic, visit) == "confirmed"
