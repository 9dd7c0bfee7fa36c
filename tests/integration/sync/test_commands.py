"""`sokham sync` on a real installation's settings."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from click.testing import Result

from tests.support.hospitals import Hospital
from tests.support.sync import add_patient, add_patients, cccd_number, publish_patient, states
from tests.support.waiting import wait_until

Command = Callable[..., Result]


def items(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.output)["items"]
    return found


def test_run_once_for_one_hospital_and_see_how_all_stand(
    command: Command, two_hospitals: tuple[Hospital, Hospital]
) -> None:
    here, there = two_hospitals
    add_patients(here, 3)
    add_patients(there, 2, first=10)
    assert command("run", "--once", "--tenant", here.tenant_code).exit_code == 0
    assert (states(here), states(there)) == ({"settled": 3}, {"pending": 2})
    standing = {item["tenant_code"]: item for item in items(command("status", "--json"))}
    assert standing[here.tenant_code]["last_success_at"]
    assert not standing[there.tenant_code]["last_success_at"]
    assert here.tenant_code in command("status").output


def test_dead_letters_are_listed_and_decided(command: Command, hospital: Hospital) -> None:
    with hospital.unit_of_work() as uow:
        patient = add_patient(uow, cccd=cccd_number(1))
        for n in (2, 3):
            publish_patient(uow, patient, n=n, payload={"not": "ours"})
        uow.commit()
    command("run", "--once")
    letters = items(command("dead-letters", "--json"))
    assert [letter["state"] for letter in letters] == ["dead", "dead"]
    assert "bad_payload" in command("dead-letters").output
    assert command("replay", letters[0]["id"]).exit_code == 0
    assert command("discard", letters[1]["id"]).exit_code == 0

    def through() -> bool:
        command("run", "--once")
        found = {letter["id"]: letter["state"] for letter in items(command("dead-letters", "--json"))}
        return found == {letters[0]["id"]: "dead", letters[1]["id"]: "discarded"}

    wait_until(through, seconds=40)


def test_what_does_not_exist_fails_with_a_sentence(command: Command, hospital: Hospital) -> None:
    assert hospital.tenant_code
    unknown = command("replay", str(uuid4()))
    assert unknown.exit_code == 1
    assert "There is no dead letter" in unknown.output
    assert command("replay", "nonsense").exit_code == 2
