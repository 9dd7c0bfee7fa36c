"""Reminders in the demo: switched on, wanted or not, a few that go at once; and who did not come."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from kernel.clock import local_today
from kernel.database.unit_of_work import UnitOfWork
from kernel.text import search_key
from kernel.web.actor import Actor
from keys.public import Keychain
from manage.demo.week import Visit
from manage.messaging.listed import TRIAL
from tenant_app.appointments.public import Appointment
from tenant_app.reminders.public import (
    ReminderNotPossible,
    change_settings,
    reminder_settings,
    send_now,
    send_test,
    set_wishes,
)
from tenant_app.settings.public import ACCOUNTS, Offers, change_setting

AT_ONCE: Final = 4
_MISSED_ONE_IN: Final = 13


def switch_on(*, uow: UnitOfWork, actor: Actor) -> None:
    """Both channels, for whoever agreed; absences are noted an hour after the end."""
    version = reminder_settings(uow=uow).version
    given = {"email_on": True, "sms_on": True, "no_show_after": 60}
    change_settings(uow=uow, actor=actor, version=version, given=given)


def own_account(*, uow: UnitOfWork, actor: Actor, keychain: Keychain) -> None:
    """SMS by the hospital's own account, at the gateway that is a folder; an invented token."""
    account = ACCOUNTS["sms"]
    given = {account.server: TRIAL, account.sender: "BVHONGHA", account.secret: "chi-de-thu-nghiem"}
    offers = Offers(servers={account.server: (TRIAL,)})
    for key, value in given.items():
        change_setting(uow=uow, actor=actor, key=key, given=value, version=0, keychain=keychain, offers=offers)


def address_of(full_name: str) -> str:
    """`nguyen.van.an@vidu.example`: a domain at which nobody can be reached."""
    return f"{search_key(full_name).replace(' ', '.')}@vidu.example"


def ask(*, uow: UnitOfWork, desk: Actor, patients: Sequence[UUID], chance: random.Random) -> None:
    """Most say yes, a few no, and some nobody has asked."""
    for patient_id in patients:
        answer = chance.choices(("on", "off", ""), weights=(75, 10, 15))[0]
        if answer:
            given = {"email": answer, "sms": "on" if answer == "on" and chance.random() < 0.6 else "off"}
            set_wishes(uow=uow, actor=desk, patient_id=patient_id, given=given)


def missed(visit: Visit, *, now: datetime) -> bool:
    """Whether nobody came to this one, of those that are over."""
    over = any(action == "complete" and moment <= now - timedelta(hours=2) for action, moment in visit.actions)
    return over and (visit.day.toordinal() + visit.start.hour * 4 + visit.start.minute // 15) % _MISSED_ONE_IN == 0


def note_missed(*, uow: UnitOfWork, appointment_id: UUID, at: datetime) -> None:
    """As the job would have at its time."""
    uow.session.execute(
        update(Appointment)
        .where(Appointment.id == appointment_id)
        .values(status="no_show", no_show_at=at)
        .execution_options(synchronize_session="fetch")
    )


def send_some(*, uow: UnitOfWork, actor: Actor, desk: Actor, now: datetime) -> None:
    """A test, and reminders of the next appointments, so that there is something to read at once."""
    send_test(uow=uow, actor=actor, channel="email", to="quantri@vidu.example", now=now)
    coming = uow.session.scalars(
        select(Appointment.id)
        .where(Appointment.appointment_date > local_today(now), Appointment.status.in_(("scheduled", "confirmed")))
        .order_by(Appointment.appointment_date, Appointment.start_time, Appointment.id)
        .limit(AT_ONCE * 3)
    ).all()
    sent = 0
    for appointment_id in coming:
        for channel in ("email", "sms"):
            with uow.session.begin_nested() as point:
                try:
                    send_now(uow=uow, actor=desk, appointment_id=appointment_id, channel=channel, now=now)
                    sent += 1
                except ReminderNotPossible:
                    point.rollback()
        if sent >= AT_ONCE:
            return
