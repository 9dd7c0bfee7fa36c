"""Processes of the jobs, and commands of the operator beside them; open hospitals, and a mail server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.public import LocalKeyring
from tests.support.clinic import Clinic, open_clinic
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.jobs import JobsRunners
from tests.support.messages import Mailbox, smtp_server


@pytest.fixture
def runners(central: CentralDatabase, keys: LocalKeyring, keyring_path: Path, tmp_path: Path) -> Iterator[JobsRunners]:
    several = JobsRunners(central=central, folder=tmp_path, keyring=keyring_path)
    yield several
    several.close()


@pytest.fixture
def clinics(two_hospitals: tuple[Hospital, Hospital]) -> tuple[Clinic, Clinic]:
    """Both hospitals, open."""
    return open_clinic(two_hospitals[0]), open_clinic(two_hospitals[1])


@pytest.fixture
def clinic(clinics: tuple[Clinic, Clinic]) -> Clinic:
    """The first of the two."""
    return clinics[0]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server."""
    with smtp_server() as box:
        yield box
