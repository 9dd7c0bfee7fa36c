from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest

from kernel.ids import TenantId
from keys import scopes
from keys.data_keys import DataKeyRow, rewrap_all
from keys.envelope import ROTATE_AFTER_SEALS
from keys.errors import KeyRefused, KeySourceUnavailable, Undecryptable
from keys.keychain import Keychain
from keys.policy import KeyPolicy
from tests.unit.keys.doubles import SCOPE, A, B, FakeProvider, MemoryStore, World, place


def test_the_first_key_is_made_and_stored(world: World) -> None:
    key = world.chain.current(world.store, tenant=A, scope=SCOPE)

    assert [row.dek_id for row in world.store.rows] == [key.dek_id]
    assert world.chain.current(world.store, tenant=A, scope=SCOPE) is key
    assert (world.provider.made, world.provider.unwraps) == (1, 0)


def test_another_process_opens_what_was_sealed(world: World) -> None:
    token = world.process().seal(world.store, "bí mật", scope=SCOPE, tenant=A, context=place())

    for _ in range(3):
        opened = world.chain.open(world.store, token, scope=SCOPE, tenant=A, context=place())
        assert opened.decode() == "bí mật"
    assert (world.provider.unwraps, world.store.reads) == (1, 1)


def test_each_hospital_and_scope_has_its_own_key(world: World) -> None:
    found = {
        world.chain.current(world.store, tenant=tenant, scope=scope).dek_id
        for tenant in (A, B, None)
        for scope in (scopes.HOSPITAL, scopes.INDEX)
    }
    assert len(found) == 6


def test_a_hospital_does_not_get_anothers_key_by_its_id(world: World) -> None:
    key = world.new_key(A)
    world.get(key)

    for tenant, scope in ((B, SCOPE), (None, SCOPE), (A, scopes.INDEX)):
        with pytest.raises(Undecryptable):
            world.chain.by_id(world.store, key.dek_id, tenant=tenant, scope=scope)


def test_a_row_planted_under_anothers_id_changes_nothing_there(world: World) -> None:
    key = world.new_key(A)
    planted = MemoryStore()
    planted.add(replace(world.store.rows[0], tenant_id=B))

    with pytest.raises(KeyRefused):
        world.chain.by_id(planted, key.dek_id, tenant=B, scope=SCOPE)
    assert world.get(key).tenant == A


def test_a_store_that_answers_with_another_place_is_refused(world: World) -> None:
    world.new_key(A)

    class Lying(MemoryStore):
        def current(self, tenant: TenantId | None, scope: str) -> DataKeyRow | None:
            assert (tenant, scope) == (B, SCOPE)
            return world.store.rows[0]

    with pytest.raises(KeyRefused):
        world.chain.current(Lying(), tenant=B, scope=SCOPE)


def test_an_unknown_id_is_undecryptable(world: World) -> None:
    with pytest.raises(Undecryptable):
        world.chain.by_id(world.store, uuid4(), tenant=A, scope=SCOPE)


def test_a_key_that_was_rolled_back_is_not_used_again(world: World) -> None:
    lost = world.chain.current(world.store, tenant=A, scope=SCOPE)
    world.store.rows.clear()

    again = world.chain.current(world.store, tenant=A, scope=SCOPE)
    assert again.dek_id != lost.dek_id
    assert [row.dek_id for row in world.store.rows] == [again.dek_id]


def test_a_retired_key_opens_and_does_not_seal(world: World) -> None:
    token = world.chain.seal(world.store, "x", scope=SCOPE, tenant=A, context=place())
    old = world.store.rows[0]
    world.store.rows[0] = replace(old, retired_at=world.clock())

    assert world.chain.current(world.store, tenant=A, scope=SCOPE).dek_id != old.dek_id
    assert world.process().open(world.store, token, scope=SCOPE, tenant=A, context=place()) == b"x"


def test_a_spent_key_gets_a_successor(world: World) -> None:
    key = world.chain.current(world.store, tenant=A, scope=SCOPE)
    key._counter = count(ROTATE_AFTER_SEALS)
    world.chain.seal(world.store, "x", scope=SCOPE, tenant=A, context=place())

    assert world.chain.current(world.store, tenant=A, scope=SCOPE).dek_id != key.dek_id


def test_who_may_only_wrap_seals_under_keys_of_its_own(world: World) -> None:
    earlier = world.new_key(A)
    world.provider.policy = KeyPolicy.of(wrap=[SCOPE])
    mine = world.chain.current(world.store, tenant=A, scope=SCOPE)

    assert mine.dek_id != earlier.dek_id
    assert world.chain.current(world.store, tenant=A, scope=SCOPE) is mine
    with pytest.raises(KeyRefused):
        world.get(earlier)


def test_who_may_only_unwrap_makes_none(world: World) -> None:
    world.provider.policy = KeyPolicy.of(unwrap=[SCOPE])

    with pytest.raises(KeyRefused):
        world.chain.current(world.store, tenant=A, scope=SCOPE)
    assert world.store.rows == []


def test_who_may_nothing_gets_nothing(world: World) -> None:
    world.new_key(A)
    world.provider.policy = KeyPolicy.of()

    with pytest.raises(KeyRefused):
        world.chain.current(world.store, tenant=A, scope=SCOPE)


