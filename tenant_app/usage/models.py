"""What central was told of a day."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import Json, UpdatedAt
from tenant_app.database import HospitalBase


class UsageDay(HospitalBase):
    """The newest figures of a day. `id` is what the outbox calls it, `n` rises each time that they change."""

    __tablename__ = "usage_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    id: Mapped[UUID] = mapped_column(Uuid, server_default=text("uuidv7()"))
    n: Mapped[int] = mapped_column(BigInteger, server_default=text("1"), default=1)
    figures: Mapped[Json]
    updated_at: Mapped[UpdatedAt]

    __table_args__ = (UniqueConstraint("id"), CheckConstraint("n > 0", name="n"))
