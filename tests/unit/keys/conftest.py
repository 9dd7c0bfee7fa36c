"""Property tests here are not timed: on a busy machine a deadline fails for reasons that are not the code's."""

import pytest
from hypothesis import settings

from tests.unit.keys.doubles import World

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def world() -> World:
    """One process, and what it needs."""
    return World()
