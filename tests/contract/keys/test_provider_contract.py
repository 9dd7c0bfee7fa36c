"""What every key source must do alike. Two hospitals throughout."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from kernel.ids import TenantId
from keys import scopes
from keys.errors import KeyRefused, KeySourceUnavailable
from keys.policy import KeyPolicy
from keys.provider import KeyProvider
from tests.contract.keys.conftest import Source

A = TenantId("aaaaaaaa-0000-4000-8000-000000000001")
B = TenantId("bbbbbbbb-0000-4000-8000-000000000002")


def test_a_data_key_unwraps_to_itself(provider: KeyProvider) -> None:
    made = provider.new_data_key(scope=scopes.HOSPITAL, tenant=A)

    assert len(made.plaintext) == 32
    assert made.kek_version == provider.current_version(scope=scopes.HOSPITAL)
    assert provider.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=made.wrapped) == made.plaintext


def test_central_own_keys_have_no_tenant(provider: KeyProvider) -> None:
    made = provider.new_data_key(scope=scopes.INDEX, tenant=None)

    assert provider.unwrap(scope=scopes.INDEX, tenant=None, wrapped=made.wrapped) == made.plaintext


def test_no_two_data_keys_are_alike(provider: KeyProvider) -> None:
    made = [provider.new_data_key(scope=scopes.HOSPITAL, tenant=A) for _ in range(20)]

    assert len({key.plaintext for key in made}) == 20
    assert len({key.wrapped for key in made}) == 20


@pytest.mark.parametrize(
    ("scope", "tenant"),
    [(scopes.HOSPITAL, B), (scopes.HOSPITAL, None), (scopes.REGISTRY_APP, A), (scopes.HOSPITAL, TenantId(int=0))],
    ids=["other-hospital", "no-hospital", "other-scope", "nil-hospital"],
)
def test_a_wrapped_key_opens_only_in_its_own_place(provider: KeyProvider, scope: str, tenant: TenantId | None) -> None:
    wrapped = provider.new_data_key(scope=scopes.HOSPITAL, tenant=A).wrapped

    with pytest.raises(KeyRefused):
        provider.unwrap(scope=scope, tenant=tenant, wrapped=wrapped)
    with pytest.raises(KeyRefused):
        provider.rewrap(scope=scope, tenant=tenant, wrapped=wrapped)


def test_a_wrapped_key_of_central_opens_for_no_hospital(provider: KeyProvider) -> None:
    wrapped = provider.new_data_key(scope=scopes.INDEX, tenant=None).wrapped

    with pytest.raises(KeyRefused):
        provider.unwrap(scope=scopes.INDEX, tenant=A, wrapped=wrapped)


def test_a_wrapped_key_with_any_character_changed_is_refused(provider: KeyProvider) -> None:
    wrapped = provider.new_data_key(scope=scopes.HOSPITAL, tenant=A).wrapped

    for position, character in enumerate(wrapped):
        other = "A" if character != "A" else "B"
        changed = wrapped[:position] + other + wrapped[position + 1 :]
        with pytest.raises(KeyRefused):
            provider.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=changed)


@pytest.mark.parametrize(
    "text",
    ["", ".", "vault:v1:", "vault:v0:AAAA", "vault:v99:AAAA", "l1.1.", "l1.99.AAAA", "l1.01.AAAA", "ổ", "x" * 9999],
)
def test_what_is_no_wrapped_key_is_refused(provider: KeyProvider, text: str) -> None:
    with pytest.raises(KeyRefused):
        provider.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=text)


def test_a_shortened_wrapped_key_is_refused(provider: KeyProvider) -> None:
    wrapped = provider.new_data_key(scope=scopes.HOSPITAL, tenant=A).wrapped

    for length in range(len(wrapped)):
        with pytest.raises(KeyRefused):
            provider.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=wrapped[:length])


def test_rotation_leaves_old_keys_open_and_rewrapping_moves_them(provider: KeyProvider) -> None:
    before = provider.current_version(scope=scopes.HOSPITAL)
    old = provider.new_data_key(scope=scopes.HOSPITAL, tenant=A)
    other_scope = provider.current_version(scope=scopes.INDEX)

    assert provider.rotate(scope=scopes.HOSPITAL) == before + 1
    assert provider.current_version(scope=scopes.HOSPITAL) == before + 1
    assert provider.current_version(scope=scopes.INDEX) == other_scope
    assert provider.new_data_key(scope=scopes.HOSPITAL, tenant=A).kek_version == before + 1
    assert provider.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=old.wrapped) == old.plaintext

    moved = provider.rewrap(scope=scopes.HOSPITAL, tenant=A, wrapped=old.wrapped)
    assert (moved.kek_version, moved.wrapped != old.wrapped) == (before + 1, True)
    assert provider.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=moved.wrapped) == old.plaintext
    with pytest.raises(KeyRefused):
        provider.unwrap(scope=scopes.HOSPITAL, tenant=B, wrapped=moved.wrapped)


def test_two_processes_share_keys_and_rotations(source: Source, provider: KeyProvider) -> None:
    other = source.open(provider.policy)
    made = provider.new_data_key(scope=scopes.HOSPITAL, tenant=A)
    assert other.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=made.wrapped) == made.plaintext

    version = other.rotate(scope=scopes.HOSPITAL)
    newer = other.new_data_key(scope=scopes.HOSPITAL, tenant=A)
    assert provider.current_version(scope=scopes.HOSPITAL) == version
    assert provider.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=newer.wrapped) == newer.plaintext


def test_scopes_are_made_once(provider: KeyProvider) -> None:
    version = provider.current_version(scope=scopes.HOSPITAL)

    assert provider.ensure_scopes(scopes.ALL) == []
    assert provider.current_version(scope=scopes.HOSPITAL) == version


_OPERATIONS: dict[str, Callable[[KeyProvider, str], object]] = {
    "new_data_key": lambda keys, _: keys.new_data_key(scope=scopes.REGISTRY_PORTAL, tenant=A),
    "unwrap": lambda keys, wrapped: keys.unwrap(scope=scopes.REGISTRY_PORTAL, tenant=A, wrapped=wrapped),
    "rewrap": lambda keys, wrapped: keys.rewrap(scope=scopes.REGISTRY_PORTAL, tenant=A, wrapped=wrapped),
    "rotate": lambda keys, _: keys.rotate(scope=scopes.REGISTRY_PORTAL),
    "current_version": lambda keys, _: keys.current_version(scope=scopes.REGISTRY_PORTAL),
    "ensure_scopes": lambda keys, _: keys.ensure_scopes([scopes.REGISTRY_PORTAL]),
}


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (KeyPolicy.of(), set()),
        (KeyPolicy.of(wrap=[scopes.HOSPITAL], unwrap=[scopes.HOSPITAL], manage=[scopes.HOSPITAL]), set()),
        (KeyPolicy.of(wrap=[scopes.REGISTRY_PORTAL]), {"new_data_key", "current_version"}),
        (KeyPolicy.of(unwrap=[scopes.REGISTRY_PORTAL]), {"unwrap", "current_version"}),
        (KeyPolicy.of(manage=[scopes.REGISTRY_PORTAL]), {"rewrap", "rotate", "current_version", "ensure_scopes"}),
    ],
    ids=["nothing", "another-scope", "wrap", "unwrap", "manage"],
)
def test_a_policy_allows_what_it_names_and_nothing_else(
    source: Source, provider: KeyProvider, policy: KeyPolicy, allowed: set[str]
) -> None:
    wrapped = provider.new_data_key(scope=scopes.REGISTRY_PORTAL, tenant=A).wrapped
    limited = source.open(policy)

    for name, operation in _OPERATIONS.items():
        if name in allowed:
            operation(limited, wrapped)
        else:
            with pytest.raises(KeyRefused):
                operation(limited, wrapped)


def test_a_scope_that_does_not_exist_is_refused(provider: KeyProvider) -> None:
    with pytest.raises(KeyRefused):
        provider.new_data_key(scope="registry", tenant=A)
    with pytest.raises(KeyRefused):
        provider.ensure_scopes(["registry"])


def test_a_source_that_is_away_is_unavailable_not_refused(source: Source, provider: KeyProvider) -> None:
    made = provider.new_data_key(scope=scopes.HOSPITAL, tenant=A)

    with source.taken_away() as cut_off:
        for operation in (
            cut_off.check,
            lambda: cut_off.new_data_key(scope=scopes.HOSPITAL, tenant=A),
            lambda: cut_off.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=made.wrapped),
            lambda: cut_off.current_version(scope=scopes.HOSPITAL),
            lambda: cut_off.rotate(scope=scopes.HOSPITAL),
        ):
            with pytest.raises(KeySourceUnavailable) as caught:
                operation()
            assert caught.value.status == 503
            assert caught.value.retry_after

    provider.check()
    assert provider.unwrap(scope=scopes.HOSPITAL, tenant=A, wrapped=made.wrapped) == made.plaintext


def test_many_threads_while_a_key_is_rotated(provider: KeyProvider) -> None:
    def work(number: int) -> UUID | None:
        tenant = A if number % 2 else B
        made = provider.new_data_key(scope=scopes.HOSPITAL, tenant=tenant)
        if number % 10 == 0:
            provider.rotate(scope=scopes.HOSPITAL)
        assert provider.unwrap(scope=scopes.HOSPITAL, tenant=tenant, wrapped=made.wrapped) == made.plaintext
        return tenant

    before = provider.current_version(scope=scopes.HOSPITAL)
    with ThreadPoolExecutor(16) as pool:
        assert len(list(pool.map(work, range(60)))) == 60
    assert provider.current_version(scope=scopes.HOSPITAL) == before + 6


def test_nothing_shows_a_key(provider: KeyProvider) -> None:
    made = provider.new_data_key(scope=scopes.HOSPITAL, tenant=A)

    assert repr(made.plaintext) not in repr(made)
    assert "0x" not in repr(provider)
