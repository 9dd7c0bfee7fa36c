"""Failures are answered at set moments, so that a few thousandths of a second more or less tell nothing."""

import pytest

from patient_portal.auth.sign_in import until_step


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
