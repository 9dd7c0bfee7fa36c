"""Two hospitals as provisioning leaves them, opened for work."""

import pytest

from tests.support.clinic import Clinic, open_clinic
from tests.support.hospitals import Hospital


@pytest.fixture
def clinics(two_hospitals: tuple[Hospital, Hospital]) -> tuple[Clinic, Clinic]:
    """Both hospitals, open."""
    return open_clinic(two_hospitals[0]), open_clinic(two_hospitals[1])


@pytest.fixture
def clinic(clinics: tuple[Clinic, Clinic]) -> Clinic:
    """The first of the two."""
    return clinics[0]
