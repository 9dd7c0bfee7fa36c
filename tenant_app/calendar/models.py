"""The table of holidays. Business hours stand in `hospital_info`."""

from datetime import date, time
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import CreatedAt, RowId
from tenant_app.database import HospitalBase


class Holiday(HospitalBase):
    """Days on which the hospital is closed; with times, only that part of each day."""

    __tablename__ = "holidays"

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(120))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    start_time: Mapped[time | None] = mapped_column(Time)
    end_time: Mapped[time | None] = mapped_column(Time)
    created_at: Mapped[CreatedAt]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __table_args__ = (
        CheckConstraint("first_day <= last_day AND last_day - first_day <= 60", name="days"),
        CheckConstraint(
            "(start_time IS NULL) = (end_time IS NULL) AND (start_time IS NULL OR start_time < end_time)", name="times"
        ),
        UniqueConstraint("first_day", "name", name="uq_holidays_first_day_name"),
        Index("ix_holidays_last_day", "last_day"),
    )
