"""What somebody may do and where, and of many sessions at once who is signed in: one question a hospital."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, and_, bindparam, func, or_, select

from central.auth.public import SessionRules, living
from kernel.clock import Clock, local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from tenant_app.reach.rules import HOSPITAL, Reach
from tenant_app.schedules.models import DoctorSchedule, ScheduleException
from tenant_app.staff.models import Role, StaffSession, User, UserRole


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """What somebody's roles give. `departments` is None where they reach the whole hospital; `mfa_from` is the day from
    which on they will need a second factor, where they do not yet.
    """

    permissions: frozenset[str]
    mfa_required: bool
    mfa_from: date | None
    departments: frozenset[UUID] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A session that lives. `reach` is None for the whole hospital."""

    session_id: UUID
    user_id: UUID
    permissions: frozenset[str]
    reach: Reach | None


def rights_columns() -> tuple[ColumnElement[Any], ...]:
    """For a query over `User`: what `read_rights` makes rights of. A statement with them may be built once."""
    today = bindparam("rights_on", callable_=local_today, type_=Date)
    granted = (
        select(
            func.jsonb_build_array(
                func.jsonb_agg(Role.permissions),
                func.bool_or(and_(Role.mfa_required, or_(Role.mfa_from.is_(None), Role.mfa_from <= today))),
                func.min(Role.mfa_from).filter(Role.mfa_from > today),
                func.bool_or(Role.reach == HOSPITAL),
            )
        )
        .join(UserRole, UserRole.role_id == Role.id)
        .where(UserRole.user_id == User.id)
        .scalar_subquery()
    )
    # A doctor works where the schedule says, not only in the department of the own account.
    scheduled = (
        select(func.array_agg(DoctorSchedule.department_id))
        .where(
            DoctorSchedule.doctor_id == User.id,
            or_(DoctorSchedule.valid_until.is_(None), DoctorSchedule.valid_until >= today),
        )
        .scalar_subquery()
    )
    extra = (
        select(func.array_agg(ScheduleException.department_id))
        .where(
            ScheduleException.doctor_id == User.id,
            ScheduleException.department_id.is_not(None),
            ScheduleException.last_day >= today,
        )
        .scalar_subquery()
    )
    return (
        granted.label("granted"),
        User.department_id.label("own_department"),
        scheduled.label("scheduled"),
        extra.label("extra"),
    )


def read_rights(row: Any) -> Rights:
    """The rights in a row with `rights_columns`."""
    permissions, mfa_required, mfa_from, whole = row.granted
    own = () if row.own_department is None else (row.own_department,)
    return Rights(
        permissions=frozenset(name for each in permissions or () for name in each),
        mfa_required=bool(mfa_required),
        mfa_from=None if mfa_required or mfa_from is None else date.fromisoformat(mfa_from),
        departments=None if whole else frozenset((*own, *(row.scheduled or ()), *(row.extra or ()))),
    )


def standings(
    *, uow: UnitOfWork, sessions: Collection[UUID], rules: SessionRules, clock: Clock = utc_now
) -> Mapping[UUID, Standing]:
    """Those of `sessions` that live, of people who may work here; the others are left out.

    Who has to set up a second factor first may nothing until then, as in kernel.web.actor.
    """
    statement = (
        select(StaffSession.id, StaffSession.mfa_at, User.id.label("user_id"), *rights_columns())
        .join(User, User.id == StaffSession.account_id)
        .where(StaffSession.id.in_(sessions), User.status == "active", *living(StaffSession, rules=rules, clock=clock))
    )
    return {row.id: _standing(row) for row in uow.session.execute(statement)}


def _standing(row: Any) -> Standing:
    rights = read_rights(row)
    admitted = row.mfa_at is not None or not rights.mfa_required
    return Standing(
        session_id=row.id,
        user_id=row.user_id,
        permissions=rights.permissions if admitted else frozenset(),
        reach=None if rights.departments is None else Reach(user_id=row.user_id, departments=rights.departments),
    )
