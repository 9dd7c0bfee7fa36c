"""What central does with a batch: once, only what is newer, nothing that was erased, and one person for one number."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from central import roles
from central.sync import rules
from central.sync.service import SyncBus, push
from central.sync.wire import (
    AccessCountsState,
    AuditHeadState,
    Batch,
    Event,
    PatientState,
    Result,
    UsageDayState,
    WireIdentifier,
)
from kernel.clock import local_today
from keys.public import scopes
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.sync import rows


@dataclass
class Pusher:
    """Pushes as one hospital, past HTTP."""

    hospital: Hospital
    central: CentralDatabase
    dek: UUID

    def push(self, *events: Event, **more: Any) -> list[Result]:
        """Push and commit."""
        with self.central.database(roles.INGEST).unit_of_work() as uow:
            batch = Batch(events=list(events), **{"dek_id": self.dek, **more})
            answer = push(uow=uow, tenant=self.hospital.tenant, batch=batch, checksum="", bus=SyncBus(None))
            uow.commit()
        return answer.results

    def outcomes(self, *events: Event) -> list[str]:
        """What became of each."""
        return [result.reason or result.result for result in self.push(*events)]


def pusher(hospital: Hospital, central: CentralDatabase) -> Pusher:
    with central.superuser() as connection:
        found = rows(
            connection,
            "SELECT dek_id FROM data_keys WHERE tenant_id = %s AND scope = %s",
            hospital.tenant,
            scopes.INDEX,
        )
    return Pusher(hospital, central, found[0][0])


@pytest.fixture
def both(two_hospitals: tuple[Hospital, Hospital], central: CentralDatabase) -> tuple[Pusher, Pusher]:
    """Two hospitals that push."""
    return pusher(two_hospitals[0], central), pusher(two_hospitals[1], central)


@pytest.fixture
def here(both: tuple[Pusher, Pusher]) -> Pusher:
    """The first of them."""
    return both[0]


def numbers(*cccds: int) -> list[WireIdentifier]:
    return [WireIdentifier("cccd", 1, number.to_bytes(32, "big"), "s1.a.b") for number in cccds]


def change(
    patient: UUID,
    n: int = 1,
    *,
    epoch: int = 1,
    identifiers: Sequence[WireIdentifier] = (),
    person: UUID | None = None,
    metadata: str = "s1.a.b",
) -> Event:
    state = PatientState(person or uuid4(), "active", metadata, list(identifiers))
    return Event(uuid4(), "patient.changed", "patient", patient, epoch, n, state)


def erasure(patient: UUID, n: int = 1) -> Event:
    return Event(uuid4(), rules.ERASED, "patient", patient, 1, n)


def index(central: CentralDatabase) -> list[tuple[Any, ...]]:
    with central.superuser() as connection:
        return rows(
            connection,
            "SELECT tenant_id, patient_local_id, patient_global_id, epoch, n, metadata_encrypted"
            " FROM central_patient_index ORDER BY patient_local_id",
        )


def test_an_event_is_applied_once_however_often_it_comes(here: Pusher, central: CentralDatabase) -> None:
    event = change(uuid4(), identifiers=numbers(1))
    first, again = here.push(event)[0], here.push(event)[0]
    assert (first.result, again.result) == ("applied", "duplicate")
    assert first.patient_global_id == again.patient_global_id
    assert here.outcomes(event, event) == ["duplicate", "duplicate"]
    twice = change(uuid4())
    assert here.outcomes(twice, twice) == ["applied", "duplicate"]
    assert len(index(central)) == 2


def test_the_newest_wins_whatever_the_order(here: Pusher, central: CentralDatabase) -> None:
    patient = uuid4()
    assert here.outcomes(change(patient, 3, metadata="s1.third")) == ["applied"]
    assert here.outcomes(change(patient, 2, metadata="s1.second")) == ["stale"]
    assert here.outcomes(change(patient, 5, metadata="s1.fifth"), change(patient, 4)) == ["applied", "stale"]
    assert [(row[4], row[5]) for row in index(central)] == [(5, "s1.fifth")]


def test_a_stale_answer_says_who_the_patient_is(here: Pusher) -> None:
    patient = uuid4()
    applied = here.push(change(patient, 2, identifiers=numbers(1)))[0]
    assert here.push(change(patient, 1))[0].patient_global_id == applied.patient_global_id


def test_nothing_that_was_erased_comes_back(here: Pusher, central: CentralDatabase) -> None:
    patient = uuid4()
    here.push(change(patient, 4))
    assert here.outcomes(erasure(patient, 5)) == ["applied"]
    assert index(central) == []
    assert here.outcomes(change(patient, 4), change(patient, 99), erasure(patient, 7)) == ["stale", "stale", "stale"]
    assert index(central) == []
    never_seen = uuid4()
    assert here.outcomes(erasure(never_seen)) == ["applied"]
    assert here.outcomes(change(never_seen)) == ["stale"]


def test_a_restored_hospital_wins_with_its_higher_epoch(here: Pusher, central: CentralDatabase) -> None:
    patient = uuid4()
    here.push(change(patient, 700))
    assert here.outcomes(change(patient, 1, epoch=2)) == ["epoch_ahead"]
    with central.superuser() as connection:
        connection.execute("UPDATE tenants SET epoch = 2 WHERE id = %s", (here.hospital.tenant,))
    assert here.outcomes(change(patient, 1, epoch=2), change(patient, 701, epoch=1)) == ["applied", "stale"]


def test_an_absurd_version_is_refused_and_may_be_sent_again(here: Pusher, central: CentralDatabase) -> None:
    event = change(uuid4(), rules.MAX_JUMP + 1)
    assert here.outcomes(event) == ["version_jump"]
    # It was not taken, so it is no duplicate: after a replay it is judged again.
    assert here.outcomes(event) == ["version_jump"]
    with central.superuser() as connection:
        assert rows(connection, "SELECT reason, attempts, state FROM sync_dead_letters") == [
            ("version_jump", 2, "dead")
        ]
        assert rows(connection, "SELECT count(*) FROM sync_inbox") == [(0,)]


def test_what_another_hospitals_key_sealed_is_refused(both: tuple[Pusher, Pusher], central: CentralDatabase) -> None:
    here, there = both
    assert [result.reason for result in here.push(change(uuid4()), dek_id=there.dek)] == ["unknown_key"]
    assert [result.reason for result in here.push(change(uuid4()), dek_id=None)] == ["unknown_key"]
    assert [result.result for result in here.push(erasure(uuid4()), dek_id=None)] == ["applied"]
    assert index(central) == []


def test_a_wrong_shape_is_one_events_fault(here: Pusher) -> None:
    empty = Event(uuid4(), "patient.changed", "patient", uuid4(), 1, 1)
    assert here.outcomes(empty, change(uuid4())) == ["wrong_shape", "applied"]


def test_one_number_is_one_person_in_all_hospitals(both: tuple[Pusher, Pusher], central: CentralDatabase) -> None:
    here, there = both
    first = here.push(change(uuid4(), identifiers=numbers(1)))[0]
    second = there.push(change(uuid4(), identifiers=numbers(1)))[0]
    twice_here = here.push(change(uuid4(), identifiers=numbers(1)))[0]
    other = there.push(change(uuid4(), identifiers=numbers(2)))[0]
    assert first.patient_global_id == second.patient_global_id == twice_here.patient_global_id
    assert other.patient_global_id != first.patient_global_id
    with central.superuser() as connection:
        person = first.patient_global_id
        # Made with the first hospital, it changed with the second, and with the second book at the first.
        assert rows(connection, "SELECT version FROM persons WHERE id = %s", person) == [(3,)]
    with central.database(roles.ROUTE).unit_of_work() as uow:
        digest = numbers(1)[0].digest
        found = uow.session.execute(text("SELECT * FROM route_person('cccd', 1, :digest)"), {"digest": digest}).one()
    assert found.person_id == first.patient_global_id
    assert set(found.tenant_ids) == {here.hospital.tenant, there.hospital.tenant}


def test_a_hospital_cannot_take_over_a_person_by_naming_them(both: tuple[Pusher, Pusher]) -> None:
    here, there = both
    victim = here.push(change(uuid4(), identifiers=numbers(1)))[0].patient_global_id
    taken = there.push(change(uuid4(), person=victim))[0].patient_global_id
    assert taken not in {None, victim}


def test_a_corrected_number_moves_the_patient_and_not_the_person(
    both: tuple[Pusher, Pusher], central: CentralDatabase
) -> None:
    here, there = both
    patient = uuid4()
    mistaken = there.push(change(uuid4(), identifiers=numbers(1)))[0].patient_global_id
    assert here.push(change(patient, 1, identifiers=numbers(1)))[0].patient_global_id == mistaken
    moved = here.push(change(patient, 2, identifiers=numbers(2), person=mistaken))[0].patient_global_id
    assert moved != mistaken
    # Without any number the patient stays who they were.
    assert here.push(change(patient, 3))[0].patient_global_id == moved
    assert {(row[0], row[2]) for row in index(central)} == {
        (here.hospital.tenant, moved),
        (there.hospital.tenant, mistaken),
    }


def test_two_hospitals_that_push_the_same_people_at_once_make_each_once(
    both: tuple[Pusher, Pusher], central: CentralDatabase
) -> None:
    people = 60
    start = threading.Barrier(2)
    errors: list[Exception] = []

    def race(pusher: Pusher, order: list[int]) -> None:
        try:
            for batch in range(5):
                start.wait(timeout=20)
                pusher.push(*(change(uuid4(), identifiers=numbers(batch * people + number)) for number in order))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it.
            errors.append(error)
            start.abort()

    order = list(range(1, people + 1))
    threads = [
        threading.Thread(target=race, args=(both[0], order)),
        threading.Thread(target=race, args=(both[1], order[::-1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with central.superuser() as connection:
        assert rows(connection, "SELECT count(*) FROM persons") == [(5 * people,)]
        apart = "SELECT count(*) FROM central_patient_index GROUP BY patient_global_id HAVING count(*) <> 2"
        assert rows(connection, apart) == []
        assert rows(connection, "SELECT count(*) FROM central_patient_index") == [(2 * 5 * people,)]


def test_the_head_of_an_audit_chain_cannot_be_replaced(here: Pusher) -> None:
    def head(digest: str) -> Event:
        state = AuditHeadState(1, 2, 3, digest, "key", "signature")
        return Event(uuid4(), "audit.sealed", "audit_seal", here.hospital.tenant, 1, 7, None, state)

    assert here.outcomes(head("abc")) == ["applied"]
    assert here.outcomes(head("abc")) == ["applied"]
    assert here.outcomes(head("xyz")) == ["head_conflict"]


def test_a_batch_leaves_its_history_and_its_figures(here: Pusher, central: CentralDatabase) -> None:
    here.push(change(uuid4()), change(uuid4(), rules.MAX_JUMP + 1))
    with central.superuser() as connection:
        assert rows(
            connection, "SELECT sync_type, status, records_count, results, error_message FROM sync_history"
        ) == [("push", "partial", 2, {"applied": 1, "duplicate": 0, "stale": 0, "rejected": 1}, "version_jump")]
        assert rows(connection, "SELECT last_success_at IS NOT NULL FROM tenant_sync_status") == [(True,)]


def test_numbers_of_unusual_access_become_a_security_event_once(here: Pusher, central: CentralDatabase) -> None:
    counts = AccessCountsState({"many_hour": 2, "own_record": 1}, 5)
    event = Event(uuid4(), "audit.unusual", "access_counts", here.hospital.tenant, 1, 3, None, None, counts)
    assert here.outcomes(event, event) == ["applied", "duplicate"]
    assert here.outcomes(event) == ["duplicate"]
    with central.superuser() as connection:
        found = rows(
            connection,
            "SELECT tenant_id, risk_level, event_details FROM security_audit_logs"
            " WHERE security_event = 'unusual_access'",
        )
    assert found == [(here.hospital.tenant, "medium", {"many_hour": 2, "own_record": 1, "open": 5})]
    wrong = [
        Event(uuid4(), "audit.unusual", "access_counts", here.hospital.tenant, 1, 3),
        Event(uuid4(), "audit.sealed", "access_counts", here.hospital.tenant, 1, 3, None, None, counts),
        Event(uuid4(), "patient.changed", "patient", uuid4(), 1, 3, None, None, counts),
    ]
    assert here.outcomes(*wrong) == [rules.REASON_SHAPE] * 3


def test_the_newest_figures_of_a_day_stay_whatever_comes_late(
    both: tuple[Pusher, Pusher], central: CentralDatabase
) -> None:
    here, there = both
    today = local_today()

    def day(n: int, *, patients: int, at: date = today, epoch: int = 1) -> Event:
        figures = UsageDayState(at, 3, 1, patients, 2, 40, 31, 2, 25, 12, 80)
        return Event(uuid4(), "usage.counted", "usage_day", uuid4(), epoch, n, usage=figures)

    assert here.outcomes(day(2, patients=20)) == ["applied"]
    assert here.outcomes(day(1, patients=10)) == ["stale"]
    assert there.outcomes(day(1, patients=7)) == ["applied"]
    assert here.outcomes(day(4, patients=40), day(3, patients=30)) == ["applied", "stale"]
    assert here.outcomes(day(1, patients=1, at=today + timedelta(days=2))) == [rules.REASON_DAY]
    with central.superuser() as connection:
        found = rows(connection, "SELECT tenant_id, date, n, total_patients FROM tenant_usage_stats ORDER BY n")
    assert found == [(there.hospital.tenant, today, 1, 7), (here.hospital.tenant, today, 4, 40)]
    wrong = [
        Event(uuid4(), "usage.counted", "usage_day", uuid4(), 1, 3),
        Event(uuid4(), "audit.sealed", "usage_day", uuid4(), 1, 3, usage=day(1, patients=1).usage),
        Event(uuid4(), "patient.changed", "patient", uuid4(), 1, 3, usage=day(1, patients=1).usage),
    ]
    assert here.outcomes(*wrong) == [rules.REASON_SHAPE] * 3
