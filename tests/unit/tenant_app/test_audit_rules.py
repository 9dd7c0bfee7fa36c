"""The access log without a database: periods, addresses, bars that stand out, words for every action, plain cells."""

import ast
from datetime import date
from pathlib import Path

import pytest

from kernel.errors import InvalidFields
from tenant_app.audit import rules
from tenant_app.pages.audit_export import plain_cell
from tenant_app.pages.audit_words import AREA_NAMES, CHANGES, LOG_ACTION_NAMES, READS, actions_chosen

ROOT = Path(__file__).parents[3]
DAY = date(2026, 11, 21)


def test_a_period_holds_both_days_on_the_clock_of_viet_nam() -> None:
    since, until = rules.period(DAY, DAY)
    assert (since.isoformat(), (until - since).days) == ("2026-11-21T00:00:00+07:00", 1)
    for wrong in ((DAY, date(2026, 11, 20)), (date(2020, 1, 1), DAY)):
        with pytest.raises(InvalidFields):
            rules.period(*wrong)


def test_a_short_period_has_a_bar_an_hour_and_a_long_one_a_bar_a_day() -> None:
    for last, step, bars in ((DAY, "hour", 24), (date(2026, 11, 22), "hour", 48), (date(2026, 11, 23), "day", 3)):
        since, until = rules.period(DAY, last)
        assert rules.step_of(DAY, last) == step
        moments = rules.moments(since, until, rules.step_of(DAY, last))
        assert len(moments) == bars
        assert moments[0] == since
        assert moments[-1] < until


@pytest.mark.parametrize(
    ("counts", "odd"),
    [
        ([], []),
        ([0, 0], [False, False]),
        ([5, 6, 19, 5], [False] * 4),
        ([5, 6, 60, 0, 5], [False, False, True, False, False]),
        ([40, 45, 50], [False] * 3),
    ],
)
def test_what_is_far_above_the_rest_stands_out(counts: list[int], odd: list[bool]) -> None:
    assert rules.stand_out(counts) == odd


def test_addresses_and_networks_are_read_and_nothing_else() -> None:
    assert rules.parse_network(" 10.0.3.17 ") == "10.0.3.17/32"
    assert rules.parse_network("10.0.3.9/24") == "10.0.3.0/24"
    assert rules.parse_network("2001:db8::1") == "2001:db8::1/128"
    for wrong in ("", "10.0.3", "10.0.3.0/99", "' OR 1=1"):
        with pytest.raises(InvalidFields):
            rules.parse_network(wrong)


def test_a_choice_of_actions_is_never_silently_everything() -> None:
    reads, changes = actions_chosen(READS), actions_chosen(CHANGES)
    assert {"patient.read", "patient.search", "queue.list"} <= set(reads)
    assert {"patient.update", "appointment.book", "role.change"} <= set(changes)
    assert not set(reads) & set(changes)
    assert actions_chosen("patient.read") == ["patient.read"]
    assert set(actions_chosen("auth")) == {name for name in LOG_ACTION_NAMES if name.startswith("auth.")}
    assert actions_chosen("nothing") == []
    failed = ["auth.mfa_refused", "auth.sign_in_failed", "auth.password_refused"]
    assert rules.failures(list(LOG_ACTION_NAMES)) == failed


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Nguyễn Văn An", "Nguyễn Văn An"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+84912345678", "'+84912345678"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        (None, ""),
        (12, "12"),
    ],
)
def test_no_cell_of_an_export_is_a_formula(text: object, cell: str) -> None:
    assert plain_cell(text) == cell


def test_every_action_that_is_written_down_has_words() -> None:
    """Otherwise the access log would show `thing.do` to people."""
    written: dict[str, str] = {}
    for package in ("tenant_app", "patient_portal", "central/auth"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "action" and isinstance(node.value, ast.Constant):
                    name = node.value.value
                    if isinstance(name, str) and "." in name:
                        written[name] = path.name
    assert len(written) > 20
    assert {name: file for name, file in written.items() if name not in LOG_ACTION_NAMES} == {}
    assert {name.split(".", maxsplit=1)[0] for name in LOG_ACTION_NAMES} == set(AREA_NAMES)
