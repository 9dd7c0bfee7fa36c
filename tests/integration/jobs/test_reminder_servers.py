"""What servers do while reminders are sent: they are away, refuse, or take a message and say nothing."""

import pytest

from manage.embedded.ports import free_port
from tests.support.clinic import Clinic
from tests.support.hospitals import Hospital
from tests.support.messages import Gateway, Mailbox, sms_gateway, smtp_server
from tests.support.reminding import (
    a_run,
    booked_patients,
    mail_to,
    make_due,
    rows_of,
    send,
    sender_for,
    sms_to,
    statuses,
    switch_on,
)


def test_a_server_that_is_away_costs_no_reminder_and_doubles_none(clinic: Clinic) -> None:
    switch_on(clinic, hours_before=None)
    booked_patients(clinic, 4)
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
    booked_patients(clinic)
    make_due(clinic.hospital)
    clock = [0.0]
    box = Mailbox(port=free_port())
    sender = sender_for([clinic.hospital], mail_to(box), chance=lambda: 0.9)
    sender._absences._monotonic = lambda: clock[0]
    sender.send(clinic.hospital.tenant, a_run())
    assert sender._absences.last(clinic.hospital.tenant)
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
    booked_patients(clinic, 2)
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
    booked_patients(clinic)
    mailbox.to_content = lambda: "451 4.3.0 later"
    for _ in range(9):
        make_due(clinic.hospital)
        send(clinic.hospital, mail_to(mailbox))
    assert rows_of(clinic.hospital, "status, reason, attempts") == [("failed", "smtp_451", 8)]


def test_what_a_dead_sender_left_is_not_sent_again_by_mail_and_asked_for_by_sms(
    clinic: Clinic, mailbox: Mailbox
) -> None:
    switch_on(clinic, sms_on=True, hours_before=None)
    booked_patients(clinic, 2)
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
    booked_patients(clinic, 2)
    make_due(clinic.hospital)
    mailbox.hangs_up = True
    for _ in range(3):
        send(clinic.hospital, mail_to(mailbox))
        make_due(clinic.hospital)
    assert rows_of(clinic.hospital, "status, reason") == [("uncertain", "smtp_no_answer")] * 2
    assert max(mailbox.ids().values()) == 1


def test_an_sms_whose_answer_was_lost_is_found_at_the_gateway(clinic: Clinic) -> None:
    switch_on(clinic, email_on=False, sms_on=True, hours_before=None)
    booked_patients(clinic)
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
    booked_patients(clinic)
    make_due(clinic.hospital)
    with sms_gateway(Gateway(answer=lambda _body: status)) as gateway:
        send(clinic.hospital, sms_to(gateway))
    assert rows_of(clinic.hospital, "status, reason") == [found]


def _die_after_noting(hospital: Hospital) -> None:
    """As a sender that was killed between its note and its settling."""
    with hospital.superuser() as connection:
        connection.execute(
            "UPDATE appointment_reminders SET status = 'sending', handed_over_at = now() - interval '5 min',"
            " claim_id = uuidv7(), via = 'operator'"
        )
