"""Reading reminders: of an appointment, those that failed, the settings, a patient's wishes, and who did not come."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import aliased

from kernel.clock import LOCAL_ZONE
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.listing import Page, page_of
from kernel.web.api import read_cursor
from tenant_app.appointments.models import Appointment
from tenant_app.patients.models import Patient
from tenant_app.reach.public import beyond_reach
from tenant_app.reminders.models import AppointmentReminder, PatientPreference, ReminderSettings
from tenant_app.reminders.rules import SETTINGS, Wishes

PREFIX: Final = "reminders."
# Out of how many of the last appointments a patient's absences are counted.
COUNTED: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class ReminderRow:
    """A reminder as it is shown. `obstacle` says why one that waits would not be sent as things stand."""

    id: UUID
    appointment_id: UUID | None
    patient_id: UUID | None
    reminder_type: str
    kind: str
    starts_at: datetime
    scheduled_at: datetime
    status: str
    reason: str | None
    attempts: int
    next_attempt_at: datetime
    sent_at: datetime | None
    handed_over_at: datetime | None
    created_at: datetime
    obstacle: str | None = None
    patient_name: str | None = None
    patient_code: str | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone for SMS; `guardian` is the name of whom it belongs to where that is a child's guardian."""

    phone: str | None = field(repr=False)
    guardian: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attendance:
    """How often a patient did not come, out of the last appointments whose time is over."""

    missed: int
    counted: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DayFigures:
    """Of the week from Monday in which a day lies: how many did not come, out of those who came or did not.

    And how many reminders need somebody.
    """

    week: Attendance
    failed_reminders: int


def reminders_of(*, uow: UnitOfWork, appointment_id: UUID) -> list[ReminderRow]:
    """All reminders of an appointment, in the order of their times."""
    obstacle = case((AppointmentReminder.status == "pending", func.reminder_obstacle(AppointmentReminder.id)))
    found = uow.session.execute(
        _rows(obstacle.label("obstacle"))
        .where(AppointmentReminder.appointment_id == appointment_id)
        .order_by(AppointmentReminder.scheduled_at, AppointmentReminder.id)
    )
    return [ReminderRow(**row._mapping) for row in found]


def phone_for(*, uow: UnitOfWork, patient_id: UUID, starts_at: datetime) -> Phone:
    """Where SMS about a visit go. Raises NotFound."""
    whom = func.reminder_phone(patient_id, starts_at).table_valued("phone", "guardian")
    row = uow.session.execute(select(whom.c.phone, whom.c.guardian)).one_or_none()
    if row is None:
        raise NotFound("patient")
    return Phone(row.phone, row.guardian)


def reminder(*, uow: UnitOfWork, reminder_id: UUID) -> ReminderRow:
    """One reminder. Raises NotFound."""
    row = uow.session.execute(_rows().where(AppointmentReminder.id == reminder_id)).one_or_none()
    if row is None:
        raise NotFound("reminder")
    return ReminderRow(**row._mapping)


def list_reminders(
    *, uow: UnitOfWork, now: datetime, status: str | None = None, limit: int = 25, cursor: str | None = None
) -> Page[ReminderRow]:
    """Reminders, the newest first; without a status those that need somebody. Raises InvalidFields."""
    statement = (
        _rows(Patient.full_name.label("patient_name"), Patient.patient_code)
        .join(Patient, Patient.id == AppointmentReminder.patient_id)
        .order_by(AppointmentReminder.id.desc())
        .limit(limit + 1)
    )
    if status:
        statement = statement.where(AppointmentReminder.status == status)
    else:
        statement = statement.where(_needs_somebody(now))
    if after := read_cursor(cursor, UUID):
        statement = statement.where(AppointmentReminder.id < after[0])
    rows = [ReminderRow(**row._mapping) for row in uow.session.execute(statement)]
    return page_of(rows, limit=limit, key=lambda row: (row.id,))


def latest_tests(*, uow: UnitOfWork, limit: int = 3) -> list[ReminderRow]:
    """The last test messages."""
    found = uow.session.execute(
        _rows().where(AppointmentReminder.kind == "test").order_by(AppointmentReminder.id.desc()).limit(limit)
    )
    return [ReminderRow(**row._mapping) for row in found]


