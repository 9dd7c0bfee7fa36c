"""What is Vault's own: signing in, leases, statuses, policies. Always on the double, which can be made to misbehave."""

import logging
import os
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import keys.vault_policies
from kernel.ids import TenantId
from keys import scopes
from keys.errors import KeyRefused, KeySourceUnavailable
from keys.policy import EVERYTHING, PROCESSES, Grant
from keys.vault import VaultTransitKeys, key_name
from keys.vault_policies import render
from keys.vault_session import AppRoleAuth, TokenAuth, VaultAuth
from tests.contract.keys.vault_double import Role, VaultDouble, parse_hcl

A = TenantId("aaaaaaaa-0000-4000-8000-000000000001")
HCL = {path.stem: path.read_text(encoding="utf-8") for path in Path(keys.vault_policies.__path__[0]).glob("*.hcl")}
LOGIN, RENEW = "auth/approle/login", "auth/token/renew-self"


class Bench:
    """A double with all keys made, and providers on it that are closed at the end."""

    def __init__(self, vault: VaultDouble) -> None:
        vault.policies = HCL
        self.vault = vault
        self._opened: list[VaultTransitKeys] = []
        self.open(TokenAuth(vault.root_token)).ensure_scopes(scopes.ALL)
        vault.requests.clear()

    def open(self, auth: VaultAuth) -> VaultTransitKeys:
        provider = VaultTransitKeys(url=self.vault.url, auth=auth, policy=EVERYTHING, monotonic=self.vault.clock)
        self._opened.append(provider)
        return provider

    def with_role(
        self, *, policy: str | None = None, ttl: float = 60, max_ttl: float = 600, renewable: bool = True
    ) -> VaultTransitKeys:
        role = Role("s3cret-id", policy, ttl=ttl, max_ttl=max_ttl, renewable=renewable)
        return self.open(AppRoleAuth(self.vault.add_role(role), role.secret_id))

    def close(self) -> None:
        for provider in self._opened:
            provider.close()


@pytest.fixture
def bench(vault: VaultDouble) -> Iterator[Bench]:
    bench = Bench(vault)
    yield bench
    bench.close()


def use(provider: VaultTransitKeys) -> None:
    """One request that needs a good token."""
    provider.new_data_key(scope=scopes.HOSPITAL, tenant=A)


def test_policy_files_say_what_the_process_policies_say() -> None:
    assert {process: render(process, policy) for process, policy in PROCESSES.items()} == HCL


def test_no_process_but_its_own_opens_a_credential() -> None:
    """Written out by hand from the architecture, so that a slip in `keys.policy` does not agree with itself."""
    owners = {
        # Live updates look after sessions and rights in hospitals' databases, as the staff portal does.
        scopes.REGISTRY_APP: {"tenant_app", "live"},
        scopes.REGISTRY_PORTAL: {"patient_portal"},
        scopes.REGISTRY_SYNC: {"sync_worker"},
        scopes.REGISTRY_SEAL: {"jobs"},
        scopes.REGISTRY_MIGRATE: {"migrate"},
        scopes.SYNC_SIGNING: {"sync_worker"},
        scopes.TOKENS_CENTRAL: {"central"},
        scopes.TOKENS_STAFF: {"tenant_app"},
        scopes.TOKENS_PATIENT: {"patient_portal"},
        scopes.AUDIT_SIGNING: {"jobs"},
        scopes.MESSAGING: {"jobs"},
    }
    for scope, expected in owners.items():
        path = f"transit/decrypt/{key_name(scope)}"
        assert {process for process, text in HCL.items() if path in parse_hcl(text)} == expected, scope


def test_policies_name_paths_of_known_keys_only() -> None:
    names = {key_name(scope) for scope in scopes.ALL}
    for text in HCL.values():
        for path in parse_hcl(text):
            assert path == "transit/keys" or names & set(path.split("/")), path


@pytest.mark.parametrize("process", sorted(PROCESSES))
def test_vault_itself_holds_each_process_to_its_policy(bench: Bench, process: str) -> None:
    root = bench.open(TokenAuth(bench.vault.root_token))
    provider = bench.with_role(policy=process)
    provider.check()

    for scope in sorted(scopes.ALL):
        assert _allowed(provider, scope, root.new_data_key(scope=scope, tenant=A).wrapped) == PROCESSES[process].grant(
            scope
        )


