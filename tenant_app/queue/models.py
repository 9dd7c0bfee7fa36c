"""The tables of the waiting queue. That numbers have no gaps and nobody waits twice is held by the database."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import Instant, RowId, Stamped, Version, one_of
from tenant_app.database import HospitalBase

PRIORITIES: Final = ("emergency", "child", "elder", "pregnant", "disabled", "merit", "none")
STATUSES: Final = ("waiting", "called", "in_room", "done", "left", "no_show", "transferred")
LIVE: Final = ("waiting", "called", "in_room")
LANES: Final = ("emergency", "priority", "ordinary")

_LIVE_ONLY: Final = text(one_of("status", LIVE))


class QueueCounter(HospitalBase):
    """The last number that a department gave on a local day. Whoever takes one holds the row until the commit."""

    __tablename__ = "queue_counters"

    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id", ondelete="RESTRICT"), primary_key=True)
    queue_day: Mapped[date] = mapped_column(Date, primary_key=True)
    last_number: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("last_number > 0", name="last_number"),)


class QueueEntry(HospitalBase, Stamped):
    """A number that a patient was given in a department on a local day.

    `waits_since` decides the place in line: it is later than `taken_at` for who did not come when called, and for who
    was sent on from another room. `first_called_at` is what waiting times are counted to, `called_at` the latest call.
    `called_lane` is the lane in which the call was made: the next call's turn is counted from it.
    """

    __tablename__ = "queue_entries"

    id: Mapped[RowId]
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id", ondelete="RESTRICT"))
    queue_day: Mapped[date] = mapped_column(Date)
    number: Mapped[int] = mapped_column(Integer)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id", ondelete="RESTRICT"))
    came_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("queue_entries.id", ondelete="RESTRICT"))
    priority: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), server_default="waiting", default="waiting")
    doctor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    room: Mapped[str | None] = mapped_column(String(20))
    taken_at: Mapped[Instant]
    waits_since: Mapped[Instant]
    first_called_at: Mapped[Instant | None]
    called_at: Mapped[Instant | None]
    called_lane: Mapped[str | None] = mapped_column(String(20))
    started_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    calls: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    missed: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    version: Mapped[Version] = mapped_column()
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this declaration once.
    __table_args__ = (
        UniqueConstraint("department_id", "queue_day", "number", name="uq_queue_entries_number"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint(one_of("priority", PRIORITIES), name="priority"),
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint(f"called_lane IS NULL OR {one_of('called_lane', LANES)}", name="called_lane"),
        CheckConstraint("calls >= 0 AND missed BETWEEN 0 AND 2", name="counts"),
        CheckConstraint(f"({one_of('status', LIVE)}) = (ended_at IS NULL)", name="ended"),
        CheckConstraint(
            "status NOT IN ('called', 'in_room', 'done', 'no_show') OR (called_at IS NOT NULL AND calls > 0)",
            name="called",
        ),
        Index("uq_queue_entries_live", "patient_id", "department_id", unique=True, postgresql_where=_LIVE_ONLY),
        Index("ix_queue_entries_live", "department_id", "taken_at", postgresql_where=_LIVE_ONLY),
        Index("ix_queue_entries_day", "queue_day", "department_id", "called_at"),
        Index("ix_queue_entries_appointment", "appointment_id"),
        Index("ix_queue_entries_patient", "patient_id"),
    )


class QueueStep(HospitalBase):
    """One step of an entry: what was done, when and by whom, and how the entry was before, so that it can be undone."""

    __tablename__ = "queue_steps"

    id: Mapped[RowId]
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("queue_entries.id", ondelete="RESTRICT"))
    action: Mapped[str] = mapped_column(String(20))
    done_at: Mapped[Instant]
    done_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    moved_appointment: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    undone_at: Mapped[Instant | None]

    __table_args__ = (Index("ix_queue_steps_entry", "entry_id", "done_at"),)
