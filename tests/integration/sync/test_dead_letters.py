"""What fails for good stands aside, is seen at central, and goes on when somebody says so."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from central import roles
from central.sync.public import decide
from kernel.errors import Conflict, NotFound
from sync_worker import rules
from sync_worker.runner import Worker
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.sync import (
    ADMINISTRATOR_TOKEN,
    CentralServer,
    add_patient,
    add_patients,
    cccd_number,
    publish_patient,
    rows,
    states,
)
from tests.support.waiting import wait_until


def dead_letters(server: CentralServer) -> list[dict[str, Any]]:
    response = requests.get(
        f"{server.url}/api/v1/sync/dead-letters",
        headers={"Authorization": f"Bearer {ADMINISTRATOR_TOKEN}"},
        timeout=10,
    )
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def ask(server: CentralServer, dead_letter: str, decision: str) -> requests.Response:
    return requests.post(
        f"{server.url}/api/v1/sync/dead-letters/{dead_letter}/{decision}",
        headers={"Authorization": f"Bearer {ADMINISTRATOR_TOKEN}"},
        timeout=10,
    )


def decided(worker: Worker, server: CentralServer, state: str) -> None:
    """Work until the decision is through: a change is shown only when every older transaction of the server is over,
    and the other tests have some."""

    def through() -> bool:
        worker.run_once()
        return bool(dead_letters(server)[0]["state"] == state)

    wait_until(through, seconds=30, what=state)


def poison(hospital: Hospital) -> UUID:
    """An event whose payload is none of ours."""
    with hospital.unit_of_work() as uow:
        patient = add_patient(uow, cccd=cccd_number(1))
        uow.commit()
        event = publish_patient(uow, patient, n=2, payload={"full_name": "Nguyễn Văn An"})
        uow.commit()
    return event


def test_a_payload_that_is_none_becomes_a_dead_letter_and_holds_nobody_up(
    two_hospitals: tuple[Hospital, Hospital], worker: Worker, server: CentralServer, central: CentralDatabase
) -> None:
    here, there = two_hospitals
    event = poison(here)
    add_patients(here, 20, first=100)
    add_patients(there, 5, first=200)
    worker.run_once()
    assert states(here) == {"settled": 21, "dead": 1}
    assert states(there) == {"settled": 5}
    found = dead_letters(server)
    assert [(item["event_id"], item["reason"], item["state"], item["tenant_code"]) for item in found] == [
        (str(event), "bad_payload", "dead", here.tenant_code)
    ]
    with central.superuser() as connection:
        assert "Nguyễn" not in str(rows(connection, "SELECT * FROM sync_dead_letters"))


def test_a_dead_letter_is_replayed_once_its_cause_is_gone(
    hospital: Hospital, worker: Worker, server: CentralServer, central: CentralDatabase
) -> None:
    event = poison(hospital)
    worker.run_once()
    with hospital.superuser() as connection:
        connection.execute(
            "UPDATE outbox SET payload = jsonb_build_object('patient_global_id', uuidv4(), 'status', 'inactive',"
            " 'metadata', '{}'::jsonb, 'identifiers', '[]'::jsonb) WHERE id = %s",
            (event,),
        )
    letter = dead_letters(server)[0]
    answer = ask(server, letter["id"], "replay")
    assert (answer.status_code, answer.json()["state"]) == (202, "replay_requested")
    assert ask(server, letter["id"], "discard").status_code == 409
    decided(worker, server, "replayed")
    assert states(hospital) == {"settled": 2}
    audited = "SELECT action, resource_id FROM admin_audit_logs WHERE resource_type = 'dead_letter'"
    with central.superuser() as connection:
        assert rows(connection, "SELECT status, n FROM central_patient_index") == [("inactive", 2)]
        assert rows(connection, audited) == [("sync.replay", letter["id"])]


def test_one_that_fails_again_is_dead_again(hospital: Hospital, worker: Worker, server: CentralServer) -> None:
    poison(hospital)
    worker.run_once()
    ask(server, dead_letters(server)[0]["id"], "replay")
    decided(worker, server, "dead")
    assert dead_letters(server)[0]["attempts"] == 2
    assert states(hospital) == {"settled": 1, "dead": 1}


def test_a_dead_letter_is_discarded_and_its_payload_goes(
    hospital: Hospital, worker: Worker, server: CentralServer
) -> None:
    event = poison(hospital)
    worker.run_once()
    assert ask(server, dead_letters(server)[0]["id"], "discard").status_code == 202
    decided(worker, server, "discarded")
    with hospital.superuser() as connection:
        assert rows(connection, "SELECT state, payload FROM outbox WHERE id = %s", event) == [("discarded", {})]


def test_an_event_that_central_crashes_on_stands_alone_and_dies_after_many_tries(
    hospital: Hospital, worker: Worker, server: CentralServer
) -> None:
    add_patients(hospital, 30)
    with hospital.superuser() as connection:
        event = rows(connection, "SELECT id FROM outbox OFFSET 17 LIMIT 1")[0][0]
    server.poison.add(event)
    worker.run_once()
    assert states(hospital) == {"settled": 29, "pending": 1}
    with hospital.superuser() as connection:
        found = rows(connection, "SELECT attempts, last_error FROM outbox WHERE id = %s", event)
        assert found == [(1, "central_answered_500")]
        connection.execute(
            "UPDATE outbox SET attempts = %s, next_attempt_at = now() WHERE id = %s", (rules.MAX_ATTEMPTS - 1, event)
        )
    worker.run_once()
    assert states(hospital) == {"settled": 29, "dead": 1}
    assert [item["reason"] for item in dead_letters(server)] == ["central_answered_500"]


def test_a_central_that_crashes_on_everything_is_no_events_fault(
    hospital: Hospital, worker: Worker, server: CentralServer
) -> None:
    add_patients(hospital, 5)
    server.crashing = True
    worker.run_once()
    assert states(hospital) == {"pending": 5}
    with hospital.superuser() as connection:
        assert rows(connection, "SELECT DISTINCT attempts, last_error FROM outbox") == [(0, None)]
    server.crashing = False
    worker.run_once()
    assert states(hospital) == {"settled": 5}


def test_what_is_not_there_cannot_be_decided(central: CentralDatabase, hospital: Hospital) -> None:
    with central.database(roles.CONSOLE).unit_of_work() as uow, pytest.raises(NotFound):
        decide(uow=uow, actor=None, dead_letter=uuid4(), decision="replay")
    with central.superuser() as connection:
        connection.execute(
            "INSERT INTO sync_dead_letters (tenant_id, event_id, event_type, reason, attempts, first_failed_at,"
            " last_failed_at, state) VALUES (%s, uuidv7(), 'patient.changed', 'x', 1, now(), now(), 'discarded')",
            (hospital.tenant,),
        )
        letter = rows(connection, "SELECT id FROM sync_dead_letters")[0][0]
    with central.database(roles.CONSOLE).unit_of_work() as uow, pytest.raises(Conflict):
        decide(uow=uow, actor=None, dead_letter=letter, decision="replay")


def test_pages_of_dead_letters(
    central: CentralDatabase, two_hospitals: tuple[Hospital, Hospital], server: CentralServer
) -> None:
    with central.superuser() as connection:
        for number in range(5):
            connection.execute(
                "INSERT INTO sync_dead_letters (tenant_id, event_id, event_type, reason, attempts, first_failed_at,"
                " last_failed_at) VALUES (%s, uuidv7(), 'patient.changed', %s, 1, now(), '2026-01-01')",
                (two_hospitals[number % 2].tenant, f"reason_{number}"),
            )
    seen, cursor = [], ""
    for _ in range(3):
        response = requests.get(
            f"{server.url}/api/v1/sync/dead-letters?limit=2&cursor={cursor}",
            headers={"Authorization": f"Bearer {ADMINISTRATOR_TOKEN}"},
            timeout=10,
        ).json()
        seen += [item["reason"] for item in response["items"]]
        cursor = response["next_cursor"] or ""
    assert sorted(seen) == [f"reason_{number}" for number in range(5)]
    assert cursor == ""
    bad = requests.get(
        f"{server.url}/api/v1/sync/dead-letters?cursor=W10",
        headers={"Authorization": f"Bearer {ADMINISTRATOR_TOKEN}"},
        timeout=10,
    )
    assert bad.status_code == 422