def reminder_settings(*, uow: UnitOfWork) -> ReminderSettings:
    """The hospital's settings. Raises NotFound in a database that has none."""
    found = uow.session.execute(select(ReminderSettings).execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NotFound("reminder_settings")
    return found


def settings_values(found: ReminderSettings) -> dict[str, Any]:
    """The settings by name."""
    return {name: getattr(found, name) for name in SETTINGS}


@dataclass(frozen=True, slots=True)
class Offered:
    """What patients may know of the settings: by which channels the hospital reminds, and whom."""

    email_on: bool
    sms_on: bool
    needs_consent: bool

    def reminds(self, wish: str | None) -> bool:
        """Whether a patient with this wish is reminded on a channel that is on."""
        return wish == "on" or (wish is None and not self.needs_consent)


def offered(*, uow: UnitOfWork) -> Offered:
    """The portal's role may ask too."""
    row = uow.session.execute(
        select(ReminderSettings.email_on, ReminderSettings.sms_on, ReminderSettings.needs_consent)
    ).one()
    return Offered(row.email_on, row.sms_on, row.needs_consent)


def wishes_of(*, uow: UnitOfWork, patient_id: UUID) -> Wishes:
    """A patient's wishes; the portal's role may ask about its own patient."""
    found = uow.session.execute(
        select(PatientPreference.preference_key, PatientPreference.preference_value).where(
            PatientPreference.patient_id == patient_id, PatientPreference.preference_key.startswith(PREFIX)
        )
    )
    return Wishes(**{key.removeprefix(PREFIX): value for key, value in found})


def attendance_of(*, uow: UnitOfWork, patient_id: UUID) -> Attendance:
    """Out of the last ten appointments that were kept or missed, in whichever departments."""
    last = (
        select(Appointment.status)
        .where(Appointment.patient_id == patient_id, Appointment.status.in_(("completed", "no_show")))
        .order_by(Appointment.appointment_date.desc(), Appointment.start_time.desc())
        .limit(COUNTED)
        .subquery()
    )
    counted = select(func.count(), func.count().filter(last.c.status == "no_show")).select_from(last)
    with beyond_reach(uow):
        row = uow.session.execute(counted).one()
    return Attendance(missed=row[1], counted=row[0])


def day_figures(*, uow: UnitOfWork, day: date, now: datetime) -> DayFigures:
    """What the day's page says beside the appointments, in one question."""
    monday = day - timedelta(days=day.weekday())
    week = (
        Appointment.appointment_date.between(monday, monday + timedelta(days=6)),
        Appointment.status.in_(("in_progress", "completed", "no_show")),
    )
    failed = select(func.count()).select_from(AppointmentReminder).where(_needs_somebody(now)).scalar_subquery()
    row = uow.session.execute(
        select(func.count(), func.count().filter(Appointment.status == "no_show"), failed)
        .select_from(Appointment)
        .where(*week)
    ).one()
    return DayFigures(week=Attendance(missed=row[1], counted=row[0]), failed_reminders=row[2])


def _needs_somebody(now: datetime) -> ColumnElement[bool]:
    """Not sent or perhaps not, for a time at which the patient is still expected, and nobody has sent another since."""
    later = aliased(AppointmentReminder)
    begins = func.timezone(LOCAL_ZONE.key, Appointment.appointment_date + Appointment.start_time)
    expected = exists().where(
        Appointment.id == AppointmentReminder.appointment_id,
        Appointment.status.in_(("scheduled", "confirmed")),
        begins == AppointmentReminder.starts_at,
    )
    sent_again = exists().where(
        later.appointment_id == AppointmentReminder.appointment_id,
        later.reminder_type == AppointmentReminder.reminder_type,
        later.kind == "now",
        later.id > AppointmentReminder.id,
        later.status.in_(("pending", "sending", "sent")),
    )
    troubled = AppointmentReminder.status.in_(("failed", "uncertain"))
    return and_(troubled, AppointmentReminder.starts_at >= now, expected, ~sent_again)


def _rows(*more: Any) -> Select[*tuple[Any, ...]]:
    return select(
        AppointmentReminder.id,
        AppointmentReminder.appointment_id,
        AppointmentReminder.patient_id,
        AppointmentReminder.reminder_type,
        AppointmentReminder.kind,
        AppointmentReminder.starts_at,
        AppointmentReminder.scheduled_at,
        AppointmentReminder.status,
        AppointmentReminder.reason,
        AppointmentReminder.attempts,
        AppointmentReminder.next_attempt_at,
        AppointmentReminder.sent_at,
        AppointmentReminder.handed_over_at,
        AppointmentReminder.created_at,
        *more,
    )
