"""What the pages that book and move ask of departments and hours: who can be booked where, and why nothing is free."""

from collections.abc import Iterable
from uuid import UUID

from flask_babel import gettext

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from tenant_app.appointments.public import DoctorDay
from tenant_app.reach.public import only_reached, reach_of
from tenant_app.schedules.public import scheduled_departments
from tenant_app.staff.public import DepartmentRow, Doctor, active_doctors, list_departments


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


def departments_in_reach(uow: UnitOfWork) -> list[DepartmentRow]:
    """The open departments that whoever asks may look into and book in."""
    return only_reached(uow, list_departments(uow=uow, active_only=True).items, department=lambda each: each.id)


def doctors_in_reach(uow: UnitOfWork) -> list[Doctor]:
    """Doctors who work in a department within reach, and oneself."""
    doctors, reach = active_doctors(uow=uow), reach_of(uow)
    if reach is None:
        return doctors
    hours = scheduled_departments(uow=uow, since=local_today())
    there = {doctor for doctor, department in hours if department in reach.departments} | {reach.user_id}
    return [each for each in doctors if each.department_id in reach.departments or each.id in there]


def limited_to(uow: UnitOfWork, departments: Iterable[DepartmentRow]) -> list[str] | None:
    """The names of the departments that are all that is shown; None where it is the whole hospital."""
    return None if reach_of(uow) is None else [each.name for each in departments]


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
