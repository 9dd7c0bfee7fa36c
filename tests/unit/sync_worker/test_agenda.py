"""One hospital at a time, none before its time, none forgotten."""

import threading
from uuid import uuid4

from kernel.ids import TenantId
from sync_worker.agenda import Agenda

A, B = TenantId(str(uuid4())), TenantId(str(uuid4()))


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def take(agenda: Agenda) -> tuple[TenantId, bool] | None:
    return agenda.take(wait_seconds=0)


def test_the_same_hospital_is_not_worked_on_twice_at_once_and_not_forgotten() -> None:
    agenda = Agenda(monotonic=Hands())
    agenda.add(A)
    agenda.add(A)
    assert take(agenda) == (A, False)
    agenda.add(A, changes=True)
    assert take(agenda) is None
    agenda.done(A)
    assert take(agenda) == (A, True)


def test_a_troubled_hospital_waits_and_others_do_not() -> None:
    clock = Hands()
    agenda = Agenda(monotonic=clock)
    agenda.postpone(A, 5)
    agenda.add(A)
    agenda.add(B)
    assert take(agenda) == (B, False)
    assert take(agenda) is None
    clock.now += 5
    assert take(agenda) == (A, False)


def test_a_later_date_does_not_hold_back_what_comes_before_it() -> None:
    clock = Hands()
    agenda = Agenda(monotonic=clock)
    agenda.later(A, 60)
    assert take(agenda) is None
    agenda.add(A)
    assert take(agenda) == (A, False)


def test_while_central_is_away_nothing_is_given_out() -> None:
    clock = Hands()
    agenda = Agenda(monotonic=clock)
    agenda.add(A)
    agenda.pause(3)
    assert take(agenda) is None
    clock.now += 3
    assert take(agenda) == (A, False)


def test_a_hospital_that_is_well_again_is_welcome_at_once() -> None:
    agenda = Agenda(monotonic=Hands())
    agenda.postpone(A, 60)
    agenda.welcome(A)
    assert take(agenda) == (A, False)


def test_a_waiting_hand_is_woken_by_work_and_by_the_end() -> None:
    agenda = Agenda()
    given: list[object] = []
    hands = [threading.Thread(target=lambda: given.append(agenda.take(wait_seconds=30))) for _ in range(2)]
    for hand in hands:
        hand.start()
    agenda.add(A)
    agenda.close()
    for hand in hands:
        hand.join(timeout=10)
    assert not any(hand.is_alive() for hand in hands)
    # Whoever came before the end has work, the other goes home.
    assert set(given) <= {(A, False), None}
