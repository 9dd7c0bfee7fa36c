"""Sending now, stopping, testing; wishes and settings. The database plans the rest (migration 0024)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.exc import StaleDataError

from kernel.clock import LOCAL_ZONE, local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_row_id
from kernel.listing import Page
from kernel.messaging.sms import can_receive
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.appointments.public import appointment
from tenant_app.audit.service import record
from tenant_app.patients.models import Patient
from tenant_app.patients.rules import parse_phone
from tenant_app.reminders import queries
from tenant_app.reminders.errors import ReminderGone, ReminderNotPossible
from tenant_app.reminders.models import CHANNELS, AppointmentReminder, PatientPreference, ReminderSettings
from tenant_app.reminders.rules import PLANNING, WISHES, Wishes, checked
from tenant_app.staff.rules import parse_email

UNKNOWN_CHANNEL: Final = N_("Choose e-mail or SMS.")
UNKNOWN_WISH: Final = N_("This choice is not known.")
NO_MOBILE: Final = N_("SMS reach mobile phones only.")
TEST_LASTS: Final = timedelta(hours=1)

_PLAN_OPEN: Final = text(
    "SELECT plan_reminders(ARRAY(SELECT id FROM appointments WHERE appointment_date >= :today"
    " AND status IN ('scheduled', 'confirmed')), :now)"
).bindparams(bindparam("now", type_=DateTime(timezone=True)))


def send_now(
    *, uow: UnitOfWork, actor: Actor, appointment_id: UUID, channel: str, now: datetime | None = None
) -> queries.ReminderRow:
    """A reminder of its own, which goes at the sender's next round: quiet hours do not hold it, a patient's wish does.

    Raises NotFound, InvalidFields, ReminderNotPossible.
    """
    _check_channel(channel)
    found = appointment(uow=uow, appointment_id=appointment_id)
    moment = now or utc_now()
    starts_at = datetime.combine(found.appointment_date, found.start_time, tzinfo=LOCAL_ZONE)
    if starts_at <= moment:
        raise ReminderNotPossible(data={"reason": "expired"})
    made = uow.session.execute(
        insert(AppointmentReminder)
        .values(
            id=new_row_id(),
            appointment_id=appointment_id,
            patient_id=found.patient_id,
            reminder_type=channel,
            kind="now",
            starts_at=starts_at,
            scheduled_at=moment,
            next_attempt_at=moment,
            created_by=actor.id,
        )
        # Pressed twice, it is one message.
        .on_conflict_do_nothing()
        .returning(AppointmentReminder.id)
    ).scalar_one_or_none()
    if made is not None:
        why = uow.session.execute(select(func.reminder_obstacle(made))).scalar_one()
        if why is not None:
            raise ReminderNotPossible(data={"reason": why})
        _audit(uow, actor, "reminder.ask", reminder_id=made, patient_id=found.patient_id)
    else:
        # The one that was in the way; it may have gone meanwhile.
        made = uow.session.scalars(
            select(AppointmentReminder.id)
            .where(
                AppointmentReminder.appointment_id == appointment_id,
                AppointmentReminder.reminder_type == channel,
                AppointmentReminder.kind == "now",
            )
            .order_by(AppointmentReminder.id.desc())
            .limit(1)
        ).one()
    return queries.reminder(uow=uow, reminder_id=made)


def stop(*, uow: UnitOfWork, actor: Actor, reminder_id: UUID) -> queries.ReminderRow:
    """Do not send it. Raises NotFound, ReminderGone where it is under way already."""
    found = _one(uow, reminder_id)
    done = uow.session.execute(
        update(AppointmentReminder)
        .where(AppointmentReminder.id == reminder_id, AppointmentReminder.status == "pending")
        .values(status="cancelled", reason="by_staff")
        .returning(AppointmentReminder.id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if done is None:
        raise ReminderGone
    _audit(uow, actor, "reminder.stop", reminder_id=reminder_id, patient_id=found.patient_id)
    return queries.reminder(uow=uow, reminder_id=reminder_id)


def again(*, uow: UnitOfWork, actor: Actor, reminder_id: UUID, now: datetime | None = None) -> queries.ReminderRow:
    """Send once more what failed or perhaps did not arrive. Raises NotFound, ReminderGone, ReminderNotPossible."""
    found = _one(uow, reminder_id)
    if found.status not in {"failed", "uncertain", "expired", "cancelled"} or found.appointment_id is None:
        raise ReminderGone
    return send_now(uow=uow, actor=actor, appointment_id=found.appointment_id, channel=found.reminder_type, now=now)


def read_list(
    *,
    uow: UnitOfWork,
    actor: Actor,
    status: str | None = None,
    limit: int = 25,
    cursor: str | None = None,
    now: datetime | None = None,
) -> Page[queries.ReminderRow]:
    """Reminders that need somebody, or of one status, with the audit row of this reading."""
    page = queries.list_reminders(uow=uow, now=now or utc_now(), status=status, limit=limit, cursor=cursor)
    record(uow=uow, actor=actor, action="reminder.list", resource_type="appointment_reminder")
    return page


def send_test(
    *, uow: UnitOfWork, actor: Actor, channel: str, to: str, now: datetime | None = None
) -> queries.ReminderRow:
    """A message as patients get it, to an address of one's own. Raises InvalidFields."""
    _check_channel(channel)
    try:
        address = parse_email(to) if channel == "email" else parse_phone(to)
    except InvalidFields as wrong:
        raise InvalidFields(errors={"to": [each for said in wrong.errors.values() for each in said]}) from wrong
    if channel == "sms" and not can_receive(address):
        raise InvalidFields(errors={"to": [NO_MOBILE]})
    moment = now or utc_now()
    made = AppointmentReminder(
        id=new_row_id(),
        reminder_type=channel,
        kind="test",
        # A test that did not go within the hour is over.
        starts_at=moment + TEST_LASTS,
        scheduled_at=moment,
        next_attempt_at=moment,
        test_address=address,
        created_by=actor.id,
    )
    uow.session.add(made)
    uow.flush()
    _audit(uow, actor, "reminder.test", reminder_id=made.id, patient_id=None)
    return queries.reminder(uow=uow, reminder_id=made.id)


