"""An installation for the doctor: servers, central with its keys, two hospitals, a data folder."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from central import roles
from central.auth.signing_keys import ensure_signing_keys
from central.patient_index.blind_index_keys import ensure_blind_index_key
from central.registry.public import SqlDataKeyStore
from jobs.sealing.public import ChainedLog, central_logs, hospital_log, seal_next
from kernel.database.unit_of_work import UnitOfWork
from keys.public import Keychain, LocalKeyring
from manage.data_dir import DataDir
from manage.doctor.examination import Examination
from manage.doctor.finding import Finding, State
from manage.embedded.ports import free_port
from tests.support.databases import PASSWORDS, CentralDatabase
from tests.support.hospitals import Hospital
from tests.support.jobs import JobsRunners
from tests.support.sealing import audit_keys


@dataclass
class Installation:
    """What the doctor is pointed at; a test breaks one thing of it."""

    central: CentralDatabase
    hospitals: tuple[Hospital, Hospital]
    runners: JobsRunners
    keychain: Keychain
    environ: dict[str, str]
    folder: Path
    state_directory: Path
    secrets: list[str] = field(default_factory=list)

    @property
    def data_dir(self) -> DataDir:
        """Its data folder."""
        return DataDir(self.folder)

    def examine(self) -> list[Finding]:
        """All findings."""
        return list(Examination(self.data_dir, environ=self.environ, state_directory=self.state_directory).findings())

    def faults(self) -> dict[str, Finding]:
        """What is wrong, by check."""
        return {found.check: found for found in self.examine() if found.state is State.WRONG}

    def seal(self) -> None:
        """What the jobs would have sealed and noted."""
        keys = audit_keys(self.central, self.keychain)

        def one(uow: UnitOfWork, log: ChainedLog) -> None:
            seal_next(uow=uow, log_=log, key=keys.current())
            uow.commit()

        for log in central_logs():
            with self.central.database(roles.SEAL).unit_of_work() as uow:
                one(uow, log)
        for hospital in self.hospitals:
            with hospital.unit_of_work("seal") as uow:
                one(uow, hospital_log(hospital.tenant))


@pytest.fixture
def _copied() -> None:
    """None: the doctor asks how old what waits is, so the hospitals are made now."""


@pytest.fixture
def installation(
    central: CentralDatabase,
    two_hospitals: tuple[Hospital, Hospital],
    keys: LocalKeyring,
    keychain: Keychain,
    keyring_path: Path,
    redis_url: str,
    tmp_path: Path,
) -> Iterator[Installation]:
    """One in which all is well."""
    runners = JobsRunners(central=central, folder=tmp_path, keyring=keyring_path)
    with central.database(roles.OWNER).unit_of_work() as uow:
        ensure_signing_keys(uow=uow, keychain=keychain, store=SqlDataKeyStore(uow))
        ensure_blind_index_key(uow=uow, provider=keys)
        uow.commit()
    with central.superuser() as connection:
        connection.execute(
            "INSERT INTO job_leases (name, succeeded_at) SELECT name, now()"
            " FROM unnest(ARRAY['audit.seal_central', 'audit.seal_hospitals', 'partitions', 'prune']) AS name"
        )
    passwords = {f"SOKHAM_PASSWORD_{name.removeprefix('sokham_').upper()}": PASSWORDS[name] for name in roles.ALL}
    web = {f"SOKHAM_{portal}_URL": f"http://127.0.0.1:{free_port()}" for portal in ("CENTRAL", "STAFF", "PATIENT")}
    made = Installation(
        central=central,
        hospitals=two_hospitals,
        runners=runners,
        keychain=keychain,
        environ={**runners.environment, **passwords, **web, "REDIS_URL": redis_url},
        folder=tmp_path / "data",
        state_directory=tmp_path / "state",
        secrets=[*PASSWORDS.values(), *redis_url.split(":")[2].split("@")[:1]],
    )
    yield made
    runners.close()