def test_the_cache_is_bounded_and_forgets_the_least_used(world: World) -> None:
    world.chain = world.process(cache_size=3)
    keys = [world.new_key(TenantId(int=number)) for number in range(1, 5)]
    for key in (keys[0], keys[1], keys[2], keys[0], keys[3]):
        world.get(key)
    assert len(world.chain) == 3

    before = world.provider.unwraps
    for held in (keys[0], keys[2], keys[3]):
        world.get(held)
    assert world.provider.unwraps == before
    world.get(keys[1])
    assert world.provider.unwraps == before + 1


def test_keys_are_confirmed_on_use(world: World) -> None:
    key = world.get(world.new_key())

    for hours, asked in ((0.9, 1), (0.2, 2), (0.9, 2), (0.2, 3)):
        world.clock.move(hours=hours)
        assert world.get(key) is key
        assert world.provider.unwraps == asked


def test_an_outage_is_survived_for_24_hours_and_no_longer(world: World) -> None:
    key = world.get(world.new_key())
    world.provider.away = True

    world.clock.move(hours=23, minutes=59)
    assert world.get(key) is key
    assert world.chain.current(world.store, tenant=A, scope=SCOPE) is key

    world.clock.move(minutes=1)
    with pytest.raises(KeySourceUnavailable):
        world.get(key)
    with pytest.raises(KeySourceUnavailable):
        world.chain.current(world.store, tenant=A, scope=SCOPE)

    world.provider.away = False
    assert world.get(key).dek_id == key.dek_id


def test_the_24_hours_begin_when_the_source_was_last_reached(world: World) -> None:
    key = world.get(world.new_key())
    world.clock.move(hours=20)
    world.get(key)
    world.provider.away = True

    world.clock.move(hours=23)
    assert world.get(key) is key
    world.clock.move(hours=1)
    with pytest.raises(KeySourceUnavailable):
        world.get(key)


def test_while_the_source_is_away_it_is_asked_now_and_then_only(world: World) -> None:
    keys = [world.get(world.new_key(tenant)) for tenant in (A, B)]
    world.provider.away = True
    world.clock.move(hours=2)
    before = world.provider.unwraps

    for _ in range(50):
        for key in keys:
            world.get(key)
    assert world.provider.unwraps == before + 1
    world.clock.move(seconds=31)
    for key in keys:
        world.get(key)
    assert world.provider.unwraps == before + 2


def test_a_key_that_the_source_refuses_is_dropped_at_its_confirmation(world: World) -> None:
    key = world.get(world.new_key())
    world.provider.refusing.add(world.store.rows[0].wrapped)
    world.clock.move(hours=2)

    with pytest.raises(KeyRefused):
        world.get(key)
    assert len(world.chain) == 0


def test_a_key_rewrapped_meanwhile_goes_on(world: World) -> None:
    """The old KEK version is gone, and what the cache remembers of the row with it."""
    key = world.get(world.new_key())
    old = world.store.rows[0]
    world.provider.rotate(scope=SCOPE)
    rewrap_all(list(world.store.rows), store=world.store, provider=world.provider)
    world.provider.refusing.add(old.wrapped)
    world.clock.move(hours=2)

    assert world.get(key).dek_id == key.dek_id


def test_a_clock_set_back_does_not_keep_a_key_unasked(world: World) -> None:
    key = world.get(world.new_key())
    before = world.provider.unwraps
    world.clock.move(hours=-5)

    world.get(key)
    assert world.provider.unwraps == before + 1


def test_a_suspended_hospital_is_forgotten_and_the_other_is_not(world: World) -> None:
    of_a, of_b = world.get(world.new_key(A)), world.get(world.new_key(B))
    world.provider.away = True

    assert world.chain.forget(A) == 1
    with pytest.raises(KeySourceUnavailable):
        world.get(of_a)
    assert world.get(of_b) is of_b


def test_a_keychain_needs_room_and_sense() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Keychain(FakeProvider(), cache_size=0)
    with pytest.raises(ValueError, match="at least one"):
        Keychain(FakeProvider(), max_age=timedelta(minutes=5))


def test_rewrapping_moves_rows_and_leaves_data_alone(world: World) -> None:
    token = world.chain.seal(world.store, "x", scope=SCOPE, tenant=A, context=place())
    world.new_key(B)
    broken = replace(world.store.rows[0], dek_id=uuid4(), wrapped="fake:999")
    world.store.add(broken)
    world.provider.rotate(scope=SCOPE)
    world.new_key(None)

    report = rewrap_all(list(world.store.rows), store=world.store, provider=world.provider)
    assert (report.rewrapped, report.already_current, report.refused) == (2, 1, [broken.dek_id])
    again = rewrap_all(list(world.store.rows), store=world.store, provider=world.provider)
    assert (again.rewrapped, again.already_current) == (0, 3)
    assert world.process().open(world.store, token, scope=SCOPE, tenant=A, context=place()) == b"x"


def test_rewrapping_stops_when_the_source_goes_away_and_is_not_for_everybody(world: World) -> None:
    world.new_key(A)
    world.provider.rotate(scope=SCOPE)
    world.provider.away = True
    with pytest.raises(KeySourceUnavailable):
        rewrap_all(world.store.rows, store=world.store, provider=world.provider)

    world.provider.policy = KeyPolicy.of(wrap=[SCOPE], unwrap=[SCOPE])
    with pytest.raises(KeyRefused):
        rewrap_all(world.store.rows, store=world.store, provider=world.provider)
