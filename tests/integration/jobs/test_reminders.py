"""Sending on real servers: once, in time, and only to whom it is wanted."""

import threading
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest

from jobs.job import Run, RunOver
from jobs.reminders import sms_kind
from kernel.clock import LOCAL_ZONE, utc_now
from kernel.messaging.folder import SmsFolder
from tenant_app.appointments.public import act
from tenant_app.patients.public import patient_record
from tenant_app.reminders.public import Composer, send_now, send_test
from tests.support.clinic import Clinic
from tests.support.hospitals import Hospital
from tests.support.messages import Mailbox
from tests.support.reminding import (
    ADDRESS,
    booked_patients,
    mail_to,
    make_due,
    rows_of,
    send,
    sender_for,
    statuses,
    switch_on,
    wish,
)


def test_each_reminder_is_sent_once(clinics: tuple[Clinic, Clinic], mailbox: Mailbox) -> None:
    clinic, other = clinics
    for each in clinics:
        switch_on(each, hours_before=None)
        booked_patients(each, 3)
    send(clinic.hospital, mail_to(mailbox))
    assert mailbox.taken == []
    make_due(clinic.hospital)
    for _ in range(3):
        send(clinic.hospital, mail_to(mailbox))
    assert len(mailbox.taken) == 3
    assert max(mailbox.ids().values()) == 1
    assert statuses(clinic.hospital) == ["sent"] * 3
    assert statuses(other.hospital) == ["pending"] * 3
    assert set(mailbox.recipients) == {ADDRESS}
    with clinic.hospital.superuser() as connection:
        noted = connection.execute(
            "SELECT count(*), count(DISTINCT patient_id) FROM audit_logs"
            " WHERE action = 'reminder.send' AND actor_kind = 'worker'"
        ).fetchone()
    assert noted == (3, 3)


def test_what_a_mail_says_and_what_it_does_not(clinic: Clinic, mailbox: Mailbox) -> None:
    switch_on(clinic, hours_before=None)
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE hospital_info SET phone = '02438001234', address = '128 phố Bạch Mai, Hà Nội'")
    (patient,) = booked_patients(clinic)
    wish(clinic, patient, language="en")
    make_due(clinic.hospital)
    send(clinic.hospital, mail_to(mailbox))
    (message,) = mailbox.taken
    plain, html = (_body(message, kind) for kind in ("plain", "html"))
    day = (utc_now().astimezone(LOCAL_ZONE).date() + timedelta(days=3)).strftime("%d/%m/%Y")
    for words in ("08:00", day, "Bệnh viện Đa khoa Hồng Hà", "Khoa Nội tổng hợp", "02438001234", "128 phố Bạch Mai"):
        assert words in plain
        assert words in html
    assert "lịch khám" in plain
    assert "reminder of your appointment" in plain
    assert message["Message-ID"] == f"<{rows_of(clinic.hospital, 'id')[0][0]}@sokham.example>"
    assert message["From"].addresses[0].display_name == "Bệnh viện Đa khoa Hồng Hà"
    with clinic.uow() as uow:
        record = patient_record(uow=uow, patient_id=patient)
    for secret in (record.identifiers["cccd"], record.patient.full_name, record.patient.patient_code):
        assert secret not in str(message)
        assert secret not in plain + html


def test_who_does_not_want_it_gets_none(clinic: Clinic, mailbox: Mailbox) -> None:
    """Wishes count when a message goes, not when it was planned."""
    switch_on(clinic, hours_before=None, needs_consent=True)
    wanted, unasked, unwilling, changed = booked_patients(clinic, 4)
    for patient, said in ((wanted, "on"), (unwilling, "off"), (changed, "on")):
        wish(clinic, patient, email=said)
    wish(clinic, changed, email="off")
    make_due(clinic.hospital)
    send(clinic.hospital, mail_to(mailbox))
    with clinic.hospital.superuser() as connection:
        found = dict(connection.execute("SELECT patient_id, coalesce(reason, status) FROM appointment_reminders"))
    assert found == {wanted: "sent", unasked: "no_consent", unwilling: "opted_out", changed: "opted_out"}
    assert len(mailbox.taken) == 1


def test_what_changes_between_claim_and_hand_over_is_not_sent(clinic: Clinic, mailbox: Mailbox) -> None:
    """Cancelled, moved, and opted out, while the sender talks to the mail server."""
    switch_on(clinic, hours_before=None)
    patients = booked_patients(clinic, 4)
    make_due(clinic.hospital)
    with clinic.hospital.superuser() as connection:
        ids = [row[0] for row in connection.execute("SELECT id FROM appointments ORDER BY start_time")]

    def meanwhile(_address: str) -> None:
        mailbox.to_recipient = lambda _again: None
        with clinic.uow() as uow:
            act(uow=uow, actor=clinic.admin, appointment_id=ids[0], action="cancel", reason="Bận")
            uow.commit()
        with clinic.hospital.superuser() as moving:
            moving.execute("UPDATE appointments SET start_time = '17:00', end_time = '17:15' WHERE id = %s", (ids[1],))
        wish(clinic, patients[2], email="off")

    mailbox.to_recipient = meanwhile
    send(clinic.hospital, mail_to(mailbox))
    assert len(mailbox.taken) == 1
    reasons = sorted(str(row[0]) for row in rows_of(clinic.hospital, "coalesce(reason, status)"))
    assert reasons == ["appointment", "moved", "opted_out", "pending", "sent"]


