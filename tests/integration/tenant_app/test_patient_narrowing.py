"""Lists of patients by age, sex and health insurance, alone and beside words."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.clock import local_today
from tenant_app.patients.public import Narrowing, NewCard, SearchTerms, end_card, search, set_status, write_card
from tenant_app.patients.status_rules import StatusChange
from tests.support.clinic import Clinic
from tests.support.staff_api import Caller


def found(clinic: Clinic, **chosen: str) -> set[UUID]:
    """All pages, so that the cursor is tried too."""
    ids: list[UUID] = []
    cursor = None
    while True:
        with clinic.uow() as uow:
            terms = SearchTerms(narrowed=Narrowing(**chosen))
            listed = search(uow=uow, actor=clinic.admin, terms=terms, limit=2, cursor=cursor)
        ids += [row.id for row in listed.items]
        cursor = listed.next_cursor
        if cursor is None:
            assert len(ids) == len(set(ids))
            return set(ids)


def insured(clinic: Clinic, patient: UUID, number: str, *, until: date | None = None) -> Any:
    with clinic.uow() as uow:
        card = NewCard(number=number, valid_from=date(2020, 1, 1), valid_to=until)
        made = write_card(uow=uow, actor=clinic.admin, patient_id=patient, new=card)
        uow.commit()
    return made


def test_who_has_no_card_and_whose_has_run_out(clinics: tuple[Clinic, Clinic]) -> None:
    clinic, other = clinics
    yesterday = local_today() - timedelta(days=1)
    without, good, today, past = (clinic.born(date(1950, 1, day)) for day in (1, 2, 3, 4))
    insured(clinic, good, "GD4793456789012")
    insured(clinic, today, "GD4793456789013", until=local_today())
    insured(clinic, past, "GD4793456789014", until=yesterday)
    other.born(date(1950, 1, 1))
    assert found(clinic, insurance="missing") == {without}
    assert found(clinic, insurance="present") == {good, today}
    assert found(clinic, insurance="expired") == {past}


def test_a_card_that_was_taken_away_has_not_run_out(clinic: Clinic) -> None:
    patient = clinic.born(date(1950, 1, 1))
    card = insured(clinic, patient, "GD4793456789012", until=local_today() - timedelta(days=1))
    with clinic.uow() as uow:
        end_card(uow=uow, actor=clinic.admin, patient_id=patient, card_id=card.id, reason="mistaken")
        uow.commit()
    assert found(clinic, insurance="present") == {patient}, "its number stays"
    assert found(clinic, insurance="expired") == set()


def test_all_that_is_chosen_must_hold(clinic: Clinic) -> None:
    old, young, dead = (clinic.born(date(year, 1, 1)) for year in (1950, 2000, 1940))
    with clinic.uow() as uow:
        change = StatusChange(status="inactive", reason="moved_away")
        set_status(uow=uow, actor=clinic.admin, patient_id=dead, change=change)
        uow.commit()
    assert found(clinic, age="from60") == {old, dead}
    assert found(clinic, age="from60", status="active") == {old}
    assert found(clinic, age="16to59", insurance="missing") == {young}
    assert found(clinic, age="under6") == set()
    by_sex = [found(clinic, gender=gender) for gender in ("male", "female", "other")]
    assert set.union(*by_sex) == {old, young, dead}
    assert sum(map(len, by_sex)) == 3


@pytest.mark.parametrize("name", ["age", "gender", "insurance"])
def test_over_the_api(clinic: Clinic, call: Callable[[str], Caller], name: str) -> None:
    old = clinic.born(date(1950, 1, 1))
    desk = call("receptionist")
    listed = desk("POST", "/patients/search", {"age": "from60", "insurance": "missing"})
    assert [row["id"] for row in listed.json["items"]] == [str(old)]
    assert call("other")("POST", "/patients/search", {"age": "from60"}).json["items"] == []
    refused = desk("POST", "/patients/search", {name: "x"})
    assert (refused.status_code, list(refused.json["errors"])) == (422, [name])
