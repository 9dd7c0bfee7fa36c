"""Processes of the jobs, and commands of the operator beside them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.public import LocalKeyring
from tests.support.databases import CentralDatabase
from tests.support.jobs import JobsRunners


@pytest.fixture
def runners(central: CentralDatabase, keys: LocalKeyring, keyring_path: Path, tmp_path: Path) -> Iterator[JobsRunners]:
    several = JobsRunners(central=central, folder=tmp_path, keyring=keyring_path)
    yield several
    several.close()
