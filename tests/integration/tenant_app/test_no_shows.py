"""Who did not come: noted by the job, once, and taken back by the desk or by coming."""

import threading
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from jobs.no_shows import NoShows
from kernel.clock import LOCAL_ZONE, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from tenant_app.appointments.public import TransitionNotAllowed, act, appointment
from tenant_app.audit.models import AuditLog
from tenant_app.live.public import Change, LiveBus, appointment_changed
from tenant_app.queue.public import Arrival, take
from tenant_app.reminders.public import attendance_of, day_figures
from tests.support.clinic import Clinic
from tests.support.hospitals import Hospital
from tests.support.reminding import a_run, switch_on

_NUMBER = (
    "INSERT INTO queue_entries (department_id, queue_day, number, patient_id, appointment_id, priority, taken_at,"
    " waits_since) VALUES (%s, (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, 1, %s, %s, 'none', now(), now())"
)


def past(clinic: Clinic, *, days: int = 0, minutes: int = 90) -> UUID:
    """An appointment that ended so many minutes ago; the patient's id can be read of it."""
    made = clinic.appointment(clinic.patient().patient.id, start=f"{8 + len(_all(clinic)):02}:00", end="23:30")
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "UPDATE appointments SET appointment_date = ended.at::date - %s,"
            " start_time = ended.at::time - CASE WHEN too_early THEN interval '1 min' ELSE interval '5 min' END,"
            " end_time = ended.at::time FROM (SELECT too_early,"
            # An appointment lies within one day: just after midnight, it ended just before.
            " CASE WHEN too_early THEN date_trunc('day', at) - interval '2 min' ELSE at END AS at"
            " FROM (SELECT at, at::time <= '00:05' AS too_early FROM"
            " (SELECT date_trunc('minute', now() AT TIME ZONE 'Asia/Ho_Chi_Minh') - make_interval(mins => %s) AS at)"
            " AS clock) AS day) AS ended WHERE id = %s",
            (days, minutes, made.id),
        )
    return made.id


def mark(hospital: Hospital, *, rows: int = 100) -> None:
    NoShows(hospital=lambda _tenant: hospital.unit_of_work("seal"), rows=rows).mark(hospital.tenant, a_run())


def status_of(clinic: Clinic, appointment_id: UUID) -> str:
    with clinic.uow() as uow:
        return appointment(uow=uow, appointment_id=appointment_id).status


def test_nothing_is_noted_until_the_hospital_says_when(clinic: Clinic) -> None:
    missed = past(clinic)
    mark(clinic.hospital)
    assert status_of(clinic, missed) == "scheduled"


