"""The patient portal over two open hospitals."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from central.router import lookup
from kernel.passwords import Passwords
from keys.public import LocalKeyring
from patient_portal.auth import pace
from tests.support.clinic import Clinic, open_clinic
from tests.support.databases import CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.patient_portal import PatientPortal, patient_portal


@pytest.fixture(autouse=True)
def _failures_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are answered at once: when they are is a matter of a unit test."""
    monkeypatch.setattr(pace, "FAILURE_STEP_SECONDS", 0.0)


@pytest.fixture
def quick_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Routes are asked for again after a moment instead of five seconds."""
    monkeypatch.setattr(lookup, "FRESH_SECONDS", 0.05)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many passwords were checked since it was asked last."""
    counted: list[str | None] = []
    real = Passwords.matches

    def counting(self: Passwords, stored: str | None, password: str) -> bool:
        counted.append(stored)
        return real(self, stored, password)

    monkeypatch.setattr(Passwords, "matches", counting)

    def taken() -> int:
        number = len(counted)
        counted.clear()
        return number

    return taken


@pytest.fixture
def stepped(monkeypatch: pytest.MonkeyPatch, portal: PatientPortal) -> list[int]:
    """For each failure that waited for its moment, the hospitals' connections that were held meanwhile."""
    held: list[int] = []

    def at_once(_elapsed: float, *, step: float) -> float:
        assert step == pace.FAILURE_STEP_SECONDS
        held.append(sum(portal.router.budget.in_use(clinic.hospital.tenant) for clinic in portal.clinics))
        return 0.0

    monkeypatch.setattr(pace, "until_step", at_once)
    return held


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
