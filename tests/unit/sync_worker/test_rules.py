"""The worker's decisions: waiting grows and is capped, an outage is no event's fault, halving loses nothing."""

from hypothesis import given
from hypothesis import strategies as st

from kernel.backoff import backoff_seconds
from sync_worker import rules
from sync_worker.rules import Step

chances = st.floats(0, 1, exclude_max=True)
attempts = st.integers(0, 10**9)


@given(attempts, chances, st.floats(0.01, 100), st.floats(0.01, 10_000))
def test_backoff_is_never_negative_and_never_beyond_the_cap(
    attempt: int, chance: float, base: float, cap: float
) -> None:
    assert 0 <= backoff_seconds(attempt, chance=chance, base=base, cap=cap) <= cap


@given(st.integers(0, 200), chances)
def test_the_bound_never_shrinks(attempt: int, chance: float) -> None:
    now = backoff_seconds(attempt, chance=chance, base=0.5, cap=60)
    assert now <= backoff_seconds(attempt + 1, chance=chance, base=0.5, cap=60)


@given(attempts, chances, st.none() | st.integers(0, 10**12))
def test_an_outage_is_waited_out_without_end_and_never_for_long(attempt: int, chance: float, asked: int | None) -> None:
    wait = rules.wait_seconds(attempt, chance=chance, retry_after=asked)
    assert 0 <= wait <= rules.AWAY_CAP_SECONDS
    assert wait >= min(asked or 0, rules.AWAY_CAP_SECONDS)


def test_full_jitter_reaches_from_nothing_to_the_bound() -> None:
    assert backoff_seconds(3, chance=0.0, base=1, cap=60) == 0
    assert backoff_seconds(3, chance=0.5, base=1, cap=60) == 4
    assert backoff_seconds(300, chance=0.999, base=1, cap=60) > 59


@given(st.none() | st.integers(100, 599))
def test_every_status_means_something(status: int | None) -> None:
    assert rules.step_after(status) in Step


def test_what_is_nobodys_fault_is_never_held_against_an_event() -> None:
    for status in (None, 408, 429, 502, 503, 504):
        assert rules.step_after(status) is Step.AWAY
    for status in (301, 401, 403, 404, 405, 415):
        assert rules.step_after(status) is Step.REFUSED
    for status in (400, 413, 422, 500, 501):
        assert rules.step_after(status) is Step.HALVE
    assert rules.step_after(200) is Step.ACCEPTED
    assert rules.refuses_the_batch(422)
    assert not rules.refuses_the_batch(500)


@given(st.lists(st.integers(), min_size=2))
def test_halves_are_the_whole_and_both_smaller(items: list[int]) -> None:
    first, second = rules.halves(items)
    assert [*first, *second] == items
    assert 0 < len(second) <= len(first) < len(items)


def test_giving_up_takes_many_failures() -> None:
    assert not rules.given_up(rules.MAX_ATTEMPTS - 1)
    assert rules.given_up(rules.MAX_ATTEMPTS)
