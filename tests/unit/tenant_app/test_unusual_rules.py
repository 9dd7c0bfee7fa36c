"""What stands out in a day, without a database; and settings, which hold its thresholds."""

from datetime import date, datetime, time, timedelta
from uuid import uuid4

import pytest

from kernel.clock import LOCAL_ZONE
from kernel.errors import InvalidFields
from tenant_app.calendar.public import Calendar, Closure
from tenant_app.pages.unusual_words import KIND_REASONS, KIND_TITLES, STATE_BADGES, STATE_NAMES
from tenant_app.settings.public import CATALOGUE, GROUPS
from tenant_app.unusual import rules
from tenant_app.unusual.models import KINDS, STATES
from tenant_app.unusual.rules import Limits, Read

MONDAY = date(2026, 11, 16)


def reads(*times: str, day: date = MONDAY) -> list[Read]:
    """Somebody opened another patient's record at each of these times."""
    return [
        Read(id=uuid4(), at=datetime.combine(day, time.fromisoformat(each), tzinfo=LOCAL_ZONE), patient_id=uuid4())
        for each in times
    ]


def test_the_thresholds_are_the_catalogues() -> None:
    limits = Limits.of({key: setting.default for key, setting in CATALOGUE.items()})
    assert (limits.many, limits.many_hour, limits.night_roles) == (
        True,
        30,
        frozenset({"doctor", "nurse", "lab_technician"}),
    )
    assert {setting.group for setting in CATALOGUE.values()} == set(GROUPS)


def test_every_kind_and_state_has_words() -> None:
    assert set(KIND_TITLES) == set(KIND_REASONS) == set(KINDS)
    assert set(STATE_NAMES) == set(STATE_BADGES) == set(STATES)


def test_reads_fall_into_hours_of_the_clock_and_patients_count_once() -> None:
    some = reads("08:00", "08:59", "09:00")
    again = Read(id=uuid4(), at=some[0].at + timedelta(minutes=5), patient_id=some[0].patient_id)
    hours = rules.by_hour([*some, again])
    assert {f"{at:%H:%M}": (len(each), rules.count_patients(each)) for at, each in hours.items()} == {
        "08:00": (3, 2),
        "09:00": (1, 1),
    }


@pytest.mark.parametrize(
    ("count", "usual", "many"), [(29, 1, False), (30, None, True), (30, 7, True), (40, 10, False), (41, 10, True)]
)
def test_many_is_far_more_than_usual_and_never_below_the_threshold(count: int, usual: int | None, many: bool) -> None:
    assert rules.too_many(count, least=30, usual=usual, times=4) is many


def test_outside_hours_is_when_the_hospital_is_closed_and_the_person_is_not_usually_here() -> None:
    calendar = Calendar()
    some = reads("02:10", "05:59", "06:01", "12:00", "17:59", "18:01")
    outside = rules.outside_hours(some, calendar=calendar, own_hours=())
    assert [f"{read.at:%H:%M}" for read in outside] == ["02:10", "05:59", "18:01"]
    assert [f"{read.at:%H:%M}" for read in rules.outside_hours(some, calendar=calendar, own_hours={2, 18})] == ["05:59"]
    closed = Calendar(closures=(Closure(first_day=MONDAY, last_day=MONDAY),))
    assert len(rules.outside_hours(some, calendar=closed, own_hours=())) == len(some)


def test_what_was_decided_is_open_again_when_it_has_doubled() -> None:
    assert not rules.grown(100, None)
    assert not rules.grown(19, 10)
    assert rules.grown(20, 10)


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("unusual.many_hour", 4),
        ("unusual.many_hour", 1001),
        ("unusual.many_hour", "30"),
        ("unusual.many_hour", True),
        ("unusual.many_hour", 30.5),
        ("unusual.many", 1),
        ("unusual.many", "yes"),
        ("unusual.night_roles", "nurse"),
        ("unusual.night_roles", ["nurse", "stranger"]),
        ("unusual.night_roles", None),
    ],
)
def test_a_setting_takes_only_what_it_is(key: str, given: object) -> None:
    with pytest.raises(InvalidFields) as refused:
        CATALOGUE[key].parse(given)
    assert list(refused.value.errors) == [key]


def test_a_setting_is_kept_as_text_and_read_back() -> None:
    for setting in CATALOGUE.values():
        assert setting.read(setting.write(setting.default)) == setting.default
        # Where text is wanted, "x" is one.
        text = () if isinstance(setting.default, str) else ('"x"',)
        for broken in ("", "{", "null", "99999999", *text):
            assert setting.read(broken) == setting.default
    assert CATALOGUE["unusual.night_roles"].parse(["nurse", "doctor", "nurse"]) == ("doctor", "nurse")
