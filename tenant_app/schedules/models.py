"""Doctors' weekly schedules and the exceptions to them. That no doctor is in two places is held by the database."""

from datetime import date, time
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, String, Time, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import CreatedAt, RowId, Stamped, Version
from tenant_app.database import HospitalBase

_WEEK_MINUTES = (
    "int4range(weekday * 1440 + (extract(epoch FROM start_time) / 60)::integer,"
    " weekday * 1440 + (extract(epoch FROM end_time) / 60)::integer)"
)


class DoctorSchedule(HospitalBase, Stamped):
    """A doctor's hours of one weekday (0 is Monday) in a department, cut in slots, from one day until another."""

    __tablename__ = "doctor_schedules"

    id: Mapped[RowId]
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id", ondelete="RESTRICT"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    start_time: Mapped[time] = mapped_column(Time)
    end_time: Mapped[time] = mapped_column(Time)
    slot_minutes: Mapped[int] = mapped_column(SmallInteger)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)
    version: Mapped[Version] = mapped_column()
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this declaration once.
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("start_time < end_time", name="times"),
        CheckConstraint("slot_minutes BETWEEN 5 AND 240", name="slot_minutes"),
        CheckConstraint("valid_until IS NULL OR valid_from <= valid_until", name="valid"),
        ExcludeConstraint(
            (text("uuidrange(doctor_id, doctor_id, '[]')"), "&&"),
            (text("daterange(valid_from, valid_until, '[]')"), "&&"),
            (text(_WEEK_MINUTES), "&&"),
            using="gist",
            name="ex_doctor_schedules_overlap",
        ),
        Index("ix_doctor_schedules_doctor", "doctor_id", "weekday", "start_time"),
    )


class ScheduleException(HospitalBase):
    """Days on which a doctor is away, or works extra hours; with times, only that part of each day."""

    __tablename__ = "schedule_exceptions"

    id: Mapped[RowId]
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(String(200))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    start_time: Mapped[time | None] = mapped_column(Time)
    end_time: Mapped[time | None] = mapped_column(Time)
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id", ondelete="RESTRICT"))
    slot_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    created_at: Mapped[CreatedAt]

    __table_args__ = (
        CheckConstraint("first_day <= last_day AND last_day - first_day <= 366", name="days"),
        CheckConstraint(
            "(start_time IS NULL) = (end_time IS NULL) AND (start_time IS NULL OR start_time < end_time)", name="times"
        ),
        CheckConstraint(
            "kind = 'away' AND reason IN ('leave', 'conference', 'sick', 'other') AND reason IS NOT NULL"
            " AND department_id IS NULL AND slot_minutes IS NULL"
            " OR kind = 'extra' AND reason IS NULL AND start_time IS NOT NULL AND department_id IS NOT NULL"
            " AND slot_minutes BETWEEN 5 AND 240 AND slot_minutes IS NOT NULL",
            name="kind",
        ),
        Index("ix_schedule_exceptions_doctor", "doctor_id", "last_day"),
        Index("ix_schedule_exceptions_last_day", "last_day"),
    )
