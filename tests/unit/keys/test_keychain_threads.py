"""The keychain under many threads: one question a key at a time, and nobody waits for another's."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from kernel.ids import TenantId
from keys.envelope import DataKey
from keys.errors import KeySourceUnavailable
from tests.unit.keys.doubles import SCOPE, A, B, World, place


def in_background(work: Callable[[], object]) -> tuple[threading.Thread, Future[object]]:
    outcome: Future[object] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except KeySourceUnavailable as err:
            outcome.set_exception(err)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_an_answer_asked_for_before_forgetting_is_not_kept_after(world: World) -> None:
    key = world.new_key(A)
    world.provider.gate.clear()
    thread, outcome = in_background(lambda: world.get(key))
    assert world.provider.entered.wait(10)

    world.chain.forget(A)
    world.provider.gate.set()
    thread.join()
    assert outcome.result(0)
    assert len(world.chain) == 0


def test_one_question_a_key_at_a_time(world: World) -> None:
    key = world.new_key(A)
    world.provider.gate.clear()
    started = threading.Barrier(9)

    def get() -> DataKey:
        started.wait()
        return world.get(key)

    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(get) for _ in range(8)]
        started.wait()
        assert world.provider.entered.wait(10)
        world.provider.gate.set()
        found = {id(one.result(10)) for one in waiting}
    assert (len(found), world.provider.unwraps) == (1, 1)


def test_a_failed_question_fails_all_who_waited_and_may_be_asked_again(world: World) -> None:
    key = world.new_key(A)
    world.provider.gate.clear()
    world.provider.away = True
    started = threading.Barrier(5)

    def get() -> bool:
        started.wait()
        try:
            world.get(key)
        except KeySourceUnavailable:
            return True
        return False

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(get) for _ in range(4)]
        started.wait()
        assert world.provider.entered.wait(10)
        world.provider.gate.set()
        assert all(one.result(10) for one in waiting)
    world.provider.away = False
    assert world.get(key).dek_id == key.dek_id


def test_a_slow_source_holds_up_nobody_elses_key(world: World) -> None:
    of_b = world.get(world.new_key(B))
    of_a = world.new_key(A)
    world.provider.entered.clear()
    world.provider.gate.clear()
    thread, outcome = in_background(lambda: world.get(of_a))
    assert world.provider.entered.wait(10)

    # The main thread would hang here, and the test time out, if the lock were held.
    assert world.get(of_b) is of_b
    assert not outcome.done()
    world.provider.gate.set()
    thread.join()


def test_many_threads_over_more_keys_than_fit(world: World) -> None:
    world.chain = world.process(cache_size=4)
    tenants = [TenantId(int=number) for number in range(1, 13)]
    tokens = {
        tenant: world.process().seal(world.store, tenant.hex, scope=SCOPE, tenant=tenant, context=place(tenant))
        for tenant in tenants
    }

    def work(number: int) -> bool:
        tenant = tenants[number % len(tenants)]
        if number % 50 == 0:
            world.chain.forget(tenant)
        opened = world.chain.open(world.store, tokens[tenant], scope=SCOPE, tenant=tenant, context=place(tenant))
        return opened.decode() == tenant.hex

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(2000)))
    assert len(world.chain) <= 4
