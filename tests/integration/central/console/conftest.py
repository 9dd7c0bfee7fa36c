"""The console on a central database of the test's own."""

from collections.abc import Iterator

import pytest
from redis import Redis

from keys.public import Keychain, LocalKeyring
from tests.support.console import ConsoleUnderTest, console_under_test
from tests.support.databases import CentralDatabase
from tests.support.hospitals import HospitalMaker


@pytest.fixture
def console(
    central: CentralDatabase,
    keys: LocalKeyring,
    keychain: Keychain,
    hospitals: HospitalMaker,
    redis: Redis,
    redis_url: str,
) -> Iterator[ConsoleUnderTest]:
    """The app, and administrators for it; what works in the background has ended when the test has."""
    made = console_under_test(
        central=central, keys=keys, keychain=keychain, provisioner=hospitals.provisioner(), redis_url=redis_url
    )
    yield made
    made.runner.close()