def _allowed(provider: VaultTransitKeys, scope: str, wrapped: str) -> Grant:
    """What Vault lets this provider do; its own policy is wide open."""

    def goes(operation: Callable[[], object]) -> bool:
        try:
            operation()
        except KeyRefused:
            return False
        return True

    rotates = goes(lambda: provider.rotate(scope=scope))
    assert rotates == goes(lambda: provider.rewrap(scope=scope, tenant=A, wrapped=wrapped))
    found = Grant(
        wrap=goes(lambda: provider.new_data_key(scope=scope, tenant=A)),
        unwrap=goes(lambda: provider.unwrap(scope=scope, tenant=A, wrapped=wrapped)),
        manage=rotates,
    )
    assert goes(lambda: provider.current_version(scope=scope)) == (found != Grant())
    return found


def test_the_operator_can_make_missing_keys(bench: Bench) -> None:
    bench.vault.keys.clear()
    operator = bench.with_role(policy="operator")

    assert operator.ensure_scopes([scopes.INDEX]) == [scopes.INDEX]
    assert operator.ensure_scopes(scopes.ALL) == sorted(scopes.ALL - {scopes.INDEX})
    assert operator.current_version(scope=scopes.INDEX) == 1


def test_signs_in_once_and_not_before_it_must(bench: Bench) -> None:
    provider = bench.with_role()
    assert bench.vault.requests == []

    for _ in range(5):
        use(provider)
    assert bench.vault.count(LOGIN) == 1


def test_a_lease_is_renewed_before_it_ends(bench: Bench) -> None:
    provider = bench.with_role(ttl=60)
    use(provider)

    for _ in range(5):
        bench.vault.now += 45
        use(provider)
    assert (bench.vault.count(LOGIN), bench.vault.count(RENEW)) == (1, 5)


def test_a_lease_that_cannot_be_renewed_is_replaced(bench: Bench) -> None:
    provider = bench.with_role(ttl=60, renewable=False)
    use(provider)

    bench.vault.now += 45
    use(provider)
    assert (bench.vault.count(LOGIN), bench.vault.count(RENEW)) == (2, 0)


def test_a_lease_near_its_final_end_is_replaced(bench: Bench) -> None:
    provider = bench.with_role(ttl=60, max_ttl=100)

    for _ in range(10):
        use(provider)
        bench.vault.now += 41
    # 60 s, prolonged to the end at 100, then a new sign-in: never a request with a dead token.
    assert bench.vault.count(LOGIN) > 2
    assert bench.vault.count("lookup-self") == 0


def test_a_revoked_token_is_replaced(bench: Bench) -> None:
    provider = bench.with_role()
    use(provider)

    bench.vault.tokens.clear()
    use(provider)
    assert bench.vault.count(LOGIN) == 2


def test_a_process_that_slept_past_its_lease_signs_in_again(bench: Bench) -> None:
    provider = bench.with_role(ttl=60)
    use(provider)

    bench.vault.now += 3600
    use(provider)
    assert bench.vault.count(LOGIN) == 2


def test_a_refusal_by_policy_does_not_sign_in_again(bench: Bench) -> None:
    provider = bench.with_role(policy="migrate")

    for _ in range(3):
        with pytest.raises(KeyRefused):
            use(provider)
    assert bench.vault.count(LOGIN) == 1


def test_a_renewal_that_fails_does_not_stop_a_token_that_is_good(bench: Bench) -> None:
    provider = bench.with_role(ttl=60)
    use(provider)

    bench.vault.now += 45
    bench.vault.failures = [503]
    use(provider)
    use(provider)
    assert (bench.vault.count(LOGIN), bench.vault.count(RENEW)) == (1, 2)


def test_a_token_from_outside_is_renewed_where_it_can_be(bench: Bench) -> None:
    provider = bench.open(TokenAuth(bench.vault.add_token(ttl=60, renewable=True)))
    use(provider)

    for _ in range(3):
        bench.vault.now += 50
        use(provider)
    assert bench.vault.count(RENEW) == 3


def test_a_token_from_outside_that_ended_is_refused(bench: Bench) -> None:
    provider = bench.open(TokenAuth(bench.vault.add_token(ttl=60, renewable=False)))
    use(provider)

    bench.vault.now += 61
    with pytest.raises(KeyRefused):
        use(provider)


def test_a_token_without_end_is_never_renewed(bench: Bench) -> None:
    provider = bench.open(TokenAuth(bench.vault.root_token))
    use(provider)

    bench.vault.now += 10_000_000
    use(provider)
    assert bench.vault.count(RENEW) == 0


def test_a_wrong_secret_is_refused(bench: Bench) -> None:
    role_id = bench.vault.add_role(Role("s3cret-id", None))

    with pytest.raises(KeyRefused):
        bench.open(AppRoleAuth(role_id, "another")).check()


