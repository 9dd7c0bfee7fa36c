"""What central tells a hospital, in an order in which nothing is overtaken."""

from uuid import uuid4

import pytest

from central import roles
from central.sync.changes import announce, changes_after
from kernel.errors import InvalidFields
from sync_worker.runner import Worker
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.sync import CentralServer, add_patient, rows
from tests.support.waiting import wait_until


def fetched(central: CentralDatabase, hospital: Hospital, cursor: str | None) -> tuple[list[str], str]:
    with central.database(roles.INGEST).unit_of_work() as uow:
        answer = changes_after(uow=uow, tenant=hospital.tenant, cursor=cursor)
    return [change.payload["event_id"] for change in answer.items], answer.next_cursor


def test_a_change_that_commits_late_is_not_passed_over(
    central: CentralDatabase, two_hospitals: tuple[Hospital, Hospital]
) -> None:
    here, there = two_hospitals
    console = central.database(roles.CONSOLE)
    late = console.unit_of_work()
    announce(uow=late, tenant=here.tenant, kind="replay", payload={"event_id": "late"})
    with console.unit_of_work() as uow:
        announce(uow=uow, tenant=here.tenant, kind="replay", payload={"event_id": "early"})
        announce(uow=uow, tenant=there.tenant, kind="replay", payload={"event_id": "theirs"})
        uow.commit()
    # The early one has the higher number and is visible; were it given out now, the late one would never be.
    nothing, cursor = fetched(central, here, None)
    assert nothing == []
    late.commit()
    late.close()
    seen: list[str] = []

    def both() -> bool:
        nonlocal cursor
        items, cursor = fetched(central, here, cursor)
        seen.extend(items)
        return len(seen) == 2

    wait_until(both, seconds=30)
    assert seen == ["late", "early"]
    assert fetched(central, here, cursor) == ([], cursor)


@pytest.mark.parametrize("cursor", ["nonsense", "W10", "WyItMSIsIjAiXQ", "WyIxIiwiMSIsIjEiXQ"])
def test_a_foreign_cursor_is_refused(central: CentralDatabase, hospital: Hospital, cursor: str) -> None:
    with central.database(roles.INGEST).unit_of_work() as uow, pytest.raises(InvalidFields):
        changes_after(uow=uow, tenant=hospital.tenant, cursor=cursor)


def test_settled_and_merged_ids_reach_the_hospital(
    central: CentralDatabase, hospital: Hospital, worker: Worker, server: CentralServer
) -> None:
    with hospital.unit_of_work() as uow:
        first, second = add_patient(uow), add_patient(uow)
        uow.commit()
    worker.run_once()
    settled, merged = uuid4(), uuid4()
    with central.database(roles.CONSOLE).unit_of_work() as uow:
        announce(
            uow=uow,
            tenant=hospital.tenant,
            kind="settled",
            payload={"patient_local_id": str(first.id), "patient_global_id": str(settled)},
        )
        announce(
            uow=uow,
            tenant=hospital.tenant,
            kind="merged",
            payload={"from": str(second.patient_global_id), "into": str(merged)},
        )
        uow.commit()

    def told() -> bool:
        worker.run_once()
        with hospital.superuser() as connection:
            found = dict(rows(connection, "SELECT id, patient_global_id FROM patients"))
        return found == {first.id: settled, second.id: merged}

    wait_until(told, seconds=30)
    assert server.requests > 0
    with hospital.superuser() as connection:
        # Nothing new is published: central knows already.
        assert rows(connection, "SELECT count(*) FROM outbox") == [(2,)]
