"""One system for all tests from outside; the run gives them to one worker (`tests.support.together`)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.embedded import open_folder
from tests.support.system import System, running_system


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """A system without demo data, as on a fresh machine."""
    with open_folder() as folder, running_system(Path(folder) / "sokham", demo=False) as system:
        yield system
