"""The common ground of all tests: real servers, a central database, two hospitals, keys. Two hospitals are the default.

- `servers` (session): PostgreSQL and Redis of this run, shared by its workers.
- `central`: a central database of its own, cloned; `central.database(roles.CONSOLE)`, `.connect(role)`, `.url`.
- `hospitals`: a maker (`hospitals.make()`); `two_hospitals`: two of them; `hospital`: the first of the two.
- `keys` (session): a LocalKeyring with every grant; `keychain`: a fresh cache over it; `keyring_path`: its file.
- `redis`, `redis_url`: this worker's own Redis database, emptied before each test.
- `portals`: console, staff and patient apps, put together by manage.wiring.
- `count_queries`: `with count_queries() as counted: …; assert counted.total <= 3`.
"""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from redis import Redis

from keys.public import Keychain, LocalKeyring
from tenant_app.hospital.initialise import HospitalStart
from tests.support.chromium import close_browser
from tests.support.counting import Counting, count_statements
from tests.support.databases import CentralDatabase, central_template, clone_central, drop_database
from tests.support.forked import close_fork_server
from tests.support.hospitals import Hospital, HospitalMaker, hospital_maker
from tests.support.once import compile_once
from tests.support.portals import Portals, open_portals
from tests.support.servers import Servers, shared_servers
from tests.support.standing import NAMES, Copied, Standing
from tests.support.together import Together

# How long one example takes says something of the machine, which others load, and nothing of what is tested.
hypothesis.settings.register_profile("loaded", deadline=None)
hypothesis.settings.load_profile("loaded")
compile_once()


def pytest_collection_finish() -> None:
    """The modules and the thousands of tests are there to stay: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    """What belongs together goes to one worker."""
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def servers(worker_id: str) -> Iterator[Servers]:
    """PostgreSQL and Redis of this run."""
    with shared_servers(worker=worker_id) as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _shared_processes_end() -> Iterator[None]:
    """The browser, and the process that forks others, end with the run."""
    yield
    close_browser()
    close_fork_server()


@pytest.fixture(scope="session")
def _central_template(servers: Servers) -> str:
    return central_template(servers)


@pytest.fixture(scope="session")
def _standing(servers: Servers, keys: LocalKeyring, _central_template: str) -> Iterator[Standing]:
    standing = Standing(servers=servers, keys=keys, central_template=_central_template)
    yield standing
    standing.close()


@pytest.fixture
def _copied(request: pytest.FixtureRequest, _standing: Standing) -> Iterator[Copied | None]:
    """Copies of the two hospitals and their central database, for a test that asks for them."""
    if "two_hospitals" not in request.fixturenames:
        yield None
        return
    with _standing.copied() as copied:
        yield copied


@pytest.fixture
def central(servers: Servers, _central_template: str, _copied: Copied | None) -> Iterator[CentralDatabase]:
    """A central database of this test's own, migrated, with the permissions, without hospitals but `two_hospitals`."""
    if _copied is not None:
        yield _copied.central
        return
    database = clone_central(servers, _central_template)
    yield database
    database.close()
    drop_database(servers, database.name)


@pytest.fixture(scope="session")
def keyring_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keyring's file."""
    return tmp_path_factory.mktemp("keys") / "keyring.json"


@pytest.fixture(scope="session")
def keys(keyring_path: Path) -> LocalKeyring:
    """A key source with every grant."""
    return LocalKeyring.create(keyring_path)


@pytest.fixture
def keychain(keys: LocalKeyring) -> Keychain:
    """A keychain that has seen nothing yet."""
    return Keychain(keys)


@pytest.fixture
def hospitals(central: CentralDatabase, keychain: Keychain) -> Iterator[HospitalMaker]:
    """Makes hospitals through the product's own service; they go with the test."""
    with hospital_maker(central=central, keychain=keychain, initialiser=HospitalStart(keychain=keychain)) as maker:
        yield maker


@pytest.fixture
def two_hospitals(hospitals: HospitalMaker, _copied: Copied | None) -> tuple[Hospital, Hospital]:
    """Two hospitals, as provisioning left them: whatever one does, the other must neither see nor feel."""
    if _copied is None:
        return hospitals.make(name=NAMES[0]), hospitals.make(name=NAMES[1])
    first, second = map(hospitals.lend, _copied.provisioned, NAMES)
    return first, second


@pytest.fixture
def hospital(two_hospitals: tuple[Hospital, Hospital]) -> Hospital:
    """The first of the two."""
    return two_hospitals[0]


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """This worker's own Redis database, emptied: hospitals have the same ids from test to test."""
    url = servers.redis.url(database=servers.redis_database)
    with Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client of it."""
    with Redis.from_url(redis_url, decode_responses=False) as client:
        yield client


@pytest.fixture
def count_queries() -> Counting:
    """Counts the statements that SQLAlchemy sends."""
    return count_statements


@pytest.fixture
def portals(
    central: CentralDatabase,
    keys: LocalKeyring,
    keyring_path: Path,
    redis: Redis,
    redis_url: str,
    tmp_path: Path,
) -> Iterator[Portals]:
    """The three portals as gunicorn gets them, over this test's central database."""
    with open_portals(
        central=central, keys=keys, keyring_path=keyring_path, redis_url=redis_url, folder=tmp_path
    ) as opened:
        yield opened
