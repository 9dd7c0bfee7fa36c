"""Looking a person up: with a reason, within the cap, in the audit log before it is answered."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import requests

from central import roles
from central.console.patient_index_api import blueprint
from central.patient_index.public import LookupCapReached, lookup
from kernel.clock import utc_now
from kernel.errors import InvalidFields
from kernel.ids import new_row_id
from kernel.web.actor import Actor
from keys.public import BlindIndex, LocalKeyring
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.sync import (
    ADMINISTRATOR_TOKEN,
    CentralServer,
    add_patient,
    blind_index_of,
    cccd_number,
    central_server,
    rows,
    worker_on,
)

REASON = "Người bệnh hỏi hồ sơ của mình ở đâu."


@pytest.fixture
def blind_index(central: CentralDatabase, keys: LocalKeyring) -> BlindIndex:
    """Central's."""
    return blind_index_of(central, keys)


@pytest.fixture
def known(
    two_hospitals: tuple[Hospital, Hospital], central: CentralDatabase, keys: LocalKeyring, server: CentralServer
) -> set[tuple[str, str]]:
    """One person with a book at both hospitals: (code, local id)."""
    books = set()
    for hospital in two_hospitals:
        with hospital.unit_of_work() as uow:
            books.add((hospital.tenant_code, str(add_patient(uow, cccd=cccd_number(7)).id)))
            uow.commit()
    with worker_on(central, keys, central_url=server.url) as worker:
        worker.run_once()
    return books


def administrator() -> Actor:
    return Actor(
        kind="admin",
        id=new_row_id(),
        session_id=new_row_id(),
        name="Quản trị",
        role="support",
        permissions=frozenset({"patient_index.lookup"}),
    )


def audited(central: CentralDatabase, actor: UUID) -> list[tuple[Any, ...]]:
    with central.superuser() as connection:
        return rows(connection, "SELECT action, reason, resource_id FROM admin_audit_logs WHERE user_id = %s", actor)


def test_over_the_api_with_a_number_as_people_write_it(
    central: CentralDatabase, known: set[tuple[str, str]], blind_index: BlindIndex
) -> None:
    with central_server(central, blueprints=(blueprint,), blind_index=blind_index) as server:

        def ask(body: dict[str, str]) -> requests.Response:
            return requests.post(
                f"{server.url}/api/v1/patient-index/lookup",
                json=body,
                headers={"Authorization": f"Bearer {ADMINISTRATOR_TOKEN}"},
                timeout=10,
            )

        found = ask({"cccd": "079.090 000-007", "reason": REASON})
        missing = ask({"cccd": cccd_number(8), "reason": REASON})
        wrong = ask({"cccd": "079 090 00", "reason": REASON})
        silent = ask({"cccd": cccd_number(7), "reason": " because "})
    assert found.status_code == 200
    assert {(item["tenant_code"], item["patient_local_id"]) for item in found.json()["items"]} == known
    assert len({item["patient_global_id"] for item in found.json()["items"]}) == 1
    assert missing.json() == {"items": []}
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["cccd"])
    assert (silent.status_code, list(silent.json()["errors"])) == (422, ["reason"])


def test_each_lookup_is_audited_found_or_not_and_without_the_number(
    central: CentralDatabase, known: set[tuple[str, str]], blind_index: BlindIndex
) -> None:
    actor = administrator()
    for number in (7, 8):
        with central.database(roles.CONSOLE).unit_of_work() as uow:
            hits = lookup(uow=uow, actor=actor, blind_index=blind_index, cccd=cccd_number(number), reason=REASON)
            uow.commit()
            assert len(hits) == (len(known) if number == 7 else 0)
    found = audited(central, actor.id)
    assert [(action, reason) for action, reason, _ in found] == [("patient_index.lookup", REASON)] * 2
    assert cccd_number(7) not in str(found)


def test_a_lookup_whose_audit_row_cannot_stand_is_not_answered(
    central: CentralDatabase, known: set[tuple[str, str]], blind_index: BlindIndex
) -> None:
    assert known
    actor = administrator()
    with central.database(roles.CONSOLE).unit_of_work() as uow:
        assert lookup(uow=uow, actor=actor, blind_index=blind_index, cccd=cccd_number(7), reason=REASON)
        # The edge that does not commit gives no answer either: row and answer stand or fall together.
    assert audited(central, actor.id) == []


def test_the_cap_is_a_day_of_one_administrator(central: CentralDatabase, blind_index: BlindIndex) -> None:
    actor, other = administrator(), administrator()

    def ask(who: Actor, **more: Any) -> None:
        with central.database(roles.CONSOLE).unit_of_work() as uow:
            lookup(uow=uow, actor=who, blind_index=blind_index, cccd=cccd_number(1), reason=REASON, daily_cap=2, **more)
            uow.commit()

    ask(actor)
    ask(actor)
    with pytest.raises(LookupCapReached) as refused:
        ask(actor)
    assert refused.value.status == 429
    ask(other)
    ask(actor, clock=lambda: utc_now() + timedelta(days=1))


@pytest.mark.parametrize("reason", ["", "short", "x" * 501])
def test_a_reason_is_needed(central: CentralDatabase, blind_index: BlindIndex, reason: str) -> None:
    with central.database(roles.CONSOLE).unit_of_work() as uow, pytest.raises(InvalidFields) as refused:
        lookup(uow=uow, actor=administrator(), blind_index=blind_index, cccd=cccd_number(1), reason=reason)
    assert list(refused.value.errors) == ["reason"]
