"""Failures are answered at set moments, so that a few thousandths of a second more or less tell nothing."""

from dataclasses import dataclass, field

import pytest

from patient_portal.auth import pace
from patient_portal.auth.pace import failures_in_step, until_step


@dataclass
class Time:
    """Stands for the module `time`: it passes only when told, or slept."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(pace, "time", made)
    monkeypatch.setattr(pace, "FAILURE_STEP_SECONDS", 0.25)
    return made


@pytest.mark.parametrize("elapsed", [0.001, 0.2, 0.2499, 0.2501, 0.3, 1.13])
def test_an_answer_comes_at_a_multiple_of_the_step(elapsed: float) -> None:
    steps = (elapsed + until_step(elapsed, step=0.25)) / 0.25
    assert steps == pytest.approx(round(steps))
    assert 0 <= until_step(elapsed, step=0.25) < 0.25


def test_work_of_about_the_same_length_is_answered_at_the_same_moment() -> None:
    answered = {round(elapsed + until_step(elapsed, step=0.25), 6) for elapsed in (0.281, 0.284, 0.31)}
    assert answered == {0.5}


def test_without_steps_nobody_waits() -> None:
    assert until_step(0.3, step=0.0) == 0.0


@pytest.mark.parametrize("worked", [0.0005, 0.004, 0.24])
def test_a_failure_waits_for_its_moment_and_stays_what_it_is(time: Time, worked: float) -> None:
    @failures_in_step()
    def work() -> None:
        time.now += worked
        raise LookupError("as it was")

    with pytest.raises(LookupError, match="as it was"):
        work()
    assert time.now == pytest.approx(100.25)


def test_what_holds_does_not_wait(time: Time) -> None:
    with failures_in_step():
        time.now += 0.1
    assert time.slept == []
