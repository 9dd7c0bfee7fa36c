"""Reading what stood out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import aliased

from kernel.database.rows import known_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.api import a_moment, read_cursor
from tenant_app.staff.models import Department, User
from tenant_app.unusual.models import AccessFinding


@dataclass(frozen=True, slots=True)
class FindingRow:
    """Something that stood out, with who it is about and who decided."""

    id: UUID
    kind: str
    user_id: UUID
    user_name: str
    user_role: str
    department_name: str | None
    starts_at: datetime
    ends_at: datetime
    patients: int
    reads: int
    usual: int | None
    row_ids: list[UUID]
    state: str
    note: str | None
    decided_at: datetime | None
    decided_by: str | None
    created_at: datetime
    version: int


def list_findings(
    *, uow: UnitOfWork, state: str | None = None, kind: str | None = None, limit: int = 25, cursor: str | None = None
) -> Page[FindingRow]:
    """The newest first. Raises InvalidFields for a foreign cursor."""
    statement = _rows().order_by(AccessFinding.starts_at.desc(), AccessFinding.id.desc()).limit(limit + 1)
    if state:
        statement = statement.where(AccessFinding.state == state)
    if kind:
        statement = statement.where(AccessFinding.kind == kind)
    if after := read_cursor(cursor, a_moment, UUID):
        statement = statement.where(tuple_(AccessFinding.starts_at, AccessFinding.id) < tuple_(*after))
    rows = rows_as(FindingRow, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.starts_at.isoformat(), row.id))


def finding(*, uow: UnitOfWork, finding_id: UUID) -> FindingRow:
    """One of them. Raises NotFound."""
    return known_row_as(FindingRow, uow.session.execute(_rows().where(AccessFinding.id == finding_id)), what="finding")


def open_findings(*, uow: UnitOfWork) -> int:
    """How many wait for somebody to look."""
    statement = select(func.count()).select_from(AccessFinding).where(AccessFinding.state == "open")
    return uow.session.execute(statement).scalar_one()


def _rows() -> Select[*tuple[Any, ...]]:
    decider = aliased(User)
    return (
        select(
            AccessFinding.id,
            AccessFinding.kind,
            AccessFinding.user_id,
            User.full_name.label("user_name"),
            User.role.label("user_role"),
            Department.name.label("department_name"),
            AccessFinding.starts_at,
            AccessFinding.ends_at,
            AccessFinding.patients,
            AccessFinding.reads,
            AccessFinding.usual,
            AccessFinding.row_ids,
            AccessFinding.state,
            AccessFinding.note,
            AccessFinding.decided_at,
            decider.full_name.label("decided_by"),
            AccessFinding.created_at,
            AccessFinding.version,
        )
        .join(User, User.id == AccessFinding.user_id)
        .outerjoin(Department, Department.id == User.department_id)
        .outerjoin(decider, decider.id == AccessFinding.decided_by)
    )
