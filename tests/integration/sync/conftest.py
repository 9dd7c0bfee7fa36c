"""Two hospitals with sync keys, and central's API over HTTP."""

from collections.abc import Callable, Iterator

import pytest

from keys.public import Keychain, LocalKeyring
from sync_worker.runner import Worker
from tests.support.databases import CentralDatabase
from tests.support.hospitals import HospitalMaker, hospital_maker
from tests.support.sync import CentralServer, SyncInitialiser, blind_index_of, central_server, worker_on

Drain = Callable[[], None]


@pytest.fixture
def hospitals(central: CentralDatabase, keychain: Keychain) -> Iterator[HospitalMaker]:
    """Makes hospitals whose workers can sign and seal."""
    with hospital_maker(central=central, keychain=keychain, initialiser=SyncInitialiser(keychain)) as maker:
        yield maker


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
