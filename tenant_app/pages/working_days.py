"""What the pages that book and move ask of doctors' hours: who can be booked where, and why nothing is free."""

from uuid import UUID

from flask_babel import gettext

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from tenant_app.appointments.public import DoctorDay
from tenant_app.schedules.public import scheduled_departments
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


def why_nothing(day: DoctorDay, *, department_id: UUID | None = None) -> str:
    """Why no time of a doctor is free on a day, as far as hours, holidays and absences say."""
    working = day.working
    if working.windows_on(day.day, department_id=department_id):
        said = gettext("Everything is taken on this day.")
    elif working.windows_on(day.day):
        said = gettext("The doctor works in another department on this day.")
    elif working.calendar.closed_on(day.day):
        said = gettext("It is a holiday.")
    elif working.away_on(day.day):
        said = gettext("The doctor is away on this day.")
    elif working.is_scheduled(day.day):
        said = gettext("The doctor does not work on this day.")
    else:
        said = gettext("The hospital is closed on this day.")
    return str(said)
