"""Imports at a clinic, worked off at once."""

from collections.abc import Iterator

import pytest

from tests.support.clinic import Clinic
from tests.support.imports import Desk


@pytest.fixture
def desk(clinic: Clinic) -> Iterator[Desk]:
    """The first hospital's."""
    made = Desk(clinic)
    yield made
    made.runner.close()
