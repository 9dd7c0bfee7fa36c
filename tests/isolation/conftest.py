"""Three hospitals and central, made once for a module: nothing here writes to them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from keys.public import Keychain, LocalKeyring
from tests.support.databases import CentralDatabase, central_template, clone_central, drop_database
from tests.support.hospitals import BareInitialiser, Hospital, hospital_maker
from tests.support.servers import Servers


@dataclass(frozen=True, kw_only=True)
class Ground:
    """Central and three of its hospitals."""

    central: CentralDatabase
    hospitals: tuple[Hospital, Hospital, Hospital]
    template: str


@pytest.fixture(scope="module")
def ground(servers: Servers, keys: LocalKeyring) -> Iterator[Ground]:
    """Central and three hospitals."""
    central = clone_central(servers, central_template(servers))
    with hospital_maker(central=central, keychain=Keychain(keys), initialiser=BareInitialiser()) as maker:
        three = (maker.make(), maker.make(), maker.make())
        yield Ground(central=central, hospitals=three, template=maker.provisioner().ensure_template())
    central.close()
    drop_database(servers, central.name)
