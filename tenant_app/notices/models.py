"""Tables of notices. Triggers write them (migrations/tenant/sql: 0033, 0035, 0036), together with their cause."""

from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, Uuid, text
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from kernel.database.columns import CreatedAt, Instant, RowId, Stamped, one_of
from tenant_app.database import HospitalBase
from tenant_app.notices.rules import KINDS, PATIENT_KINDS, WANTED_KINDS, WITHOUT_THING


class NoticeColumns:
    """That something happened, for somebody: when, of what kind, and whether they have read it."""

    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(String(40))
    made_at: Mapped[CreatedAt]
    read_at: Mapped[Instant | None]


class Notice(HospitalBase, NoticeColumns):
    """For one member of staff. `thing_id` is of the table that `kind` speaks of."""

    __tablename__ = "notices"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    thing_id: Mapped[UUID | None] = mapped_column(Uuid)

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

    @classmethod
    def owner(cls) -> InstrumentedAttribute[UUID]:
        """The column that says whose it is: the member."""
        return cls.user_id


class PatientNotice(HospitalBase, NoticeColumns):
    """For one patient (specification 3). The specification's title and message are read from the thing instead."""

    __tablename__ = "patient_notifications"

    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    thing_id: Mapped[UUID] = mapped_column(Uuid)

    __table_args__ = (
        CheckConstraint(one_of("kind", PATIENT_KINDS), name="kind"),
        Index(
            "uq_patient_notifications_unread",
            "patient_id",
            "thing_id",
            unique=True,
            postgresql_where=text("read_at IS NULL"),
        ),
        Index("ix_patient_notifications_patient_id_made_at", "patient_id", "made_at", "id"),
        Index("ix_patient_notifications_made_at", "made_at"),
    )

    @classmethod
    def owner(cls) -> InstrumentedAttribute[UUID]:
        """The column that says whose it is: the patient."""
        return cls.patient_id


class EventSubscription(HospitalBase, Stamped):
    """Whether a member wants to be told of a kind (specification 7.2); without a row, yes."""

    __tablename__ = "event_subscriptions"

    id: Mapped[RowId]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    event_type: Mapped[str] = mapped_column(String(100))
    is_active: Mapped[bool] = mapped_column(Boolean)

    __table_args__ = (
        UniqueConstraint("user_id", "event_type"),
        CheckConstraint(one_of("event_type", WANTED_KINDS), name="event_type"),
    )
