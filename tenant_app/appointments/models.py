"""The table of appointments. That a doctor is in one place at a time is held by the database."""

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    Time,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import Instant, RowId, Stamped, Version, one_of
from tenant_app.database import HospitalBase

APPOINTMENT_TYPES = ("consultation", "follow_up", "emergency")
APPOINTMENT_STATUSES = ("scheduled", "confirmed", "in_progress", "completed", "cancelled", "no_show")
APPOINTMENT_SOURCES = ("hospital_staff", "web_portal", "mobile_app")
CANCELLERS = ("staff", "patient")


class Appointment(HospitalBase, Stamped):
    """A patient's time with a doctor (specification 2.4), on one local day; times are wall-clock time in Việt Nam.

    `outside_reason` says why it was booked outside the doctor's own hours, where it was.

    `created_by` and `cancelled_by` are members of staff; where the patient did it, they are empty and `source` or
    `cancelled_by_kind` says so.
    """

    __tablename__ = "appointments"

    id: Mapped[RowId]
    appointment_code: Mapped[str] = mapped_column(String(50), server_default=text("next_appointment_code()"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    doctor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id", ondelete="RESTRICT"))
    appointment_date: Mapped[date] = mapped_column(Date)
    start_time: Mapped[time] = mapped_column(Time)
    end_time: Mapped[time] = mapped_column(Time)
    during: Mapped[Range[datetime]] = mapped_column(
        TSRANGE,
        Computed("tsrange(appointment_date + start_time, appointment_date + end_time, '[)')", persisted=True),
    )
    appointment_type: Mapped[str] = mapped_column(String(50))
    status: Mapped[str] = mapped_column(String(20), server_default="scheduled", default="scheduled")
    source: Mapped[str] = mapped_column(String(50), server_default="hospital_staff", default="hospital_staff")
    is_prepaid: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    reason: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    confirmed_at: Mapped[Instant | None]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    started_at: Mapped[Instant | None]
    started_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    completed_at: Mapped[Instant | None]
    completed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    cancelled_at: Mapped[Instant | None]
    cancelled_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    cancelled_by_kind: Mapped[str | None] = mapped_column(String(10))
    cancellation_reason: Mapped[str | None] = mapped_column(Text)
    outside_reason: Mapped[str | None] = mapped_column(Text)
    # When it was noted that nobody came; it stays where somebody came after all, so that it is not noted again.
    no_show_at: Mapped[Instant | None]
    version: Mapped[Version] = mapped_column()
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this declaration once.
    __table_args__ = (
        UniqueConstraint("appointment_code", name="uq_appointments_appointment_code"),
        CheckConstraint("start_time < end_time", name="times"),
        CheckConstraint(one_of("appointment_type", APPOINTMENT_TYPES), name="appointment_type"),
        CheckConstraint(one_of("status", APPOINTMENT_STATUSES), name="status"),
        CheckConstraint(one_of("source", APPOINTMENT_SOURCES), name="source"),
        CheckConstraint(
            "(status = 'cancelled') = (cancelled_at IS NOT NULL)"
            " AND (status = 'cancelled') = (cancellation_reason IS NOT NULL)"
            f" AND (status = 'cancelled') = (cancelled_by_kind IS NOT NULL)"
            f" AND (cancelled_by_kind IS NULL OR {one_of('cancelled_by_kind', CANCELLERS)})",
            name="cancellation",
        ),
        ExcludeConstraint(
            (text("uuidrange(doctor_id, doctor_id, '[]')"), "&&"),
            ("during", "&&"),
            where=text("status <> 'cancelled'"),
            using="gist",
            name="ex_appointments_doctor_overlap",
        ),
        CheckConstraint("status <> 'no_show' OR no_show_at IS NOT NULL", name="no_show"),
        Index("ix_appointments_no_show", "appointment_date", postgresql_where=text("status = 'no_show'")),
        Index("ix_appointments_day", "appointment_date", "start_time", "id"),
        Index("ix_appointments_doctor", "doctor_id", "appointment_date", "start_time"),
        Index("ix_appointments_patient", "patient_id", "appointment_date"),
    )


class AppointmentMove(HospitalBase):
    """That an appointment was moved, by whom, from where and where to; `made_version` is the appointment's after it."""

    __tablename__ = "appointment_moves"

    id: Mapped[RowId]
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointments.id", ondelete="RESTRICT"))
    moved_at: Mapped[Instant]
    moved_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    reason: Mapped[str | None] = mapped_column(Text)
    from_doctor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    from_department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id", ondelete="RESTRICT"))
    from_date: Mapped[date] = mapped_column(Date)
    from_start: Mapped[time] = mapped_column(Time)
    from_end: Mapped[time] = mapped_column(Time)
    from_outside_reason: Mapped[str | None] = mapped_column(Text)
    to_doctor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    to_department_id: Mapped[UUID] = mapped_column(ForeignKey("departments.id", ondelete="RESTRICT"))
    to_date: Mapped[date] = mapped_column(Date)
    to_start: Mapped[time] = mapped_column(Time)
    to_end: Mapped[time] = mapped_column(Time)
    made_version: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("from_start < from_end AND to_start < to_end", name="times"),
        Index("ix_appointment_moves_appointment", "appointment_id", "moved_at"),
    )
