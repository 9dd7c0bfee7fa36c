"""Reading the audit log: who saw or changed one patient's data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, tuple_

from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.listing import Page, page_of
from kernel.web.api import a_moment, read_cursor
from tenant_app.audit.models import AuditLog
from tenant_app.staff.models import User

# What opens a record. A search or a list shows a line only, and a file registers people whom nobody has looked at.
_OPENING: Final = "patient.read"
# A record is read again with each of its pages: so many of one person's rows hold enough different patients.
_ROWS_LOOKED_AT: Final = 300


@dataclass(frozen=True, slots=True)
class Access:
    """One access. `actor_name` is a member of staff's; it is None for the patient and for others."""

    id: UUID
    created_at: datetime
    actor_kind: str
    user_id: UUID | None
    actor_name: str | None
    action: str
    resource_type: str
    resource_id: str | None
    changed: list[str]
    request_id: str | None


def accesses_of_patient(
    *, uow: UnitOfWork, patient_id: UUID, limit: int = 25, cursor: str | None = None
) -> Page[Access]:
    """Accesses to a patient's data, the newest first. Raises InvalidFields for a foreign cursor."""
    statement = (
        select(
            AuditLog.id,
            AuditLog.created_at,
            AuditLog.actor_kind,
            AuditLog.user_id,
            User.full_name.label("actor_name"),
            AuditLog.action,
            AuditLog.resource_type,
            AuditLog.resource_id,
            AuditLog.changed,
            AuditLog.request_id,
        )
        .outerjoin(User, User.id == AuditLog.user_id)
        .where(AuditLog.patient_id == patient_id)
        .order_by(AuditLog.created_at.desc(), AuditLog.id.desc())
        .limit(limit + 1)
    )
    if after := read_cursor(cursor, a_moment, UUID):
        statement = statement.where(tuple_(AuditLog.created_at, AuditLog.id) < tuple_(*after))
    rows = rows_as(Access, uow.session.execute(statement))
    return page_of(rows, limit=limit, key=lambda row: (row.created_at.isoformat(), row.id))


def last_opened(*, uow: UnitOfWork, user_id: UUID, since: datetime, limit: int) -> list[UUID]:
    """The patients whose records a member of staff opened last, the last first; read by the index of their rows."""
    rows = (
        select(AuditLog.patient_id, AuditLog.created_at)
        .where(
            AuditLog.user_id == user_id,
            AuditLog.created_at >= since,
            AuditLog.action == _OPENING,
            AuditLog.patient_id.is_not(None),
        )
        .order_by(AuditLog.created_at.desc())
        .limit(_ROWS_LOOKED_AT)
        .subquery()
    )
    last = func.max(rows.c.created_at)
    statement = select(rows.c.patient_id).group_by(rows.c.patient_id).order_by(last.desc(), rows.c.patient_id)
    return list(uow.session.execute(statement.limit(limit)).scalars())
