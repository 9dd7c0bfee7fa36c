"""Jobs processes are killed again and again while they send: no message goes twice, and none is forgotten."""

import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keys.public import LocalKeyring
from tests.support.clinic import Clinic, open_clinic
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.jobs import JobsRunners
from tests.support.messages import Gateway, Mailbox, sms_gateway, smtp_server
from tests.support.reminding import SENDER, rows_of, switch_on
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

KILLS = 22
MESSAGES = 400


@pytest.fixture
def runners(central: CentralDatabase, keys: LocalKeyring, keyring_path: Path, tmp_path: Path) -> Iterator[JobsRunners]:
    several = JobsRunners(central=central, folder=tmp_path, keyring=keyring_path)
    yield several
    several.close()


def test_senders_killed_at_random_points_send_nothing_twice(
    runners: JobsRunners, two_hospitals: tuple[Hospital, Hospital]
) -> None:
    """By SMS each exactly once, because the gateway can be asked; by mail at most once, and doubts are shown."""
    chance = random.Random(20261121)
    clinic = open_clinic(two_hospitals[0])
    switch_on(clinic, sms_on=True, most_a_minute=600, most_a_day=20)
    pause = threading.Event()
    # Slow servers, so that kills meet messages on their way.

    def dawdle(_body: object = None) -> None:
        pause.wait(0.004)

    with smtp_server(Mailbox(to_content=dawdle)) as mailbox, sms_gateway(Gateway(answer=dawdle)) as gateway:
        runners.more = {
            "SOKHAM_SMTP_HOST": "127.0.0.1",
            "SOKHAM_SMTP_PORT": str(mailbox.port),
            "SOKHAM_SMTP_SECURITY": "none",
            "SOKHAM_MAIL_FROM": SENDER,
            "SOKHAM_SMS_URL": gateway.url,
            "SOKHAM_SMS_TOKEN": gateway.token,
            "SOKHAM_SMS_SENDER": "BVHONGHA",
        }
        ask_for_messages(clinic)
        alive = [runners.start() for _ in range(2)]
        wait_until(lambda: len(mailbox.taken) > 5, seconds=60, what="the first mails")
        for _ in range(KILLS):
            victim = chance.choice(alive)
            # Where in its work it is hit differs from kill to kill.
            threading.Event().wait(chance.random() * 0.6)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            alive[alive.index(victim)] = runners.start()
            _let_leases_run_out(clinic.hospital)
            # Nor does anybody wait for the dead one's run: else most kills would meet nobody at work.
            _let_runs_be_taken_over(runners.central)
        wait_until(lambda: _over(clinic.hospital), seconds=120, what="an end of every message")
        found = Counter(rows_of(clinic.hospital, "reminder_type, status"))
        assert max(mailbox.ids().values()) == 1
        assert set(gateway.posts) == set(gateway.taken)
        arrived = {str(message_id).strip("<>").partition("@")[0] for message_id in mailbox.ids()}
        by_id = {str(row[0]): row[1:] for row in rows_of(clinic.hospital, "id, reminder_type, status")}
    # What is called sent, arrived; and each SMS was.
    assert {id_ for id_, said in by_id.items() if said == ("email", "sent")} <= arrived
    assert {id_ for id_, said in by_id.items() if said == ("sms", "sent")} == set(gateway.taken)
    assert found["sms", "sent"] == MESSAGES // 2
    assert found["email", "sent"] + found["email", "uncertain"] == MESSAGES // 2
    assert found["email", "uncertain"] <= KILLS


def ask_for_messages(clinic: Clinic) -> None:
    """Messages of which nobody cares about the hour; the hospital's limits are not what this is about."""
    with clinic.hospital.superuser() as connection:
        connection.execute(
            "INSERT INTO appointment_reminders (reminder_type, kind, starts_at, scheduled_at, next_attempt_at,"
            " test_address) SELECT channel, 'test', now() + interval '50 min', now(), now(), address"
            " FROM generate_series(1, %s), (VALUES ('email', 'thu@vidu.example'), ('sms', '0912345678'))"
            " AS ways (channel, address)",
            (MESSAGES // 2,),
        )
        connection.execute("ALTER TABLE reminder_settings DROP CONSTRAINT ck_reminder_settings_limits")
        connection.execute("UPDATE reminder_settings SET most_a_minute = 100000")


def _let_leases_run_out(hospital: Hospital) -> None:
    """As if minutes had passed: what the dead held is free, what the living hold is theirs until they lose it."""
    with hospital.superuser() as connection:
        connection.execute(
            "UPDATE appointment_reminders SET next_attempt_at = now(), lease_until = now()"
            " WHERE claim_id IS NOT NULL AND status IN ('pending', 'sending')"
        )


def _let_runs_be_taken_over(central: CentralDatabase) -> None:
    with central.superuser() as connection:
        connection.execute(
            "UPDATE job_leases SET lease_until = now() WHERE name LIKE 'reminders.%' AND lease_until IS NOT NULL"
        )


def _over(hospital: Hospital) -> Any:
    _let_leases_run_out(hospital)
    return not {"pending", "sending"} & {row[0] for row in rows_of(hospital, "status")}
