"""The budget is never exceeded, gives up the least recently used, is fair, and gives back what failed."""

import functools
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from central.router.budget import ConnectionBudget
from central.router.errors import HospitalBusy


class Record:
    """Stands for a connection."""

    def __init__(self, key: str, closed: list["Record"]) -> None:
        self.key = key
        self._closed = closed

    def close(self) -> None:
        self._closed.append(self)


class Bench:
    """A budget with records that tell what happened to them."""

    def __init__(self, *, limit: int, share: int, wait_seconds: float = 0.05) -> None:
        self.closed: list[Record] = []
        self.opened: list[Record] = []
        self.budget: ConnectionBudget[Record] = ConnectionBudget(limit=limit, share=share, wait_seconds=wait_seconds)

    def take(self, key: str, *, usable: Callable[[Record], bool] = lambda _record: True) -> Record:
        def create() -> Record:
            self.opened.append(Record(key, self.closed))
            return self.opened[-1]

        return self.budget.take(key, create, usable=usable)

    def use(self, key: str) -> Record:
        record = self.take(key)
        self.budget.give_back(key, record)
        return record


def test_an_idle_connection_of_the_same_hospital_is_used_again() -> None:
    bench = Bench(limit=2, share=2)
    assert bench.use("a") is bench.use("a")
    assert bench.budget.open == 1


def test_the_least_recently_used_hospital_gives_up_its_connection() -> None:
    bench = Bench(limit=2, share=2)
    first, second = bench.use("a"), bench.use("b")
    bench.use("a")
    bench.use("c")
    assert bench.closed == [second]
    assert bench.use("a") is first


def test_a_connection_in_use_is_never_given_up() -> None:
    bench = Bench(limit=1, share=1)
    held = bench.take("a")
    with pytest.raises(HospitalBusy):
        bench.take("b")
    assert bench.closed == []
    bench.budget.give_back("a", held)
    assert bench.use("b").key == "b"


def test_what_comes_back_after_the_end_is_closed() -> None:
    bench = Bench(limit=2, share=2)
    idle, late = bench.take("a"), bench.take("a")
    bench.budget.give_back("a", idle)
    bench.budget.close()
    assert bench.closed == [idle]
    bench.budget.give_back("a", late)
    assert bench.closed == [idle, late]
    assert (bench.budget.open, bench.budget.in_use("a")) == (0, 0)


def test_one_hospital_takes_no_more_than_its_share() -> None:
    bench = Bench(limit=3, share=2)
    bench.take("a"), bench.take("a")
    with pytest.raises(HospitalBusy) as refused:
        bench.take("a")
    assert refused.value.retry_after == 1
    assert bench.take("b").key == "b"


def test_a_waiter_for_a_full_share_does_not_hold_up_others() -> None:
    bench = Bench(limit=3, share=1, wait_seconds=5)
    held = bench.take("a")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bench.take, "a")
        while not bench.budget.waiting:
            threading.Event().wait(0.001)
        assert bench.take("b").key == "b"
        bench.budget.give_back("a", held)
        assert waiting.result(5) is held


def test_a_connection_that_died_while_idle_is_replaced() -> None:
    bench = Bench(limit=1, share=1)
    dead = bench.use("a")
    fresh = bench.take("a", usable=lambda record: record is not dead)
    assert fresh is not dead
    assert bench.closed == [dead]
    assert bench.budget.open == 1


def test_an_opening_that_fails_gives_its_place_back() -> None:
    bench = Bench(limit=1, share=1)

    def fail() -> Record:
        raise ConnectionError

    for _ in range(3):
        with pytest.raises(ConnectionError):
            bench.budget.take("a", fail, usable=lambda _record: True)
    assert bench.budget.open == 0
    assert bench.use("b").key == "b"


def test_dropping_what_is_idle_closes_it_and_frees_its_places() -> None:
    bench = Bench(limit=2, share=2)
    one, two = bench.take("a"), bench.take("a")
    bench.budget.give_back("a", one)
    bench.budget.give_back("a", two)
    assert bench.budget.drop_idle("a") == 2
    assert bench.budget.open == 0
    assert set(bench.closed) == {one, two}


def test_a_share_must_fit_into_the_budget() -> None:
    with pytest.raises(ValueError, match="share"):
        ConnectionBudget(limit=2, share=3, wait_seconds=1)


def test_many_threads_never_exceed_budget_or_share_and_nobody_is_forgotten() -> None:
    limit, share, threads, rounds = 5, 2, 16, 300
    bench = Bench(limit=limit, share=share, wait_seconds=30)
    lock, open_now, in_use, worst = threading.Lock(), 0, Counter[str](), [0, 0]

    class Counted(Record):
        def __init__(self, key: str) -> None:
            nonlocal open_now
            super().__init__(key, [])
            with lock:
                open_now += 1
                worst[0] = max(worst[0], open_now)

        def close(self) -> None:
            nonlocal open_now
            with lock:
                open_now -= 1

    def work(seed: int) -> int:
        # A fixed seed for each thread, so that a failure can be repeated.
        chance = random.Random(seed)
        for _ in range(rounds):
            key = f"h{min(int(chance.expovariate(0.5)), 11)}"
            record = bench.budget.take(
                key, functools.partial(Counted, key), usable=lambda _record: chance.random() > 0.02
            )
            assert record.key == key
            with lock:
                in_use[key] += 1
                worst[1] = max(worst[1], in_use[key])
            with lock:
                in_use[key] -= 1
            if chance.random() < 0.05:
                bench.budget.drop(key, record)
            else:
                bench.budget.give_back(key, record)
        return rounds

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(work, range(threads))) == threads * rounds
    assert worst[0] <= limit
    assert worst[1] <= share
    assert bench.budget.waiting == 0
    bench.budget.close()
    assert bench.budget.open == 0
    assert open_now == 0
