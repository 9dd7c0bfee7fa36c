"""The breaker opens after repeated failures, lets one trial through, and grows its pauses."""

from central.router.breaker import FAILURES_TO_OPEN, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, Breaker


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _opened(time: Time) -> Breaker:
    breaker = Breaker(monotonic=time)
    for _ in range(FAILURES_TO_OPEN):
        assert breaker.admit() == 0
        breaker.failed()
    return breaker


def test_it_stays_closed_while_failures_are_few_or_interrupted() -> None:
    breaker = Breaker(monotonic=Time())
    for _ in range(FAILURES_TO_OPEN * 3):
        breaker.failed()
        breaker.succeeded()
    assert breaker.admit() == 0


def test_it_is_doubted_from_a_failure_to_the_next_success() -> None:
    breaker = Breaker(monotonic=Time())
    assert not breaker.doubted()
    breaker.failed()
    assert breaker.doubted()
    breaker.succeeded()
    assert not breaker.doubted()


def test_it_opens_and_says_how_long() -> None:
    time = Time()
    breaker = _opened(time)
    assert 0 < breaker.admit() <= FIRST_PAUSE_SECONDS * 1.25


def test_after_the_pause_one_caller_tries_and_the_others_wait_for_the_outcome() -> None:
    time = Time()
    breaker = _opened(time)
    time.now += FIRST_PAUSE_SECONDS * 1.25
    assert breaker.admit() == 0
    assert breaker.admit() > 0
    breaker.succeeded()
    assert breaker.admit() == 0


def test_a_trial_that_is_never_heard_of_again_does_not_close_the_door_for_ever() -> None:
    time = Time()
    breaker = _opened(time)
    time.now += FIRST_PAUSE_SECONDS * 1.25
    assert breaker.admit() == 0
    time.now += LONGEST_PAUSE_SECONDS
    assert breaker.admit() == 0


def test_pauses_grow_and_are_bounded() -> None:
    time = Time()
    breaker = _opened(time)
    longest = 0.0
    for _ in range(20):
        pause = breaker.admit()
        longest = max(longest, pause)
        time.now += pause
        assert breaker.admit() == 0
        breaker.failed()
    assert LONGEST_PAUSE_SECONDS * 0.75 <= longest <= LONGEST_PAUSE_SECONDS * 1.25