@pytest.mark.parametrize("status", [429, 500, 501, 502, 503, 504, 412])
def test_what_may_pass_is_tried_again(bench: Bench, status: int) -> None:
    provider = bench.open(TokenAuth(bench.vault.root_token))
    provider.check()

    bench.vault.failures = [status, status]
    use(provider)
    bench.vault.failures = [status, status, status]
    with pytest.raises(KeySourceUnavailable):
        use(provider)
    assert bench.vault.failures == []


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_not_tried_again(bench: Bench, status: int) -> None:
    provider = bench.open(TokenAuth(bench.vault.root_token))
    provider.check()

    bench.vault.failures = [status]
    bench.vault.requests.clear()
    with pytest.raises(KeyRefused):
        use(provider)
    assert len(bench.vault.requests) == 1


def test_rotation_is_not_repeated_by_itself(bench: Bench) -> None:
    provider = bench.open(TokenAuth(bench.vault.root_token))
    provider.check()

    bench.vault.failures = [503]
    with pytest.raises(KeySourceUnavailable):
        provider.rotate(scope=scopes.INDEX)
    assert provider.current_version(scope=scopes.INDEX) == 1


def test_a_redirect_is_not_followed_with_the_token(bench: Bench) -> None:
    provider = bench.open(TokenAuth(bench.vault.root_token))
    provider.check()

    bench.vault.failures = [307, 307, 307]
    with pytest.raises(KeySourceUnavailable):
        use(provider)
    assert bench.vault.count("elsewhere") == 0


def test_a_sealed_vault_is_away_until_it_is_unsealed(bench: Bench) -> None:
    provider = bench.with_role()
    bench.vault.sealed = True
    with pytest.raises(KeySourceUnavailable):
        provider.check()

    bench.vault.sealed = False
    provider.check()


def test_the_old_status_for_a_wrong_context_is_a_refusal_too(bench: Bench) -> None:
    provider = bench.open(TokenAuth(bench.vault.root_token))
    wrapped = provider.new_data_key(scope=scopes.HOSPITAL, tenant=A).wrapped
    bench.vault.authentication_failure_status = 500

    with pytest.raises(KeyRefused):
        provider.unwrap(scope=scopes.HOSPITAL, tenant=None, wrapped=wrapped)


def test_no_token_or_secret_in_logs_and_errors(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    with capture_logs() as events:
        provider = bench.with_role(ttl=60)
        use(provider)
        secret = [*bench.vault.tokens, "s3cret-id"]
        bench.vault.now += 45
        for failures in ([503], [503, 503, 503], [403, 403, 403], [400], [307, 307, 307]):
            bench.vault.failures = list(failures)
            try:
                use(provider)
            except (KeyRefused, KeySourceUnavailable) as err:
                told += traceback.format_exception(err)
            bench.vault.failures = []
    assert len(told) > 0
    everything = "".join(told) + caplog.text + repr(events) + repr(provider) + repr(AppRoleAuth("role", "s3cret-id"))
    assert [word for word in secret if word in everything] == []


def test_the_environment_neither_lends_a_token_nor_a_proxy(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", bench.vault.root_token)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    bench.with_role().check()

    with pytest.raises(KeyRefused):
        bench.open(TokenAuth("")).check()


def test_a_child_process_makes_its_own_connections(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = bench.with_role()
    use(provider)

    monkeypatch.setattr(os, "getpid", lambda: -1)
    use(provider)
    assert bench.vault.count(LOGIN) == 2


@pytest.mark.parametrize(
    ("url", "verify"),
    [
        ("http://vault.internal:8200", True),
        ("https://vault.internal:8200", False),
        ("ftp://127.0.0.1", True),
        ("", True),
    ],
)
def test_an_address_without_tls_off_loopback_is_not_accepted(url: str, verify: bool) -> None:
    with pytest.raises(ValueError, match="https"):
        VaultTransitKeys(url=url, auth=TokenAuth("x"), verify=verify)


def test_which_vault_stood_behind_this_run() -> None:
    """The skipped test's reason stands in the summary of every run, so that nobody takes the double for the server."""
    if "VAULT_ADDR" not in os.environ:
        pytest.skip("the Vault side ran against an HTTP double; set VAULT_ADDR and VAULT_TOKEN for a real server")
    real = VaultTransitKeys(url=os.environ["VAULT_ADDR"], auth=TokenAuth(os.environ["VAULT_TOKEN"]))
    real.check()
    real.close()