def change_settings(
    *, uow: UnitOfWork, actor: Actor, version: int, given: Mapping[str, Any], now: datetime | None = None
) -> ReminderSettings:
    """Change what is named, and plan anew for every open appointment. `version` is the one last seen.

    Raises InvalidFields, PreconditionFailed. Where nothing differs, nothing is written.
    """
    found = queries.reminder_settings(uow=uow)
    if found.version != version:
        raise PreconditionFailed
    values = checked(given)
    changed = {name for name, value in values.items() if getattr(found, name) != value}
    if changed:
        for name in changed:
            setattr(found, name, values[name])
        found.updated_by = actor.id
        try:
            uow.flush()
        except StaleDataError as err:
            raise PreconditionFailed from err
        moment = now or utc_now()
        if changed & PLANNING:
            uow.session.execute(_PLAN_OPEN, {"today": local_today(moment), "now": moment})
        record(
            uow=uow,
            actor=actor,
            action="reminder.settings",
            resource_type="reminder_settings",
            changed=changed,
        )
    return found


def set_wishes(*, uow: UnitOfWork, actor: Actor, patient_id: UUID, given: Mapping[str, str]) -> Wishes:
    """What the patient wants, as the patient or somebody at the desk says: `email`, `sms`, `language`.

    Raises NotFound, InvalidFields. What is not named stays.
    """
    errors = {name: [UNKNOWN_WISH] for name, value in given.items() if value not in WISHES.get(name, ())}
    if errors:
        raise InvalidFields(errors=errors)
    if uow.session.scalar(select(Patient.id).where(Patient.id == patient_id)) is None:
        raise NotFound("patient")
    for name, value in given.items():
        new = insert(PatientPreference).values(
            id=new_row_id(), patient_id=patient_id, preference_key=queries.PREFIX + name, preference_value=value
        )
        uow.session.execute(
            new.on_conflict_do_update(
                constraint="uq_patient_portal_preferences_key",
                set_={"preference_value": new.excluded.preference_value, "updated_at": func.now()},
            )
        )
    if given:
        record(
            uow=uow,
            actor=actor,
            action="reminder.wishes",
            resource_type="patient",
            resource_id=patient_id,
            patient_id=patient_id,
            changed=given,
        )
    return queries.wishes_of(uow=uow, patient_id=patient_id)


def _check_channel(channel: str) -> None:
    if channel not in CHANNELS:
        raise InvalidFields(errors={"channel": [UNKNOWN_CHANNEL]})


def _one(uow: UnitOfWork, reminder_id: UUID) -> AppointmentReminder:
    found = uow.session.get(AppointmentReminder, reminder_id)
    if found is None or found.appointment_id is None:
        raise NotFound("reminder")
    return found


def _audit(uow: UnitOfWork, actor: Actor, action: str, *, reminder_id: UUID, patient_id: UUID | None) -> None:
    record(
        uow=uow,
        actor=actor,
        action=action,
        resource_type="appointment_reminder",
        resource_id=reminder_id,
        patient_id=patient_id,
    )
