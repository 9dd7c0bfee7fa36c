"""The patient portal over two open hospitals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from keys.public import LocalKeyring
from patient_portal.auth import sign_in
from tests.support.clinic import Clinic, open_clinic
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.patient_portal import PatientPortal, patient_portal


@pytest.fixture(autouse=True)
def _failures_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are answered at once: when they are is a matter of a unit test."""
    monkeypatch.setattr(sign_in, "FAILURE_STEP_SECONDS", 0.0)


@pytest.fixture
def clinics(two_hospitals: tuple[Hospital, Hospital]) -> tuple[Clinic, Clinic]:
    """Both hospitals, open."""
    return open_clinic(two_hospitals[0], doctors=2), open_clinic(two_hospitals[1])


@pytest.fixture
def portal(
    central: CentralDatabase,
    clinics: tuple[Clinic, Clinic],
    keys: LocalKeyring,
    keyring_path: Path,
    tmp_path: Path,
    redis_url: str,
) -> Iterator[PatientPortal]:
    """The app, with Redis."""
    with patient_portal(
        central=central,
        clinics=clinics,
        keys=keys,
        keyring_path=keyring_path,
        folder=tmp_path,
        redis_url=redis_url,
    ) as made:
        yield made
