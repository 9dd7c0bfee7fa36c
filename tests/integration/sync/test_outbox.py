"""The hospital's side: what commits is published, what rolls back is not, and claims keep workers apart."""

from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.exc import ProgrammingError

from kernel.ids import TenantId
from sync_worker.runner import Worker
from tenant_app.outbox.public import with_doorbell
from tenant_app.sync_public import Failure, queue
from tests.support.hospitals import Hospital
from tests.support.sync import add_patient, add_patients, cccd_number, publish_patient, rows, states


def claim(hospital: Hospital, *, limit: int = 100, lease_seconds: float = 60) -> tuple[UUID, list[queue.Claimed]]:
    claim_id = uuid4()
    with hospital.unit_of_work("sync") as uow:
        claimed = queue.claim(uow=uow, claim_id=claim_id, limit=limit, lease_seconds=lease_seconds)
        uow.commit()
    return claim_id, claimed


def test_who_commits_late_is_not_skipped_and_who_rolls_back_is_not_published(
    hospital: Hospital, worker: Worker
) -> None:
    late, never = hospital.unit_of_work(), hospital.unit_of_work()
    add_patient(late, cccd=cccd_number(1))
    add_patient(never, cccd=cccd_number(2))
    # Others are later and through before.
    add_patients(hospital, 3, first=10)
    worker.run_once()
    assert states(hospital) == {"settled": 3}
    late.commit()
    late.close()
    never.close()
    worker.run_once()
    assert states(hospital) == {"settled": 4}


def test_two_claims_never_hold_the_same_event(hospital: Hospital) -> None:
    add_patients(hospital, 10)
    _, first = claim(hospital, limit=6)
    _, second = claim(hospital)
    _, third = claim(hospital)
    assert (len(first), len(second), third) == (6, 4, [])
    assert not {row.id for row in first} & {row.id for row in second}


def test_a_lease_that_ran_out_gives_the_event_to_the_next_and_nothing_to_the_late(hospital: Hospital) -> None:
    add_patients(hospital, 1)
    slow, rows_of_slow = claim(hospital, lease_seconds=0)
    quick, rows_of_quick = claim(hospital)
    assert [row.id for row in rows_of_slow] == [row.id for row in rows_of_quick]
    event = rows_of_slow[0].id
    with hospital.unit_of_work("sync") as uow:
        assert queue.settle(uow=uow, claim_id=slow, settled=[(event, None)]) == 0
        assert queue.bury(uow=uow, claim_id=slow, given_up=[(event, "late")]) == 0
        assert queue.release(uow=uow, claim_id=slow, events=[event]) == 0
        assert queue.settle(uow=uow, claim_id=quick, settled=[(event, None)]) == 1
        uow.commit()
    assert states(hospital) == {"settled": 1}


def test_a_failure_waits_and_remembers(hospital: Hospital) -> None:
    add_patients(hospital, 1)
    claim_id, claimed = claim(hospital)
    with hospital.unit_of_work("sync") as uow:
        failure = Failure(claimed[0].id, "central_answered_500", 3600)
        assert queue.fail(uow=uow, claim_id=claim_id, failures=[failure]) == 1
        uow.commit()
    assert claim(hospital)[1] == []
    with hospital.superuser() as connection:
        found = rows(connection, "SELECT state, attempts, last_error, history -> 0 ->> 'what' FROM outbox")
    assert found == [("pending", 1, "central_answered_500", "central_answered_500")]
    with hospital.unit_of_work("sync") as uow:
        assert queue.backlog(uow=uow).pending == 1
        assert not queue.due(uow=uow)


def test_the_history_is_bounded(hospital: Hospital) -> None:
    add_patients(hospital, 1)
    for number in range(25):
        claim_id, claimed = claim(hospital)
        with hospital.unit_of_work("sync") as uow:
            queue.fail(uow=uow, claim_id=claim_id, failures=[Failure(claimed[0].id, f"reason_{number}", 0)])
            uow.commit()
    with hospital.superuser() as connection:
        found = rows(connection, "SELECT attempts, jsonb_array_length(history), history -> -1 ->> 'what' FROM outbox")
    assert found == [(25, 20, "reason_24")]


def test_an_older_answer_does_not_undo_a_newer_one(hospital: Hospital) -> None:
    with hospital.unit_of_work() as uow:
        patient = add_patient(uow, cccd=cccd_number(1))
        uow.commit()
    slow, older = claim(hospital)
    with hospital.unit_of_work() as uow:
        publish_patient(uow, patient, cccd=cccd_number(2), n=2)
        uow.commit()
    quick, newer = claim(hospital)
    before, after = uuid4(), uuid4()
    for claim_id, claimed, person in ((quick, newer, after), (slow, older, before)):
        with hospital.unit_of_work("sync") as uow:
            assert queue.settle(uow=uow, claim_id=claim_id, settled=[(claimed[0].id, person)]) == 1
            uow.commit()
    with hospital.superuser() as connection:
        assert rows(connection, "SELECT patient_global_id, global_id_state FROM patients") == [(after, "settled")]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM outbox",
        "UPDATE outbox SET state = 'settled'",
        "DELETE FROM outbox",
        "SELECT * FROM patients",
        "UPDATE hospital_sync SET epoch = 2",
        "UPDATE sync_signing_keys SET kid = 'x'",
    ],
)
def test_the_sync_role_has_its_functions_and_nothing_else(hospital: Hospital, statement: str) -> None:
    with hospital.connect("sync") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


@pytest.mark.parametrize("purpose", ["app", "portal", "seal"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM sync_claim(uuidv7(), 1, 1)",
        "SELECT sync_settle_person(uuidv7(), uuidv7())",
        "SELECT * FROM sync_signing_keys",
        "UPDATE outbox SET payload = '{}'",
    ],
)
def test_no_other_role_has_them(hospital: Hospital, purpose: str, statement: str) -> None:
    with hospital.connect(purpose) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


class Bell:
    """Counts its rings."""

    def __init__(self) -> None:
        self.rung: list[TenantId] = []

    def ring(self, tenant: TenantId, *, changes: bool = False) -> None:
        """Note the ring."""
        assert not changes
        self.rung.append(tenant)


def test_a_transaction_rings_once_after_it_held_and_not_otherwise(hospital: Hospital) -> None:
    bell = Bell()
    with with_doorbell(hospital.unit_of_work(), bell) as uow:
        add_patient(uow)
        add_patient(uow)
        assert bell.rung == []
        uow.commit()
        assert bell.rung == [hospital.tenant]
        add_patient(uow)
        uow.commit()
    assert bell.rung == [hospital.tenant] * 2
    with with_doorbell(hospital.unit_of_work(), bell) as uow:
        add_patient(uow)
    with pytest.raises(ProgrammingError), with_doorbell(hospital.unit_of_work("portal"), bell) as uow:
        add_patient(uow)
    assert len(bell.rung) == 2
