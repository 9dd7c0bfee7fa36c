"""From a hospital's transaction to central's index, and back."""

import threading

from keys.public import LocalKeyring
from sync_worker.hospital import BATCHES_AT_ONCE, Pace
from sync_worker.runner import Worker
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.sync import CentralServer, add_patient, cccd_number, rows, states, worker_on

EVERYTHING = (
    "SELECT * FROM central_patient_index",
    "SELECT * FROM person_identifiers",
    "SELECT * FROM persons",
    "SELECT * FROM sync_inbox",
    "SELECT * FROM sync_history",
    "SELECT * FROM tenant_sync_status",
)


def test_a_patient_reaches_the_index_sealed_and_the_settled_id_comes_back(
    two_hospitals: tuple[Hospital, Hospital], central: CentralDatabase, worker: Worker
) -> None:
    here, there = two_hospitals
    with here.unit_of_work() as uow:
        patient = add_patient(uow, cccd=cccd_number(1), name="Trần Thị Bình")
        uow.commit()
    worker.run_once()
    with central.superuser() as connection:
        entries = rows(
            connection,
            "SELECT tenant_id, patient_local_id, patient_global_id, status, epoch, n FROM central_patient_index",
        )
        everything = str([rows(connection, statement) for statement in EVERYTHING])
    assert entries == [(here.tenant, patient.id, patient.patient_global_id, "active", 1, 1)]
    assert "Bình" not in everything
    assert cccd_number(1) not in everything
    with here.superuser() as connection:
        assert rows(connection, "SELECT global_id_state FROM patients") == [("settled",)]
        assert rows(connection, "SELECT state, payload FROM outbox") == [("settled", {})]
    assert states(there) == {}


def test_a_long_backlog_has_several_batches_with_central_at_once(
    hospital: Hospital, central: CentralDatabase, keys: LocalKeyring, server: CentralServer
) -> None:
    # Central answers only when as many batches are there as there should be at once: one alone would wait for ever.
    server.meeting = threading.Barrier(BATCHES_AT_ONCE, timeout=20)
    with hospital.unit_of_work() as uow:
        for number in range(4 * BATCHES_AT_ONCE):
            add_patient(uow, cccd=cccd_number(number))
        uow.commit()
    pace = Pace(batch=4, lease_seconds=60)
    with worker_on(central, keys, central_url=server.url, pace=pace, read_seconds=30) as worker:
        worker.run_once()
    assert not server.meeting.broken
    assert states(hospital) == {"settled": 4 * BATCHES_AT_ONCE}
