"""`sokham sync republish`: central has lost what hospitals believe settled, and gets it again."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result

from manage import republishing
from sync_worker.runner import Worker
from tenant_app.outbox.public import PATIENT, PATIENT_ERASED, publish
from tenant_app.patients.models import Patient, PatientIdentifier
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.sync import add_patient, cccd_number, rows, states

Pair = tuple[Hospital, Hospital]
Command = Callable[..., Result]

# What central knows of patients; what was restored to before all of it has none of it.
FORGOTTEN = (
    "sync_inbox, central_patient_index, person_identifiers, persons, patient_tombstones, sync_history, sync_changes"
)


@pytest.fixture
def settled(two_hospitals: Pair, worker: Worker) -> tuple[list[Patient], list[Patient]]:
    """Three patients in the first hospital, two in the second (one of them the same person), all settled."""
    here, there = two_hospitals
    both = registered(here, 1, 2, 3), registered(there, 3, 4)
    worker.run_once()
    assert (states(here), states(there)) == ({"settled": 3}, {"settled": 2})
    return both


def registered(hospital: Hospital, *numbers: int) -> list[Patient]:
    with hospital.unit_of_work() as uow:
        made = []
        for number in numbers:
            patient = add_patient(uow, cccd=cccd_number(number))
            uow.session.add(PatientIdentifier(patient_id=patient.id, system="cccd", value=cccd_number(number)))
            made.append(patient)
        uow.session.expire_on_commit = False
        uow.commit()
    return made


def index(central: CentralDatabase) -> dict[tuple[UUID, UUID], tuple[Any, ...]]:
    """(hospital, patient) → who that is, and the version."""
    with central.superuser() as connection:
        found = rows(
            connection, "SELECT tenant_id, patient_local_id, patient_global_id, epoch, n FROM central_patient_index"
        )
    return {(row[0], row[1]): row[2:] for row in found}


def forget(central: CentralDatabase) -> None:
    with central.superuser() as connection:
        connection.execute(f"TRUNCATE {FORGOTTEN} CASCADE".encode())


def told(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout)["items"]
    return found


def test_one_hospital_is_whole_again_and_the_other_is_not_touched(
    settled: object, two_hospitals: Pair, central: CentralDatabase, worker: Worker, command: Command
) -> None:
    here, there = two_hospitals
    before = index(central)
    forget(central)
    worker.run_once()
    assert index(central) == {}
    outcome = command("republish", "--tenant", here.tenant_code, "--json")
    assert outcome.exit_code == 0, outcome.output
    assert [(each["tenant_code"], each["patients"], each["events"]) for each in told(outcome)] == [
        (here.tenant_code, 3, 3)
    ]
    assert states(there) == {"settled": 2}
    worker.run_once()
    assert index(central) == {place: entry for place, entry in before.items() if place[0] == here.tenant}
    assert command("republish", "--all").exit_code == 0
    worker.run_once()
    assert index(central) == before
    assert states(here) == {"settled": 9}


def test_what_central_still_has_stays_and_what_waits_is_not_added_twice(
    settled: tuple[list[Patient], list[Patient]],
    two_hospitals: Pair,
    central: CentralDatabase,
    worker: Worker,
    command: Command,
) -> None:
    here, _ = two_hospitals
    newer = settled[0][0]
    with central.superuser() as connection:
        connection.execute("UPDATE central_patient_index SET n = 7 WHERE patient_local_id = %s", (newer.id,))
    before = index(central)
    said = command("republish", "--tenant", here.tenant_code).output
    assert "3 events for 3 patients" in said
    assert "0 events for 3 patients" in command("republish", "--tenant", here.tenant_code).output
    worker.run_once()
    assert index(central) == before
    with central.superuser() as connection:
        results = rows(connection, "SELECT results FROM sync_history ORDER BY created_at DESC LIMIT 1")
    assert results == [({"applied": 0, "duplicate": 0, "stale": 3, "rejected": 0},)]


def test_a_run_that_was_stopped_is_gone_on_with(
    settled: tuple[list[Patient], list[Patient]],
    two_hospitals: Pair,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, _ = two_hospitals
    monkeypatch.setattr(republishing, "PATIENTS_A_STEP", 1)
    first, *rest = sorted(patient.id for patient in settled[0])
    outcome = command("republish", "--tenant", here.tenant_code, "--after", str(first))
    assert "2 events for 2 patients" in outcome.output
    with here.superuser() as connection:
        again = rows(connection, "SELECT aggregate_id FROM outbox WHERE event_type = 'patient.republished'")
    assert sorted(row[0] for row in again) == rest


def test_the_erased_are_erased_again(
    settled: tuple[list[Patient], list[Patient]],
    two_hospitals: Pair,
    central: CentralDatabase,
    worker: Worker,
    command: Command,
) -> None:
    here, _ = two_hospitals
    gone = settled[0][1]
    with here.unit_of_work() as uow:
        publish(uow=uow, aggregate_type=PATIENT, aggregate_id=gone.id, event_type=PATIENT_ERASED, n=2, payload={})
        uow.commit()
    before = index(central)
    worker.run_once()
    # As a restored central is: the erasure is forgotten, the patient is there.
    with central.superuser() as connection:
        connection.execute("TRUNCATE patient_tombstones, sync_inbox")
        connection.execute(
            "INSERT INTO central_patient_index (patient_global_id, tenant_id, patient_local_id, metadata_encrypted,"
            " encryption_key_id, status, epoch, n) SELECT patient_global_id, tenant_id, %s, metadata_encrypted,"
            " encryption_key_id, status, epoch, n FROM central_patient_index LIMIT 1",
            (gone.id,),
        )
    assert command("republish", "--tenant", here.tenant_code).exit_code == 0
    worker.run_once()
    assert index(central).keys() == before.keys() - {(here.tenant, gone.id)}
    with central.superuser() as connection:
        assert rows(connection, "SELECT patient_local_id, n FROM patient_tombstones") == [(gone.id, 2)]


def test_both_logs_say_so_and_the_place_among_changes_begins_anew(
    settled: object, two_hospitals: Pair, central: CentralDatabase, command: Command
) -> None:
    here, there = two_hospitals
    for hospital in two_hospitals:
        with hospital.superuser() as connection:
            connection.execute("UPDATE hospital_sync SET changes_cursor = 'far-ahead'")
    command("republish", "--tenant", here.tenant_code)
    with here.superuser() as connection:
        assert rows(connection, "SELECT changes_cursor FROM hospital_sync") == [(None,)]
        assert rows(connection, "SELECT count(*) FROM audit_logs WHERE action = 'sync.republish'") == [(1,)]
    with there.superuser() as connection:
        assert rows(connection, "SELECT changes_cursor FROM hospital_sync") == [("far-ahead",)]
    with central.superuser() as connection:
        said = rows(connection, "SELECT tenant_id, actor_name FROM admin_audit_logs WHERE action = 'sync.republish'")
    assert said == [(here.tenant, "command line")]


def test_a_central_that_has_forgotten_a_hospitals_restore_is_not_sent_what_it_would_refuse(
    settled: object, two_hospitals: Pair, command: Command
) -> None:
    here, there = two_hospitals
    with here.superuser() as connection:
        connection.execute("UPDATE hospital_sync SET epoch = 2")
    outcome = command("republish", "--all")
    assert outcome.exit_code == 1
    assert f"1 of 2 not republished whole: {here.tenant_code}" in outcome.output
    assert states(here) == {"settled": 3}
    assert states(there) == {"settled": 2, "pending": 2}


@pytest.mark.parametrize("wrong", [(), ("--all", "--tenant", "bv-mot"), ("--all", "--after", str(UUID(int=1)))])
def test_one_says_which_hospitals(command: Command, wrong: tuple[str, ...]) -> None:
    assert command("republish", *wrong).exit_code == 2
