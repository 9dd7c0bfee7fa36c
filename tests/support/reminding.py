"""Reminders for tests: switched on, made due, and sent as the jobs' process does."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from jobs.accounts import Accounts
from jobs.job import Run
from jobs.reminders import Kind, ReminderSender, mail_kind, sms_kind
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.messaging.mail import SmtpMail, SmtpServer
from kernel.messaging.sms import HttpSms, SmsGateway
from manage.demo.people import person
from tenant_app.appointments.public import book
from tenant_app.reminders.public import Composer, change_settings, reminder_settings, set_wishes
from tests.support.clinic import Clinic, tomorrow
from tests.support.hospitals import Hospital
from tests.support.messages import Gateway, Mailbox

SENDER = "nhac-lich@sokham.example"
ADDRESS = "nguoi.benh@vidu.example"
NEVER_QUIET = {"quiet_from": time(0), "quiet_until": time(0)}


def switch_on(clinic: Clinic, **settings: Any) -> None:
    """E-mail and no quiet hours, whatever the time at which the tests run; `settings` go first."""
    with clinic.uow() as uow:
        version = reminder_settings(uow=uow).version
        given = {"email_on": True, "needs_consent": False, **NEVER_QUIET, **settings}
        change_settings(uow=uow, actor=clinic.admin, version=version, given=given)
        uow.commit()


def wish(clinic: Clinic, patient_id: Any, **given: str) -> None:
    """What a patient says at the desk."""
    with clinic.uow() as uow:
        set_wishes(uow=uow, actor=clinic.admin, patient_id=patient_id, given=given)
        uow.commit()


def booked_patients(clinic: Clinic, count: int = 1) -> list[UUID]:
    """Patients with an address and a phone, each with an appointment in three days."""
    patients = []
    for number in range(count):
        patient = clinic.patient(replace(person(), email=ADDRESS, phone="0912345678")).patient.id
        with clinic.uow() as uow:
            start = f"{8 + number // 2:02}:{30 * (number % 2):02}"
            end = (datetime.combine(tomorrow(), time.fromisoformat(start)) + timedelta(minutes=15)).strftime("%H:%M")
            wanted = clinic.booking(patient, start=start, end=end, day=tomorrow() + timedelta(days=2))
            book(uow=uow, actor=clinic.admin, booking=wanted)
            uow.commit()
        patients.append(patient)
    return patients


def make_due(hospital: Hospital) -> None:
    """Time passes until all that is planned should go, and none of the appointments has begun."""
    with hospital.superuser() as connection:
        connection.execute(
            "UPDATE appointment_reminders SET next_attempt_at = now() - interval '1 s',"
            " scheduled_at = least(scheduled_at, now()), lease_until = now() - interval '1 s'"
            " WHERE status IN ('pending', 'sending')"
        )


def rows_of(hospital: Hospital, columns: str = "reminder_type, kind, status, reason") -> list[tuple[Any, ...]]:
    """All reminders, by when they were planned."""
    with hospital.superuser() as connection:
        query = f"SELECT {columns} FROM appointment_reminders ORDER BY id"  # noqa: S608 - the test's own columns.
        return connection.execute(query.encode()).fetchall()


def statuses(hospital: Hospital) -> list[str]:
    """Their statuses, sorted."""
    return sorted(row[0] for row in rows_of(hospital, "status"))


def mail_to(mailbox: Mailbox, **server: Any) -> Kind[Any]:
    """E-mail to a test's server, without TLS unless `server` says otherwise."""
    place = {"security": "none", "timeout_seconds": 5.0, **server}
    return mail_kind(SmtpMail(SmtpServer(host="127.0.0.1", port=mailbox.port, sender=SENDER, **place)), Composer())


def sms_to(gateway: Gateway, **place: Any) -> Kind[Any]:
    """SMS to a test's gateway."""
    given = {"url": gateway.url, "token": gateway.token, "sender": "BVHONGHA", "timeout_seconds": 2.0, **place}
    return sms_kind(HttpSms(SmsGateway(**given)), Composer())


def sender_for(hospitals: Sequence[Hospital], kind: Kind[Any], *, chance: Callable[[], float] = lambda: 0.5) -> Any:
    """A sender under the jobs' role."""
    by_tenant = {hospital.tenant: hospital for hospital in hospitals}
    for hospital in hospitals:
        # Opened here: threads that ask for it at once would open it twice.
        hospital.database("seal")

    def of(tenant: TenantId) -> UnitOfWork:
        return by_tenant[tenant].unit_of_work("seal")

    accounts = Accounts(keychain=hospitals[0].keychain, hospital=of)
    return ReminderSender(kind=kind, hospital=of, accounts=accounts, chance=chance)


def a_run(seconds: float = 60) -> Run:
    """A run that nobody stops."""
    return Run(seconds=seconds, stop=threading.Event())


def send(hospital: Hospital, kind: Kind[Any]) -> None:
    """One round in one hospital."""
    sender_for([hospital], kind).send(hospital.tenant, a_run())
