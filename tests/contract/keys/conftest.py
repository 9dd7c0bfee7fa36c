"""The key sources under the contract: the local keyring twice, and Vault, real where VAULT_ADDR says so.

The real one must be a server for tests with `transit` enabled: the suite makes keys there and rotates them.
"""

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from keys.local import LocalKeyring
from keys.policy import EVERYTHING, KeyPolicy
from keys.provider import KeyProvider
from keys.scopes import ALL
from keys.vault import VaultTransitKeys
from keys.vault_session import TokenAuth
from tests.contract.keys.vault_double import VaultDouble

_REAL_VAULT = os.environ.get("VAULT_ADDR")
_REAL_TOKEN = os.environ.get("VAULT_TOKEN", "")

VAULT = f"vault-{'real' if _REAL_VAULT else 'double'}"


def pytest_report_header() -> str:
    used = (
        "the real server of VAULT_ADDR"
        if _REAL_VAULT
        else "an HTTP double (set VAULT_ADDR and VAULT_TOKEN for a real server)"
    )
    return f"key contract: local keyring with and without passphrase; Vault Transit against {used}"


@dataclass
class Source:
    """A key source: providers on it with any policy, and a way to take it away for a while."""

    open: Callable[[KeyPolicy], KeyProvider]
    taken_away: Callable[[], AbstractContextManager[KeyProvider]]


@pytest.fixture
def vault() -> Iterator[VaultDouble]:
    double = VaultDouble()
    yield double
    double.close()


@pytest.fixture(params=["local", "local-passphrase", VAULT])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    opened: list[KeyProvider] = []

    def remember(provider: KeyProvider) -> KeyProvider:
        opened.append(provider)
        return provider

    if request.param == VAULT:
        yield from _vault_source(request, remember)
    else:
        passphrase = secrets.token_hex(8) if request.param == "local-passphrase" else None
        path = tmp_path / "keyring.json"
        # Cheap scrypt: what it costs is not under test.
        remember(LocalKeyring.create(path, passphrase=passphrase, scrypt_n=2**10))

        @contextmanager
        def moved() -> Iterator[KeyProvider]:
            provider = remember(LocalKeyring(path, passphrase=passphrase))
            elsewhere = path.rename(path.with_suffix(".away"))
            yield provider
            elsewhere.rename(path)

        yield Source(lambda policy: remember(LocalKeyring(path, policy=policy, passphrase=passphrase)), moved)
    for provider in opened:
        provider.close()


def _vault_source(request: pytest.FixtureRequest, remember: Callable[[KeyProvider], KeyProvider]) -> Iterator[Source]:
    if _REAL_VAULT:
        url, token = _REAL_VAULT, _REAL_TOKEN
    else:
        double: VaultDouble = request.getfixturevalue("vault")
        url, token = double.url, double.root_token

    def connect(policy: KeyPolicy, address: str = url) -> KeyProvider:
        return remember(VaultTransitKeys(url=address, auth=TokenAuth(token), policy=policy))

    @contextmanager
    def unreachable() -> Iterator[KeyProvider]:
        # A port that was free a moment ago and that nobody listens on: what a server that died looks like.
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            yield connect(EVERYTHING, f"http://127.0.0.1:{bound.getsockname()[1]}")

    connect(EVERYTHING).ensure_scopes(ALL)
    yield Source(connect, unreachable)


@pytest.fixture
def provider(source: Source) -> KeyProvider:
    return source.open(EVERYTHING)
