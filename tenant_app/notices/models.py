"""Tables of notices. Triggers write them (migrations/tenant/sql/0033_notices.sql), together with their cause."""

from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import CreatedAt, Instant, RowId, Stamped, one_of
from tenant_app.database import HospitalBase
from tenant_app.notices.rules import KINDS, WITHOUT_THING


class Notice(HospitalBase):
    """That something happened, for one member of staff. `thing_id` is of the table that `kind` speaks of."""

    __tablename__ = "notices"

    id: Mapped[RowId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    thing_id: Mapped[UUID | None] = mapped_column(Uuid)
    made_at: Mapped[CreatedAt]
    read_at: Mapped[Instant | None]

    __table_args__ = (
        CheckConstraint(one_of("kind", tuple(KINDS)), name="kind"),
        CheckConstraint(f"(kind = '{WITHOUT_THING}') = (thing_id IS NULL)", name="thing"),
        # One unread notice of a thing, the latest.
        Index(
            "uq_notices_unread",
            "user_id",
            "thing_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("read_at IS NULL"),
        ),
        Index("ix_notices_user_id_made_at", "user_id", "made_at", "id"),
        Index("ix_notices_made_at", "made_at"),
    )


class EventSubscription(HospitalBase, Stamped):
    """Whether a member wants to be told of a kind (specification 7.2); without a row, yes."""

    __tablename__ = "event_subscriptions"

    id: Mapped[RowId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    event_type: Mapped[str] = mapped_column(String(100))
    is_active: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (
        UniqueConstraint("user_id", "event_type"),
        CheckConstraint(one_of("event_type", tuple(KINDS)), name="event_type"),
    )
