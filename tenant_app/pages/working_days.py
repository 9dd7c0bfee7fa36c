"""What the pages that book and move ask of doctors' hours: who can be booked where, and why nothing is free."""

from datetime import date
from uuid import UUID

from flask_babel import gettext

from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from tenant_app.appointments.public import WHOLE_DAY, BusyTime, Slot, busy_times, free_slots, windows_of
from tenant_app.schedules.public import read_working_time, scheduled_departments
from tenant_app.staff.public import Doctor, active_doctors


def bookable_in(uow: UnitOfWork, department_id: UUID | None) -> list[Doctor]:
    """Who can be booked in a department: its own doctors, those whom a schedule puts there, and those of none."""
    if department_id is None:
        return []
    there = {doctor for doctor, where in scheduled_departments(uow=uow, since=local_today()) if where == department_id}
    return [
        doctor
        for doctor in active_doctors(uow=uow)
        if doctor.department_id in {department_id, None} or doctor.id in there
    ]


def any_free(
    uow: UnitOfWork, doctor_id: UUID, day: date, *, minutes: int, besides: BusyTime | None = None
) -> list[Slot]:
    """The times of a day at which the doctor is not taken, working or not."""
    busy = [each for each in busy_times(uow=uow, doctor_id=doctor_id, day=day) if each != besides]
    return free_slots(day=day, windows=windows_of(WHOLE_DAY), busy=busy, now=utc_now(), minutes=minutes)


def why_nothing(uow: UnitOfWork, doctor_id: UUID, day: date, department_id: UUID | None) -> str:
    """Why no time of a doctor is free on a day, as far as hours, holidays and absences say."""
    working = read_working_time(uow=uow, doctor_id=doctor_id, since=day, until=day)
    if working.windows_on(day, department_id=department_id):
        said = gettext("Everything is taken on this day.")
    elif working.windows_on(day):
        said = gettext("The doctor works in another department on this day.")
    elif working.calendar.closed_on(day):
        said = gettext("It is a holiday.")
    elif working.away_on(day):
        said = gettext("The doctor is away on this day.")
    elif working.is_scheduled(day):
        said = gettext("The doctor does not work on this day.")
    else:
        said = gettext("The hospital is closed on this day.")
    return str(said)
