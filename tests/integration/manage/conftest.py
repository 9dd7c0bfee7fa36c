"""Embedded servers and `sokham up` for the tests of manage."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from manage.embedded.addresses import PostgresAddress, RedisAddress
from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.redis import EmbeddedRedis
from tests.support.embedded import open_folder
from tests.support.running import Ups


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the servers' account can reach."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def postgres(place: Path) -> Iterator[EmbeddedPostgres]:
    """A server that is not started yet."""
    server = EmbeddedPostgres(place / "postgres", durable=False, max_connections=20)
    yield server
    server.destroy()


@pytest.fixture
def redis(place: Path) -> Iterator[EmbeddedRedis]:
    """A server that is not started yet."""
    server = EmbeddedRedis(place / "redis", durable=False)
    yield server
    server.destroy()


@pytest.fixture(scope="module")
def running_postgres() -> Iterator[tuple[EmbeddedPostgres, PostgresAddress]]:
    """One running server for the tests that only look."""
    with open_folder() as folder:
        server = EmbeddedPostgres(folder / "postgres", durable=False, max_connections=20)
        yield server, server.start()
        server.destroy()


@pytest.fixture(scope="module")
def running_redis() -> Iterator[tuple[EmbeddedRedis, RedisAddress]]:
    """One running server for the tests that only look."""
    with open_folder() as folder:
        server = EmbeddedRedis(folder / "redis", durable=False)
        yield server, server.start()
        server.destroy()


@pytest.fixture
def ups(tmp_path: Path) -> Iterator[Ups]:
    """Any number of `sokham up` in one folder."""
    several = Ups(folder=tmp_path)
    yield several
    several.end()
