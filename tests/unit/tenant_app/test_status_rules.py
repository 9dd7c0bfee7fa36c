"""Which status a record may take, and what has to be said with it."""

from dataclasses import replace
from datetime import date

import pytest

from kernel.errors import InvalidFields
from tenant_app.patients.errors import PatientDeceased, PatientInactive, StatusNotAllowed
from tenant_app.patients.status_rules import StatusChange, checked, refuse_closed

BORN, TODAY = date(1950, 3, 1), date(2026, 11, 21)
DEATH = StatusChange(status="deceased", reason="family", deceased_on=date(2026, 11, 20), told_by=" con trai,  anh Nam ")


def test_a_death_needs_its_day_and_who_said_so() -> None:
    said = checked(DEATH, current="active", born=BORN, today=TODAY)
    assert said.told_by == "con trai, anh Nam"
    for wrong, field in (
        (replace(DEATH, deceased_on=None), "deceased_on"),
        (replace(DEATH, deceased_on=date(2026, 11, 22)), "deceased_on"),
        (replace(DEATH, deceased_on=date(1950, 2, 28)), "deceased_on"),
        (replace(DEATH, told_by="  "), "told_by"),
        (replace(DEATH, reason="moved_away"), "reason"),
        (replace(DEATH, reason="other"), "note"),
    ):
        with pytest.raises(InvalidFields) as refused:
            checked(wrong, current="active", born=BORN, today=TODAY)
        assert set(refused.value.errors) == {field}


def test_what_belongs_to_a_death_is_not_kept_with_another_status() -> None:
    said = checked(replace(DEATH, status="inactive", reason="asked"), current="active", born=BORN, today=TODAY)
    assert (said.deceased_on, said.told_by) == (None, None)


@pytest.mark.parametrize(
    ("current", "wanted"), [("active", "active"), ("deceased", "inactive"), ("inactive", "inactive")]
)
def test_only_the_ways_that_make_sense_are_open(current: str, wanted: str) -> None:
    with pytest.raises(StatusNotAllowed):
        checked(StatusChange(status=wanted, reason="other", note="x"), current=current, born=BORN, today=TODAY)


def test_the_dead_do_not_come_back_but_mistakes_are_taken_back() -> None:
    back = StatusChange(status="active", reason="came_back")
    assert checked(back, current="inactive", born=BORN, today=TODAY) == back
    with pytest.raises(InvalidFields):
        checked(back, current="deceased", born=BORN, today=TODAY)
    assert checked(replace(back, reason="mistaken"), current="deceased", born=BORN, today=TODAY).status == "active"


def test_closed_records_are_refused_and_say_why() -> None:
    refuse_closed("active")
    with pytest.raises(PatientDeceased):
        refuse_closed("deceased")
    with pytest.raises(PatientInactive) as refused:
        refuse_closed("inactive")
    assert refused.value.code == "patient_inactive"