def test_two_senders_at_once_send_each_once(clinic: Clinic, mailbox: Mailbox) -> None:
    switch_on(clinic, hours_before=None, most_a_minute=600)
    booked_patients(clinic, 16)
    make_due(clinic.hospital)
    # Threads that ask for the pool at once would make it twice.
    clinic.hospital.database("seal")
    threads = [threading.Thread(target=send, args=(clinic.hospital, mail_to(mailbox))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailbox.taken) == 16
    assert max(mailbox.ids().values()) == 1


def test_a_landline_gets_no_sms(clinic: Clinic, tmp_path: Any) -> None:
    switch_on(clinic, email_on=False, sms_on=True, hours_before=None)
    booked_patients(clinic)
    with clinic.hospital.superuser() as connection:
        connection.execute("UPDATE patients SET phone = '02438001234'")
    make_due(clinic.hospital)
    send(clinic.hospital, sms_kind(SmsFolder(tmp_path), Composer()))
    assert rows_of(clinic.hospital, "status, reason") == [("failed", "bad_address")]
    assert list(tmp_path.iterdir()) == []


def test_quiet_hours_hold_what_is_late_and_not_what_somebody_asks_for(clinic: Clinic, mailbox: Mailbox) -> None:
    now = utc_now().astimezone(LOCAL_ZONE)
    quiet = {"quiet_from": (now - timedelta(hours=1)).time(), "quiet_until": (now + timedelta(hours=1)).time()}
    quiet = {name: value.replace(second=0, microsecond=0) for name, value in quiet.items()}
    switch_on(clinic, hours_before=None, **quiet)
    booked_patients(clinic)
    make_due(clinic.hospital)
    send(clinic.hospital, mail_to(mailbox))
    assert mailbox.taken == []
    with clinic.uow() as uow:
        wanted = uow.session.connection().exec_driver_sql("SELECT id FROM appointments").scalar_one()
        send_now(uow=uow, actor=clinic.admin, appointment_id=wanted, channel="email")
        uow.commit()
    send(clinic.hospital, mail_to(mailbox))
    assert len(mailbox.taken) == 1
    switch_on(clinic, hours_before=None)
    send(clinic.hospital, mail_to(mailbox))
    assert len(mailbox.taken) == 2


def test_what_is_too_late_is_not_sent(clinic: Clinic, mailbox: Mailbox) -> None:
    switch_on(clinic, hours_before=None)
    booked_patients(clinic)
    make_due(clinic.hospital)
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "UPDATE appointment_reminders SET starts_at = now() - interval '1 s', scheduled_at = now() - interval '1 h'"
        )
    send(clinic.hospital, mail_to(mailbox))
    assert statuses(clinic.hospital) == ["expired"]
    assert mailbox.taken == []


def test_limits_by_patient_and_by_hospital(clinic: Clinic, mailbox: Mailbox) -> None:
    switch_on(clinic, most_a_day=1, most_a_minute=3)
    booked_patients(clinic, 5)
    make_due(clinic.hospital)
    for _ in range(4):
        send(clinic.hospital, mail_to(mailbox))
    assert len(mailbox.taken) == 3
    switch_on(clinic, most_a_day=1, most_a_minute=600)
    send(clinic.hospital, mail_to(mailbox))
    assert sorted({row[0] for row in rows_of(clinic.hospital, "coalesce(reason, status)")}) == ["daily_limit", "sent"]
    assert len(mailbox.taken) == 5


def test_a_test_message_goes_where_it_was_asked_for(clinic: Clinic, mailbox: Mailbox) -> None:
    with clinic.uow() as uow:
        send_test(uow=uow, actor=clinic.admin, channel="email", to="quantri@benhvien.example")
        uow.commit()
    send(clinic.hospital, mail_to(mailbox))
    assert mailbox.recipients == ["quantri@benhvien.example"]
    assert statuses(clinic.hospital) == ["sent"]


def test_a_stopped_process_gives_back_what_it_has_not_begun(clinic: Clinic, mailbox: Mailbox) -> None:
    switch_on(clinic, hours_before=None)
    booked_patients(clinic, 3)
    make_due(clinic.hospital)
    stop = threading.Event()
    mailbox.to_recipient = lambda _address: stop.set()
    with pytest.raises(RunOver):
        sender_for([clinic.hospital], mail_to(mailbox)).send(clinic.hospital.tenant, Run(seconds=60, stop=stop))
    assert statuses(clinic.hospital) == ["pending", "pending", "sent"]
    send(clinic.hospital, mail_to(mailbox))
    assert len(mailbox.taken) == 3


def test_the_jobs_role_reads_no_table_of_patients(hospital: Hospital) -> None:
    with hospital.connect("seal") as connection:
        for table in ("appointment_reminders", "patients", "patient_portal_preferences", "reminder_settings"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(table)))


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content
