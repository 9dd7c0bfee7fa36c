"""Times and transitions of appointments."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import LOCAL_ZONE
from kernel.errors import InvalidFields
from tenant_app.appointments.errors import TransitionNotAllowed
from tenant_app.appointments.models import APPOINTMENT_STATUSES
from tenant_app.appointments.rules import TRANSITIONS, check_times, next_status, parse_reason, possible_actions

DAY = date(2026, 11, 23)
BEFORE = datetime(2026, 11, 22, 12, tzinfo=LOCAL_ZONE)
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


@given(MINUTES, MINUTES)
def test_the_end_comes_after_the_start(start: time, end: time) -> None:
    if start < end:
        check_times(day=DAY, start=start, end=end, now=BEFORE)
    else:
        with pytest.raises(InvalidFields) as refusal:
            check_times(day=DAY, start=start, end=end, now=BEFORE)
        assert set(refusal.value.errors) == {"end_time"}


@pytest.mark.parametrize(
    ("now", "field"),
    [
        (datetime(2026, 11, 23, 2, 0, tzinfo=UTC), None),
        (datetime(2026, 11, 23, 2, 1, tzinfo=UTC), "start_time"),
        (datetime(2026, 11, 23, 17, 0, tzinfo=UTC), "appointment_date"),
    ],
)
def test_the_past_is_local(now: datetime, field: str | None) -> None:
    """09:00 in Việt Nam is 02:00 UTC; the day there ends at 17:00 UTC."""
    if field is None:
        check_times(day=DAY, start=time(9), end=time(9, 30), now=now)
        return
    with pytest.raises(InvalidFields) as refusal:
        check_times(day=DAY, start=time(9), end=time(9, 30), now=now)
    assert set(refusal.value.errors) == {field}


@pytest.mark.parametrize("odd", [time(9, 0, 30), time(9, 0, 0, 1), time(9, tzinfo=UTC)])
def test_whole_local_minutes(odd: time) -> None:
    with pytest.raises(InvalidFields) as refusal:
        check_times(day=DAY, start=odd, end=time(10), now=BEFORE)
    assert set(refusal.value.errors) == {"start_time"}


def test_each_transition_and_no_other() -> None:
    allowed = {
        ("scheduled", "confirm"): "confirmed",
        ("scheduled", "cancel"): "cancelled",
        ("confirmed", "start"): "in_progress",
        ("confirmed", "cancel"): "cancelled",
        ("in_progress", "complete"): "completed",
        ("no_show", "came"): "confirmed",
    }
    for status in APPOINTMENT_STATUSES:
        for action in TRANSITIONS:
            if (status, action) in allowed:
                assert next_status(status, action) == allowed[status, action]
                assert action in possible_actions(status)
            else:
                with pytest.raises(TransitionNotAllowed):
                    next_status(status, action)


@given(st.lists(st.sampled_from(sorted(TRANSITIONS)), max_size=20))
def test_whatever_is_tried_an_appointment_ends(actions: list[str]) -> None:
    """Statuses only go forward: nothing leads out of the two ends, and nothing comes back."""
    order = {"scheduled": 0, "confirmed": 1, "in_progress": 2, "completed": 3, "cancelled": 3}
    status = "scheduled"
    for action in actions:
        if action in possible_actions(status):
            after = next_status(status, action)
            assert order[after] > order[status]
            status = after
    assert (possible_actions(status) == ()) == (status in {"completed", "cancelled"})


@pytest.mark.parametrize("text", [None, "", "  ", "x" * 501])
def test_a_reason_is_said_in_a_few_words(text: str | None) -> None:
    with pytest.raises(InvalidFields):
        parse_reason(text)
    assert parse_reason(" Bận ") == "Bận"


def test_tomorrow_is_never_past() -> None:
    check_times(day=DAY + timedelta(days=1), start=time(0), end=time(0, 1), now=BEFORE)
