"""Reading staff, departments and what somebody may do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_

from kernel.clock import local_today
from kernel.database.rows import known_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.api import a_number, read_cursor
from tenant_app.appointments.models import Appointment
from tenant_app.reach.public import beyond_reach
from tenant_app.staff.models import Department, Role, User, UserRole


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff as colleagues see them."""

    id: UUID
    username: str
    email: str
    full_name: str
    role: str
    status: str
    phone: str | None
    department_id: UUID | None
    department_name: str | None
    last_login_at: datetime | None
    created_at: datetime
    version: int
    mfa_enabled: bool


@dataclass(frozen=True, slots=True)
class RoleName:
    """A role, to be chosen or shown."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """A department."""

    id: UUID
    code: str
    name: str
    description: str | None
    status: str
    version: int
    position: int


@dataclass(frozen=True, slots=True)
class Doctor:
    """A doctor who can be booked; all that the patient portal may know of staff."""

    id: UUID
    full_name: str
    department_id: UUID | None


def permissions_of(*, uow: UnitOfWork, user_id: UUID) -> frozenset[str]:
    """All that the roles of a member of staff permit."""
    statement = select(Role.permissions).join(UserRole, UserRole.role_id == Role.id).where(UserRole.user_id == user_id)
    return frozenset(name for names in uow.session.scalars(statement) for name in names)


def list_staff(
    *,
    uow: UnitOfWork,
    role: str | None = None,
    status: str | None = None,
    department_id: UUID | None = None,
    limit: int = 25,
    cursor: str | None = None,
) -> Page[StaffMember]:
    """Staff by name. Raises InvalidFields for a foreign cursor."""
    place = func.vietnamese_order(User.full_name)
    statement = _staff().order_by(place, User.id).limit(limit + 1)
    if role:
        statement = statement.where(User.role == role)
    if status:
        statement = statement.where(User.status == status)
    if department_id:
        statement = statement.where(User.department_id == department_id)
    if after := read_cursor(cursor, str, UUID):
        statement = statement.where(tuple_(place, User.id) > tuple_(func.vietnamese_order(after[0]), after[1]))
    rows = rows_as(StaffMember, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.full_name, row.id))


def staff_member(*, uow: UnitOfWork, user_id: UUID) -> StaffMember:
    """One member of staff. Raises NotFound."""
    return known_row_as(StaffMember, uow.session.execute(_staff().where(User.id == user_id)), what="user")


def roles_of(*, uow: UnitOfWork, user_id: UUID) -> list[RoleName]:
    """The roles that somebody has, by name."""
    statement = (
        select(Role.id, Role.name)
        .join(UserRole, UserRole.role_id == Role.id)
        .where(UserRole.user_id == user_id)
        .order_by(func.vietnamese_order(Role.name))
    )
    return rows_as(RoleName, uow.session.execute(statement))


def role_names(*, uow: UnitOfWork) -> list[RoleName]:
    """All roles of the hospital, by name."""
    statement = select(Role.id, Role.name).order_by(func.vietnamese_order(Role.name))
    return rows_as(RoleName, uow.session.execute(statement))


def coming_appointments(*, uow: UnitOfWork, doctor_id: UUID) -> int:
    """How many appointments from today on wait for a doctor, in whichever departments."""
    statement = select(func.count()).where(
        Appointment.doctor_id == doctor_id,
        Appointment.status.in_(("scheduled", "confirmed")),
        Appointment.appointment_date >= local_today(),
    )
    with beyond_reach(uow):
        return uow.session.execute(statement).scalar_one()


def active_doctors(*, uow: UnitOfWork, department_id: UUID | None = None) -> list[Doctor]:
    """Doctors who can be booked, by name."""
    statement = (
        select(User.id, User.full_name, User.department_id)
        .where(User.role == "doctor", User.status == "active")
        .order_by(func.vietnamese_order(User.full_name), User.id)
    )
    if department_id:
        statement = statement.where(User.department_id == department_id)
    return rows_as(Doctor, uow.session.execute(statement))


def department(*, uow: UnitOfWork, department_id: UUID) -> DepartmentRow:
    """One department. Raises NotFound."""
    return known_row_as(
        DepartmentRow, uow.session.execute(_departments().where(Department.id == department_id)), what="department"
    )


def list_departments(
    *, uow: UnitOfWork, active_only: bool = False, limit: int = 100, cursor: str | None = None
) -> Page[DepartmentRow]:
    """Departments in the hospital's order. Raises InvalidFields for a foreign cursor."""
    statement = _departments().order_by(Department.position, Department.code).limit(limit + 1)
    if active_only:
        statement = statement.where(Department.status == "active")
    if after := read_cursor(cursor, a_number(), str):
        statement = statement.where(tuple_(Department.position, Department.code) > tuple_(*after))
    rows = rows_as(DepartmentRow, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.position, row.code))


def _departments() -> Select[*tuple[Any, ...]]:
    return select(
        Department.id,
        Department.code,
        Department.name,
        Department.description,
        Department.status,
        Department.version,
        Department.position,
    )


def _staff() -> Select[*tuple[Any, ...]]:
    return select(
        User.id,
        User.username,
        User.email,
        User.full_name,
        User.role,
        User.status,
        User.phone,
        User.department_id,
        Department.name.label("department_name"),
        User.last_login_at,
        User.created_at,
        User.version,
        User.mfa_enabled,
    ).outerjoin(Department, Department.id == User.department_id)
