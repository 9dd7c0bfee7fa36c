"""What is written down of a patient piece by piece: each piece holds until somebody ends it, and is never deleted.

Allergies, contacts and the medical history are such pieces; their tables share these columns, the reading with the
names of who wrote and who ended, and the way in which one ends.
"""

from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Select, String, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, aliased, mapped_column

from kernel.clock import utc_now
from kernel.database.columns import CreatedAt, Instant, RowId, one_of
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Conflict, NotFound
from kernel.web.actor import Actor
from tenant_app.staff.models import User

NOTED_ENDS = ("ended", "replaced", "mistaken")


class Noted:
    """The columns of such a table; `ended_at` is empty while the piece holds."""

    id: Mapped[RowId]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[CreatedAt]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    ended_at: Mapped[Instant | None]
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    end_reason: Mapped[str | None] = mapped_column(String(20))


Piece = TypeVar("Piece", bound=Noted)


def ends_with(reasons: tuple[str, ...]) -> str:
    """The text of a CHECK constraint: an end has a reason, one of these."""
    return f"(ended_at IS NULL) = (end_reason IS NULL) AND (end_reason IS NULL OR {one_of('end_reason', reasons)})"


def noted_rows(
    table: type[Piece], patient_id: UUID, *columns: InstrumentedAttribute[Any] | ColumnElement[Any]
) -> Select[Any]:
    """All pieces of a patient, those that hold first, with these columns and the names of who wrote and ended them."""
    maker, ender = aliased(User), aliased(User)
    return (
        select(
            table.id,
            *columns,
            table.created_at,
            maker.full_name.label("created_by_name"),
            table.ended_at,
            ender.full_name.label("ended_by_name"),
            table.end_reason,
        )
        .outerjoin(maker, maker.id == table.created_by)
        .outerjoin(ender, ender.id == table.ended_by)
        .where(table.patient_id == patient_id)
        .order_by(table.ended_at.desc().nulls_first(), table.id)
    )


def holding(
    *, uow: UnitOfWork, table: type[Piece], patient_id: UUID, piece_id: UUID, what: str, ended: type[Conflict]
) -> Piece:
    """A patient's piece that holds. Raises NotFound, and `ended` where it does not hold any more."""
    found = uow.session.scalars(select(table).where(table.id == piece_id, table.patient_id == patient_id)).one_or_none()
    if found is None:
        raise NotFound(what)
    if found.ended_at is not None:
        raise ended
    return found


def end(piece: Noted, *, actor: Actor, reason: str) -> None:
    """It holds no longer (`ended`), another stands in its place (`replaced`), or it never did hold (`mistaken`)."""
    piece.ended_at = utc_now()
    piece.ended_by = actor.id if actor.kind == "staff" else None
    piece.end_reason = reason