def test_who_did_not_come_is_noted_once_and_audited(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    for each in clinics:
        switch_on(each, no_show_after=60)
    missed, soon, elsewhere = past(clinic), past(clinic, minutes=30), past(other)
    for _ in range(2):
        mark(clinic.hospital, rows=1)
    assert (status_of(clinic, missed), status_of(clinic, soon)) == ("no_show", "scheduled")
    assert status_of(other, elsewhere) == "scheduled"
    with clinic.uow() as uow:
        found = uow.session.scalars(select(AuditLog).where(AuditLog.action == "appointment.no_show")).one()
        assert (found.actor_kind, found.resource_id, found.user_id) == ("worker", str(missed), None)
        patient = appointment(uow=uow, appointment_id=missed).patient_id
        assert attendance_of(uow=uow, patient_id=patient).missed == 1
        day = appointment(uow=uow, appointment_id=missed).appointment_date
        assert day_figures(uow=uow, day=day, now=utc_now()).week.missed == 1


def test_who_has_a_number_has_come(clinic: Clinic) -> None:
    switch_on(clinic, no_show_after=60)
    missed = past(clinic)
    with clinic.hospital.superuser() as connection:
        patient = connection.execute("SELECT patient_id FROM appointments").fetchall()[0][0]
        connection.execute(_NUMBER, (clinic.department_id, patient, missed))
    mark(clinic.hospital)
    assert status_of(clinic, missed) == "scheduled"


def test_giving_a_number_and_noting_an_absence_at_once(clinic: Clinic) -> None:
    """Whoever is being given a number at this moment is not noted: the appointment is locked."""
    switch_on(clinic, no_show_after=60)
    missed = past(clinic)
    with clinic.hospital.connect("app", autocommit=False) as giving:
        patient = giving.execute("SELECT patient_id FROM appointments").fetchall()[0][0]
        giving.execute(_NUMBER, (clinic.department_id, patient, missed))
        mark(clinic.hospital)
        giving.commit()
    mark(clinic.hospital)
    assert status_of(clinic, missed) == "scheduled"


def test_two_jobs_at_once_note_each_once(clinic: Clinic) -> None:
    switch_on(clinic, no_show_after=60)
    for _ in range(4):
        past(clinic, minutes=61 + 10 * len(_all(clinic)))
    clinic.hospital.database("seal")
    threads = [threading.Thread(target=mark, args=(clinic.hospital,), kwargs={"rows": 1}) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mark(clinic.hospital)
    with clinic.uow() as uow:
        noted = uow.session.scalar(
            select(func.count()).select_from(AuditLog).where(AuditLog.action == "appointment.no_show")
        )
    assert noted == 4


def test_whoever_looks_at_the_day_is_told(clinic: Clinic) -> None:
    """Once it is committed, and nothing where nobody is marked."""
    switch_on(clinic, no_show_after=60)
    told: list[tuple[TenantId, list[Change]]] = []

    class Ear(LiveBus):
        def publish(self, tenant: TenantId, changes: list[Change]) -> None:
            told.append((tenant, changes))

    def opened(_tenant: TenantId) -> UnitOfWork:
        uow = clinic.hospital.unit_of_work("seal")
        uow.session.info.update(Ear(None).session_info)
        return uow

    missed = past(clinic)
    for _ in range(2):
        NoShows(hospital=opened).mark(clinic.hospital.tenant, a_run())
    with clinic.uow() as uow:
        row = appointment(uow=uow, appointment_id=missed)
    ((tenant, (change,)),) = told
    assert tenant == clinic.hospital.tenant
    whose = [row.department_id, row.doctor_id]
    days = [row.appointment_date]
    assert change == appointment_changed(appointment_id=missed, days=days, whose=whose, version=row.version)


def test_what_is_long_past_stays_as_it_is(clinic: Clinic) -> None:
    switch_on(clinic, no_show_after=60)
    old = past(clinic, days=5)
    mark(clinic.hospital)
    assert status_of(clinic, old) == "scheduled"


def test_the_desk_takes_it_back_and_it_is_not_noted_again(clinic: Clinic) -> None:
    switch_on(clinic, no_show_after=60)
    missed = past(clinic)
    mark(clinic.hospital)
    with clinic.uow() as uow:
        came = act(uow=uow, actor=clinic.actor("receptionist"), appointment_id=missed, action="came")
        uow.commit()
    assert came.status == "confirmed"
    mark(clinic.hospital)
    assert status_of(clinic, missed) == "confirmed"
    with clinic.uow() as uow, pytest.raises(TransitionNotAllowed):
        act(uow=uow, actor=clinic.admin, appointment_id=missed, action="came")


def test_who_comes_late_gets_a_number_for_the_appointment(clinic: Clinic) -> None:
    switch_on(clinic, no_show_after=60)
    missed = past(clinic, minutes=65)
    mark(clinic.hospital)
    with clinic.uow() as uow:
        row = appointment(uow=uow, appointment_id=missed)
        # Later on the same day, also where that was yesterday: just after midnight in Việt Nam.
        late = datetime.combine(row.appointment_date, row.end_time, tzinfo=LOCAL_ZONE) + timedelta(minutes=1)
        arrival = Arrival(patient_id=row.patient_id, department_id=clinic.department_id)
        entry = take(uow=uow, actor=clinic.admin, arrival=arrival, now=late)
        uow.commit()
    assert entry.appointment_id == missed
    assert status_of(clinic, missed) == "confirmed"


def _all(clinic: Clinic) -> list[Any]:
    with clinic.hospital.superuser() as connection:
        return connection.execute("SELECT id FROM appointments").fetchall()
