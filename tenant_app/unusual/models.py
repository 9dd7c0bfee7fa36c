"""Tables of unusual access: how far the log was watched, who looked at how many, and what stood out."""

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import Instant, RowId, Stamped, UpdatedAt, Versioned, one_of
from tenant_app.audit.models import Xid8
from tenant_app.database import HospitalBase

KINDS = ("many_hour", "many_day", "odd_hours", "no_visit", "own_record", "relative")
STATES = ("open", "looked_at", "explained")
GRAINS = ("hour", "day")


class AccessWatch(HospitalBase):
    """Up to which row of the audit log access was watched: in order of (transaction, id), as it is sealed."""

    __tablename__ = "access_watch"

    singleton: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"), default=True)
    last_xid: Mapped[int] = mapped_column(Xid8)
    last_id: Mapped[UUID] = mapped_column(Uuid)
    updated_at: Mapped[UpdatedAt]

    __table_args__ = (CheckConstraint("singleton", name="singleton"),)


class AccessTally(HospitalBase):
    """How many patients' records somebody opened in an hour or a day, so that the usual is known without the log."""

    __tablename__ = "access_tallies"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True)
    grain: Mapped[str] = mapped_column(String(10), primary_key=True)
    starts_at: Mapped[Instant] = mapped_column(DateTime(timezone=True), primary_key=True)
    patients: Mapped[int] = mapped_column(Integer)
    reads: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(one_of("grain", GRAINS), name="grain"),
        CheckConstraint("patients > 0 AND reads >= patients", name="counts"),
        Index("ix_access_tallies_starts_at", "grain", "starts_at"),
    )


class AccessFinding(HospitalBase, Stamped, Versioned):
    """Something that stood out: who, when, how many, and the rows behind it. What it means, people say.

    `usual` is the median that it was compared with. `decided_patients` is how many there were when somebody decided:
    when it grows well beyond that, it is open again.
    """

    __tablename__ = "access_findings"

    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    patients: Mapped[int] = mapped_column(Integer)
    reads: Mapped[int] = mapped_column(BigInteger)
    usual: Mapped[int | None] = mapped_column(Integer)
    row_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    state: Mapped[str] = mapped_column(String(20), server_default="open", default="open")
    note: Mapped[str | None] = mapped_column(Text)
    decided_at: Mapped[Instant | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    decided_patients: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("kind", "user_id", "starts_at", name="uq_access_findings_kind_user_id_starts_at"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("patients > 0 AND reads >= patients AND starts_at < ends_at", name="counts"),
        CheckConstraint("state <> 'explained' OR note IS NOT NULL", name="explained"),
        CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL) AND (decided_at IS NULL) = (decided_patients IS NULL)",
            name="decided",
        ),
        Index("ix_access_findings_state", "state", "starts_at", "id"),
    )
