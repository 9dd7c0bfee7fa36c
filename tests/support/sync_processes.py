"""Worker processes that a test starts by the dozen, and kills."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from central import roles
from tests.support import forked
from tests.support.databases import PASSWORDS, CentralDatabase
from tests.support.forked import Forked


@dataclass
class WorkerProcesses:
    """Starts workers; whatever still runs at the end is killed."""

    environment: dict[str, str]
    log: Path
    started: list[Forked] = field(default_factory=list)

    def start(self) -> psutil.Process:
        """A new worker process."""
        process = forked.start("manage", "sync", "run", environment=self.environment, output=self.log)
        self.started.append(process)
        return psutil.Process(process.pid)


@contextmanager
def worker_processes(
    central: CentralDatabase, *, keyring: Path, folder: Path, central_url: str, batch: int, lease_seconds: int
) -> Iterator[WorkerProcesses]:
    """Workers as `sokham up` starts them, on a test's own central database and keyring."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    shutil.copy2(keyring, keys / "keyring.json")
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "SOKHAM_PROCESS": "worker",
        "SOKHAM_DATA_DIR": str(folder),
        "DATABASE_URL": central.url,
        "SOKHAM_PASSWORD_ROUTE": PASSWORDS[roles.ROUTE],
        "SOKHAM_CENTRAL_URL": central_url,
        "SOKHAM_SYNC_BATCH": str(batch),
        "SOKHAM_SYNC_LEASE_SECONDS": str(lease_seconds),
        "SOKHAM_SYNC_SWEEP_SECONDS": "1",
        "SOKHAM_LOG_LEVEL": "WARNING",
    }
    log = folder / "workers.log"
    made = WorkerProcesses(environment=environment, log=log)
    try:
        yield made
    finally:
        for process in made.started:
            process.kill()
        for process in made.started:
            process.wait()
