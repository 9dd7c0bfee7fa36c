"""The portals, for tests that look at all their routes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.public import LocalKeyring
from tests.support.databases import CentralDatabase
from tests.support.portals import Portals, open_portals


@pytest.fixture
def portals(
    central: CentralDatabase, keys: LocalKeyring, keyring_path: Path, redis: object, redis_url: str, tmp_path: Path
) -> Iterator[Portals]:
    """All three, empty."""
    with open_portals(
        central=central, keys=keys, keyring_path=keyring_path, redis_url=redis_url, folder=tmp_path
    ) as opened:
        yield opened
