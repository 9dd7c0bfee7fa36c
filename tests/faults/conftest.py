"""`sokham up` for the tests that kill it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running import Ups


@pytest.fixture
def ups(tmp_path: Path) -> Iterator[Ups]:
    """Any number of `sokham up` in one folder."""
    several = Ups(folder=tmp_path)
    yield several
    several.end()
