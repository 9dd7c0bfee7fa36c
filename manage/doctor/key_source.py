"""Vault or the local keyring: there, safe, and with a key for each scope."""

from collections.abc import Iterator
from typing import Final

from kernel.settings import Settings
from keys.public import PROCESSES, KeyProvider, KeyRefused, KeyringUnsafe, KeySourceUnavailable, scopes
from manage.doctor.finding import Finding, ok, wrong
from manage.wiring.sources import KEYRING_FILE, key_provider

_POLICY: Final = "keys/vault_policies/operator.hcl"


def key_source(settings: Settings) -> Iterator[Finding]:
    """Whether it answers this process, and has every key that Sokham uses."""
    where = key_source_name(settings)
    try:
        provider = key_provider(settings, PROCESSES["operator"])
        try:
            refused = _refused_scopes(provider)
        finally:
            provider.close()
    except (KeySourceUnavailable, KeyRefused) as err:
        yield wrong(where, f"{err}.", key_remedy(settings, err))
        return
    if refused:
        yield wrong(
            where,
            f"No key, or no right to it, for {', '.join(refused)}.",
            f"`sokham up` (or `sokham setup`) makes missing ones; in Vault apply {_POLICY}.",
        )
    else:
        yield ok(where, f"a key for each of {len(scopes.ALL)} scopes")


def key_source_name(settings: Settings) -> str:
    """What the installation's keys come from."""
    return "Vault" if settings.vault_addr else "local keyring"


def key_remedy(settings: Settings, err: KeySourceUnavailable | KeyRefused) -> str:
    """How to mend a key source that failed with `err`."""
    keyring = settings.data_dir / "keys" / KEYRING_FILE
    if isinstance(err, KeyringUnsafe):
        return f"chmod 600 {keyring}"
    if isinstance(err, KeySourceUnavailable) and settings.vault_addr:
        return "Unseal Vault and see that VAULT_ADDR leads to it. Running processes go on for 24 hours."
    if isinstance(err, KeySourceUnavailable):
        return f"Put {keyring} back from its copy. Without it no data can be read."
    if settings.vault_addr:
        return f"Correct Vault's token or AppRole; it needs the policy {_POLICY}."
    return "Correct SOKHAM_KEYRING_PASSPHRASE."


def _refused_scopes(provider: KeyProvider) -> list[str]:
    """Scopes without a key for this process. Raises what the source raises when it does not answer at all."""
    provider.check()
    refused = []
    for scope in sorted(scopes.ALL):
        try:
            provider.current_version(scope=scope)
        except KeyringUnsafe:
            raise
        except KeyRefused:
            refused.append(scope)
    return refused
