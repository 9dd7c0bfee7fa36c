"""Readiness: what the dependencies said, asked once a second however many ask."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kernel.settings import Settings
from kernel.web.app import Portal, base_app
from kernel.web.health import ANSWER_KEPT_SECONDS, Readiness

PATIENCE = 20.0


class Dependency:
    """Counts who asks; answers when it may, and fails when told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.away = False
        self.entered = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()

    def check(self) -> None:
        self.asked += 1
        self.entered.set()
        assert self.may_answer.wait(PATIENCE)
        if self.away:
            raise ConnectionError("of 10.0.0.1")


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def dependency() -> Iterator[Dependency]:
    """One that never holds up the end of a test."""
    made = Dependency()
    yield made
    made.may_answer.set()


def test_an_answer_is_good_for_a_second_and_no_longer(dependency: Dependency) -> None:
    clock = Clock()
    readiness = Readiness({"central": dependency.check}, monotonic=clock)
    assert readiness.report()["central"]["ok"] is True
    dependency.away = True
    clock.now += ANSWER_KEPT_SECONDS - 0.1
    assert readiness.report()["central"]["ok"] is True
    assert dependency.asked == 1
    clock.now += 0.1
    assert readiness.report() == {"central": {"ok": False}}
    # That it is away is kept as long as that it is there.
    dependency.away = False
    assert readiness.report()["central"]["ok"] is False
    clock.now += ANSWER_KEPT_SECONDS
    assert readiness.report()["central"]["ok"] is True
    assert dependency.asked == 3


def test_all_who_ask_before_the_first_answer_get_that_one(dependency: Dependency) -> None:
    dependency.may_answer.clear()
    readiness = Readiness({"central": dependency.check}, monotonic=Clock())
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(readiness.report) for _ in range(8)]
        assert dependency.entered.wait(PATIENCE)
        dependency.may_answer.set()
        assert all(answer.result(PATIENCE)["central"]["ok"] is True for answer in answers)
    assert dependency.asked == 1


def test_a_dependency_that_hangs_holds_up_one_thread_only(dependency: Dependency) -> None:
    clock = Clock()
    readiness = Readiness({"central": dependency.check}, monotonic=clock)
    readiness.report()
    clock.now += ANSWER_KEPT_SECONDS
    dependency.entered.clear()
    dependency.may_answer.clear()
    dependency.away = True
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(readiness.report)
        assert dependency.entered.wait(PATIENCE)
        assert readiness.report()["central"]["ok"] is True
        assert not asking.done()
        dependency.may_answer.set()
        assert asking.result(PATIENCE) == {"central": {"ok": False}}
    assert readiness.report() == {"central": {"ok": False}}
    assert dependency.asked == 2


def test_a_helpful_dependency_is_told_and_a_needed_one_decides(dependency: Dependency, tmp_path: Path) -> None:
    def away() -> None:
        raise ConnectionError("of 10.0.0.2")

    portals = (({"central": dependency.check}, {"redis": away}), ({"redis": away}, {"central": dependency.check}))
    for (needed, helpful), status in zip(portals, (200, 503), strict=True):
        portal = Portal(name="staff", title="Test", package=tmp_path, needed=needed, helpful=helpful)
        client = base_app(portal, Settings(cookie_secret="x" * 32)).test_client()
        answers = [client.get("/readyz") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [status] * 3
        assert answers[0].get_json()["checks"]["redis"] == {"ok": False}
        assert "10.0.0.2" not in answers[0].get_data(as_text=True)
    assert dependency.asked == 2
