"""Two hospitals as provisioning leaves them, opened for work."""

from collections.abc import Iterator

import pytest

from keys.public import Keychain
from tenant_app.hospital.initialise import HospitalStart
from tests.support.clinic import Clinic, open_clinic
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital, HospitalMaker, hospital_maker


@pytest.fixture
def hospitals(central: CentralDatabase, keychain: Keychain) -> Iterator[HospitalMaker]:
    """A maker whose hospitals start with what the product gives them."""
    with hospital_maker(central=central, keychain=keychain, initialiser=HospitalStart(keychain=keychain)) as maker:
        yield maker


@pytest.fixture
def clinics(two_hospitals: tuple[Hospital, Hospital]) -> tuple[Clinic, Clinic]:
    """Both hospitals, open."""
    return open_clinic(two_hospitals[0]), open_clinic(two_hospitals[1])


@pytest.fixture
def clinic(clinics: tuple[Clinic, Clinic]) -> Clinic:
    """The first of the two."""
    return clinics[0]
