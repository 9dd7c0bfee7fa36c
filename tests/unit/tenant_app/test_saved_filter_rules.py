"""What may be kept of a list's filter, and what still holds of it later."""

from uuid import uuid4

import pytest

from kernel.errors import InvalidFields
from tenant_app.pages.saved_lists import PARAMETER_NAMES, SHOWN
from tenant_app.saved_filters.lists import LISTS
from tenant_app.saved_filters.rules import checked_name, checked_parameters, references, still_holding

DOCTOR = str(uuid4())


def test_parameters_are_kept_in_one_form_and_without_what_chooses_nothing() -> None:
    log = LISTS["access_log"]
    asked = {"who": DOCTOR.upper(), "address": "10.0.3.17", "days": "007", "result": "failed", "action": ""}
    kept = {"who": DOCTOR, "address": "10.0.3.17/32", "days": "7", "result": "failed"}
    assert checked_parameters(log, asked) == kept
    assert checked_parameters(log, kept) == kept


@pytest.mark.parametrize(
    ("list_name", "parameters"),
    [
        ("patients", {"query": "Nguyễn Văn An"}),
        ("patients", {"age": "60"}),
        ("staff", {"role": "super_admin"}),
        ("staff", {"query": "Nguyễn Văn An"}),
        ("staff", {"department": "Khoa Nội"}),
        ("calendar", {"view": "month"}),
        ("access_log", {"patient": DOCTOR}),
        ("access_log", {"days": "367"}),
        ("access_log", {"days": "-1"}),
        ("access_log", {"days": "²"}),
        ("access_log", {"address": "bệnh viện"}),
        ("access_log", {"action": "0912 345 678"}),
        ("access_log", {"who": "nobody"}),
        ("unusual_access", {"state": "all"}),
    ],
)
def test_what_a_list_does_not_offer_is_refused(list_name: str, parameters: dict[str, str]) -> None:
    with pytest.raises(InvalidFields) as refusal:
        checked_parameters(LISTS[list_name], parameters)
    assert set(refusal.value.errors) == {f"parameters.{name}" for name in parameters}


def test_a_filter_that_chooses_nothing_is_none() -> None:
    with pytest.raises(InvalidFields) as refusal:
        checked_parameters(LISTS["staff"], {"role": "", "department": ""})
    assert set(refusal.value.errors) == {"parameters"}


def test_what_is_gone_is_left_out_and_named() -> None:
    kept = {"doctor": DOCTOR, "department": str(uuid4()), "floor": "3"}
    held, left_out = still_holding(LISTS["appointments"], kept, offered={"doctor": {DOCTOR}, "department": set()})
    assert held == {"doctor": DOCTOR}
    assert left_out == ("department", "floor")


def test_names_are_folded_and_bounded() -> None:
    assert checked_name("  Khoa   Nội ") == "Khoa Nội"
    for bad in ("", "   ", "x" * 61):
        with pytest.raises(InvalidFields):
            checked_name(bad)


def test_only_ids_refer_to_something() -> None:
    assert list(references(LISTS["access_log"], {"who": "patient", "days": "3"})) == []
    assert [(name, kind) for name, kind, _ in references(LISTS["access_log"], {"who": DOCTOR})] == [("who", "user")]


def test_every_list_has_a_page_and_every_parameter_a_name() -> None:
    assert SHOWN.keys() == LISTS.keys()
    assert {name for each in LISTS.values() for name in each.parameters} == PARAMETER_NAMES.keys()
