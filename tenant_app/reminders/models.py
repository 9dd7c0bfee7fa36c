"""Tables of reminders. What is planned follows the appointments by a trigger of the database (migration 0024)."""

from datetime import time
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import CreatedAt, Instant, RowId, Stamped, UpdatedAt, Version, one_of
from tenant_app.database import HospitalBase

CHANNELS = ("email", "sms")
KINDS = ("day_before", "hours_before", "now", "test")
STATUSES = ("pending", "sending", "sent", "uncertain", "failed", "cancelled", "expired")
LANGUAGES = ("vi", "en")

_OPEN = "status IN ('pending', 'sending')"


class ReminderSettings(HospitalBase):
    """How this hospital reminds; one row. Times are local; what is empty is switched off.

    `no_show_after` counts minutes from the end of an appointment.
    """

    __tablename__ = "reminder_settings"

    singleton: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"), default=True)
    email_on: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    sms_on: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    sms_unaccented: Mapped[bool] = mapped_column(Boolean, server_default=text("true"), default=True)
    needs_consent: Mapped[bool] = mapped_column(Boolean, server_default=text("true"), default=True)
    day_before_at: Mapped[time | None] = mapped_column(Time, server_default=text("'18:00:00'::time"))
    hours_before: Mapped[int | None] = mapped_column(Integer, server_default=text("2"))
    quiet_from: Mapped[time] = mapped_column(Time, server_default=text("'21:00:00'::time"))
    quiet_until: Mapped[time] = mapped_column(Time, server_default=text("'07:00:00'::time"))
    most_a_day: Mapped[int] = mapped_column(Integer, server_default=text("4"))
    most_a_minute: Mapped[int] = mapped_column(Integer, server_default=text("60"))
    no_show_after: Mapped[int | None] = mapped_column(Integer)
    version: Mapped[Version] = mapped_column()
    updated_at: Mapped[UpdatedAt]
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this declaration once.
    __table_args__ = (
        CheckConstraint("singleton", name="singleton"),
        CheckConstraint("hours_before IS NULL OR hours_before BETWEEN 1 AND 12", name="hours_before"),
        CheckConstraint("most_a_day BETWEEN 1 AND 20 AND most_a_minute BETWEEN 1 AND 600", name="limits"),
        CheckConstraint("no_show_after IS NULL OR no_show_after BETWEEN 15 AND 1440", name="no_show_after"),
    )


class PatientPreference(HospitalBase, Stamped):
    """A patient's wish (specification 3): `reminders.email` and `reminders.sms` on or off, `reminders.language`.

    Nobody was asked where there is no row.
    """

    __tablename__ = "patient_portal_preferences"

    id: Mapped[RowId]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    preference_key: Mapped[str] = mapped_column(String(100))
    preference_value: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("patient_id", "preference_key", name="uq_patient_portal_preferences_key"),
        CheckConstraint(
            "(preference_key IN ('reminders.email', 'reminders.sms') AND preference_value IN ('on', 'off'))"
            " OR (preference_key = 'reminders.language' AND preference_value IN ('vi', 'en'))",
            name="value",
        ),
    )


class AppointmentReminder(HospitalBase):
    """One message, planned, under way or over (specification 2.4); its `id` is the reference that channels know it by.

    `starts_at` is the time that it is about: an appointment that moves gets another. `sending` is noted before the
    message is handed over, `uncertain` is one of which nobody can tell whether it was taken. A `test` has an address of
    its own and no appointment. `reason` is a code, never a server's words, which may hold an address. `via` says by
    whose account it was handed over last.
    """

    __tablename__ = "appointment_reminders"

    id: Mapped[RowId]
    appointment_id: Mapped[UUID | None] = mapped_column(ForeignKey("appointments.id", ondelete="RESTRICT"))
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"))
    reminder_type: Mapped[str] = mapped_column(String(50))
    kind: Mapped[str] = mapped_column(String(20))
    starts_at: Mapped[Instant]
    scheduled_at: Mapped[Instant]
    status: Mapped[str] = mapped_column(String(20), server_default="pending", default="pending")
    reason: Mapped[str | None] = mapped_column(String(40))
    test_address: Mapped[str | None] = mapped_column(String(255))
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"), default=0)
    next_attempt_at: Mapped[Instant]
    claim_id: Mapped[UUID | None] = mapped_column(Uuid)
    lease_until: Mapped[Instant | None]
    handed_over_at: Mapped[Instant | None]
    via: Mapped[str | None] = mapped_column(String(100))
    sent_at: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __table_args__ = (
        CheckConstraint(one_of("reminder_type", CHANNELS), name="type"),
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("status", STATUSES), name="status"),
        CheckConstraint(
            "(kind = 'test') = (appointment_id IS NULL) AND (kind = 'test') = (patient_id IS NULL)"
            " AND (kind = 'test') = (test_address IS NOT NULL)",
            name="about",
        ),
        CheckConstraint("kind = 'test' OR scheduled_at < starts_at", name="time"),
        CheckConstraint(
            "status NOT IN ('sending', 'sent', 'uncertain') OR handed_over_at IS NOT NULL", name="handed_over"
        ),
        CheckConstraint("status NOT IN ('failed', 'cancelled') OR reason IS NOT NULL", name="reason"),
        Index(
            "uq_appointment_reminders_planned",
            "appointment_id",
            "reminder_type",
            "kind",
            "starts_at",
            unique=True,
            postgresql_where=text(_OPEN),
        ),
        Index("ix_appointment_reminders_due", "reminder_type", "next_attempt_at", postgresql_where=text(_OPEN)),
        Index("ix_appointment_reminders_failed", "id", postgresql_where=text("status IN ('failed', 'uncertain')")),
        Index("ix_appointment_reminders_appointment", "appointment_id"),
        Index("ix_appointment_reminders_patient", "patient_id", "handed_over_at"),
        Index("ix_appointment_reminders_handed_over", "handed_over_at"),
        Index("ix_appointment_reminders_starts_at", "starts_at"),
    )
