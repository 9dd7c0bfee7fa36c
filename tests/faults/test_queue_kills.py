"""A process that is killed while it calls the next number has called it with all that belongs to it, or not at all."""

import multiprocessing
import random
from threading import Event
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kernel.ids import new_row_id
from tenant_app.audit.models import AuditLog
from tenant_app.patients.models import Patient
from tenant_app.queue.models import QueueEntry, QueueStep
from tenant_app.queue.public import Arrival, call_next, line, take
from tests.support.clinic import Clinic, open_clinic
from tests.support.hospitals import Hospital
from tests.support.queues import call_all, call_and_wait

pytestmark = pytest.mark.faults

WAITING = 120
KILLS = 6


def crowd(clinic: Clinic, number: int) -> None:
    """So many people with a number, without going through the desk's registration one by one."""
    first = clinic.patient().patient
    with clinic.uow() as uow:
        people = [
            Patient(
                id=new_row_id(),
                patient_global_id=new_row_id(),
                full_name=first.full_name,
                search_key="x",
                date_of_birth=first.date_of_birth,
                gender=first.gender,
            )
            for _ in range(number)
        ]
        uow.session.add_all(people)
        uow.flush()
        for each in people:
            arrival = Arrival(patient_id=each.id, department_id=clinic.department_id, priority="none")
            take(uow=uow, actor=clinic.admin, arrival=arrival)
        uow.commit()


def assert_whole(clinic: Clinic) -> int:
    """Each number was called once with its step and its audit row, or not at all; how many were called."""
    with clinic.uow() as uow:
        called = set(uow.session.scalars(select(QueueEntry.id).where(QueueEntry.status == "called")))
        touched = set(uow.session.scalars(select(QueueEntry.id).where(QueueEntry.calls > 0)))
        steps = list(uow.session.scalars(select(QueueStep.entry_id).where(QueueStep.action == "call")))
        rows = list(uow.session.scalars(select(AuditLog.resource_id).where(AuditLog.action == "queue.call")))
        waiting = line(uow=uow, department_id=clinic.department_id).waiting
        total = uow.session.scalar(select(func.count()).select_from(QueueEntry)) or 0
    assert called == touched == set(steps) == set(map(UUID, rows))
    assert len(called) == len(steps) == len(rows)
    assert len(waiting) == total - len(called)
    return len(called)


def test_killed_before_its_commit_a_call_leaves_nothing(hospital: Hospital) -> None:
    clinic = open_clinic(hospital)
    crowd(clinic, 3)
    spawn = multiprocessing.get_context("spawn")
    written = spawn.Event()
    process = spawn.Process(
        target=call_and_wait, args=(hospital.parameters(), clinic.admin, clinic.department_id, written)
    )
    process.start()
    try:
        assert written.wait(60)
    finally:
        process.kill()
        process.join(30)
    assert assert_whole(clinic) == 0
    with clinic.uow() as uow:
        assert call_next(uow=uow, actor=clinic.admin, department_id=clinic.department_id).number == 1
        uow.commit()
    assert assert_whole(clinic) == 1


def test_killed_at_random_points_nobody_is_called_by_half(hospital: Hospital) -> None:
    clinic = open_clinic(hospital)
    crowd(clinic, WAITING)
    spawn, chance = multiprocessing.get_context("spawn"), random.Random(20261121)
    for _ in range(KILLS):
        started = spawn.Event()
        process = spawn.Process(
            target=call_all, args=(hospital.parameters(), clinic.admin, clinic.department_id, started)
        )
        process.start()
        try:
            assert started.wait(60)
            # Where in its work it is hit differs from kill to kill.
            Event().wait(chance.random() * 0.1)
        finally:
            process.kill()
            process.join(30)
        assert_whole(clinic)
    assert 0 < assert_whole(clinic) <= WAITING
