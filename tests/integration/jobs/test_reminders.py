"""Sending on real servers: once, in time, to whom it is wanted, and never twice."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import psycopg
import pytest

from jobs.job import Run, RunOver
from jobs.reminders import sms_kind
from kernel.clock import LOCAL_ZONE, utc_now
from kernel.messaging.folder import SmsFolder
from manage.demo.people import person
from manage.embedded.ports import free_port
from tenant_app.appointments.public import act, book
from tenant_app.patients.public import patient_record
from tenant_app.reminders.public import Composer, send_now, send_test
from tests.support.clinic import Clinic, open_clinic, tomorrow
from tests.support.hospitals import Hospital
from tests.support.messages import Gateway, Mailbox, sms_gateway, smtp_server
from tests.support.reminding import (
    a_run,
    mail_to,
    make_due,
    rows_of,
    send,
    sender_for,
    sms_to,
    statuses,
    switch_on,
    wish,
)

ADDRESS = "nguoi.benh@vidu.example"


@pytest.fixture
def clinics(two_hospitals: tuple[Hospital, Hospital]) -> tuple[Clinic, Clinic]:
    return open_clinic(two_hospitals[0]), open_clinic(two_hospitals[1])


@pytest.fixture
def clinic(clinics: tuple[Clinic, Clinic]) -> Clinic:
    return clinics[0]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with smtp_server() as box:
        yield box


def appointments(clinic: Clinic, count: int = 1) -> list[UUID]:
    """Appointments in three days of patients with an address; returns the patients."""
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


def test_each_reminder_is_sent_once(clinics: tuple[Clinic, Clinic], mailbox: Mailbox) -> None:
    clinic, other = clinics
    for each in clinics:
        switch_on(each, hours_before=None)
        appointments(each, 3)
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
    (patient,) = appointments(clinic)
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


def test_a_server_that_is_away_costs_no_reminder_and_doubles_none(clinic: Clinic) -> None:
    switch_on(clinic, hours_before=None)
    appointments(clinic, 4)
    make_due(clinic.hospital)
    box = Mailbox(port=free_port())
    for _ in range(3):
        make_due(clinic.hospital)
        send(clinic.hospital, mail_to(box))
    assert statuses(clinic.hospital) == ["pending"] * 4
    assert {row[0] for row in rows_of(clinic.hospital, "reason")} == {"smtp_away"}
    # An outage is no message's own failure.
    assert {row[0] for row in rows_of(clinic.hospital, "attempts")} == {0}
    with smtp_server(box):
        make_due(clinic.hospital)
        for _ in range(2):
            send(clinic.hospital, mail_to(box))
    assert len(box.taken) == 4
    assert max(box.ids().values()) == 1
    assert statuses(clinic.hospital) == ["sent"] * 4


def test_while_a_server_is_away_it_is_left_alone(clinic: Clinic) -> None:
    switch_on(clinic, hours_before=None)
    appointments(clinic)
    make_due(clinic.hospital)
    clock = [0.0]
    box = Mailbox(port=free_port())
    sender = sender_for([clinic.hospital], mail_to(box), chance=lambda: 0.9)
    sender._absence._monotonic = lambda: clock[0]
    sender.send(clinic.hospital.tenant, a_run())
    assert sender._absence.lasts
    before = rows_of(clinic.hospital, "next_attempt_at")
    make_due(clinic.hospital)
    due = rows_of(clinic.hospital, "next_attempt_at")
    sender.send(clinic.hospital.tenant, a_run())
    assert rows_of(clinic.hospital, "next_attempt_at") == due != before
    clock[0] = 1000.0
    with smtp_server(box):
        sender.send(clinic.hospital.tenant, a_run())
    assert statuses(clinic.hospital) == ["sent"]


def test_a_refusal_for_good_is_not_tried_again_and_one_for_now_is(clinic: Clinic, mailbox: Mailbox) -> None:
    switch_on(clinic, hours_before=None)
    appointments(clinic, 2)
    make_due(clinic.hospital)
    mailbox.to_recipient = lambda _address: "450 4.2.1 busy"
    send(clinic.hospital, mail_to(mailbox))
    assert rows_of(clinic.hospital, "status, reason, attempts") == [("pending", "smtp_450", 1)] * 2
    mailbox.to_recipient = lambda _address: "550 5.1.1 no such user"
    make_due(clinic.hospital)
    send(clinic.hospital, mail_to(mailbox))
    assert rows_of(clinic.hospital, "status, reason") == [("failed", "smtp_550")] * 2
    mailbox.to_recipient = lambda _address: None
    make_due(clinic.hospital)
    send(clinic.hospital, mail_to(mailbox))
    assert mailbox.taken == []


def test_what_is_refused_again_and_again_is_given_up(clinic: Clinic, mailbox: Mailbox) -> None:
    switch_on(clinic, hours_before=None)
    appointments(clinic)
    mailbox.to_content = lambda: "451 4.3.0 later"
    for _ in range(9):
        make_due(clinic.hospital)
        send(clinic.hospital, mail_to(mailbox))
    assert rows_of(clinic.hospital, "status, reason, attempts") == [("failed", "smtp_451", 8)]


def test_who_does_not_want_it_gets_none(clinic: Clinic, mailbox: Mailbox) -> None:
    """Wishes count when a message goes, not when it was planned."""
    switch_on(clinic, hours_before=None, needs_consent=True)
    wanted, unasked, unwilling, changed = appointments(clinic, 4)
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
    patients = appointments(clinic, 4)
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
    appointments(clinic, 16)
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


def test_what_a_dead_sender_left_is_not_sent_again_by_mail_and_asked_for_by_sms(
    clinic: Clinic, mailbox: Mailbox
) -> None:
    switch_on(clinic, sms_on=True, hours_before=None)
    appointments(clinic, 2)
    make_due(clinic.hospital)
    _die_after_noting(clinic.hospital)
    with sms_gateway() as gateway:
        with clinic.hospital.superuser() as connection:
            arrived = str(
                connection.execute("SELECT id FROM appointment_reminders WHERE reminder_type = 'sms'").fetchall()[0][0]
            )
        gateway.taken[arrived] = {}
        send(clinic.hospital, mail_to(mailbox))
        send(clinic.hospital, sms_to(gateway))
        assert mailbox.taken == []
        assert gateway.posts[arrived] == 0
        assert len(gateway.taken) == 2
    assert sorted(rows_of(clinic.hospital, "reminder_type, status")) == [
        ("email", "uncertain"),
        ("email", "uncertain"),
        ("sms", "sent"),
        ("sms", "sent"),
    ]


def test_a_mail_whose_answer_was_lost_is_not_sent_again(clinic: Clinic, mailbox: Mailbox) -> None:
    switch_on(clinic, hours_before=None)
    appointments(clinic, 2)
    make_due(clinic.hospital)
    mailbox.hangs_up = True
    for _ in range(3):
        send(clinic.hospital, mail_to(mailbox))
        make_due(clinic.hospital)
    assert rows_of(clinic.hospital, "status, reason") == [("uncertain", "smtp_no_answer")] * 2
    assert max(mailbox.ids().values()) == 1


def test_an_sms_whose_answer_was_lost_is_found_at_the_gateway(clinic: Clinic) -> None:
    switch_on(clinic, email_on=False, sms_on=True, hours_before=None)
    appointments(clinic)
    make_due(clinic.hospital)
    with sms_gateway(Gateway(hangs_up=True)) as gateway:
        send(clinic.hospital, sms_to(gateway))
    assert statuses(clinic.hospital) == ["sent"]
    (taken,) = gateway.taken.values()
    assert taken["to"] == "+84912345678"
    assert taken["text"].isascii()
    assert len(taken["text"]) <= 160
    assert set(gateway.posts.values()) == {1}


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (400, ("failed", "sms_400")),
        (429, ("pending", "sms_429")),
        (503, ("pending", "sms_503")),
        (401, ("pending", "sms_401")),
    ],
)
def test_what_a_gateway_answers(clinic: Clinic, status: int, found: tuple[str, str]) -> None:
    switch_on(clinic, email_on=False, sms_on=True, hours_before=None)
    appointments(clinic)
    make_due(clinic.hospital)
    with sms_gateway(Gateway(answer=lambda _body: status)) as gateway:
        send(clinic.hospital, sms_to(gateway))
    assert rows_of(clinic.hospital, "status, reason") == [found]


def test_a_landline_gets_no_sms(clinic: Clinic, tmp_path: Any) -> None:
    switch_on(clinic, email_on=False, sms_on=True, hours_before=None)
    appointments(clinic)
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
    appointments(clinic)
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
    appointments(clinic)
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
    appointments(clinic, 5)
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
    appointments(clinic, 3)
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


def _die_after_noting(hospital: Hospital) -> None:
    """As a sender that was killed between its note and its settling."""
    with hospital.superuser() as connection:
        connection.execute(
            "UPDATE appointment_reminders SET status = 'sending', handed_over_at = now() - interval '5 min',"
            " claim_id = uuidv7()"
        )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content
