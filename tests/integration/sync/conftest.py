"""Two hospitals with sync keys, central's API over HTTP, and `sokham sync`."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from central import roles
from kernel.telemetry import logs
from keys.public import LocalKeyring
from manage.commands.sync import sync
from sync_worker.runner import Worker
from tests.support.databases import PASSWORDS, CentralDatabase
from tests.support.sync import CentralServer, blind_index_of, central_server, worker_on

Drain = Callable[[], None]


@pytest.fixture
def server(central: CentralDatabase, keys: LocalKeyring) -> Iterator[CentralServer]:
    """Central's sync API, without Redis."""
    blind_index_of(central, keys)
    with central_server(central) as running:
        yield running


@pytest.fixture
def worker(central: CentralDatabase, keys: LocalKeyring, server: CentralServer) -> Iterator[Worker]:
    """A worker that waits to be told."""
    with worker_on(central, keys, central_url=server.url) as made:
        yield made


@pytest.fixture
def command(
    central: CentralDatabase,
    server: CentralServer,
    keyring_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Result]:
    """Runs `sokham sync …` with what a process is told from outside."""
    for name in ("keys", "secrets"):
        (tmp_path / name).mkdir(mode=0o700)
    shutil.copy2(keyring_path, tmp_path / "keys" / "keyring.json")
    # The test's own handlers stay.
    monkeypatch.setattr(logs, "configure", lambda **_: None)
    environment = {
        "SOKHAM_DATA_DIR": str(tmp_path),
        "DATABASE_URL": central.url,
        "SOKHAM_CENTRAL_URL": server.url,
        **{f"SOKHAM_PASSWORD_{name.removeprefix('sokham_').upper()}": PASSWORDS[name] for name in roles.ALL},
    }

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(sync, arguments, env=environment, catch_exceptions=False)

    return run
