"""Worker processes that a test starts by the dozen, and kills."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from central import roles
from tests.support.databases import PASSWORDS, CentralDatabase

ROOT = Path(__file__).parents[2]


@dataclass
class WorkerProcesses:
    """Starts workers; whatever still runs at the end is killed."""

    driver: "subprocess.Popen[str]"
    log: Path

    def start(self) -> psutil.Process:
        """A new worker process."""
        assert self.driver.stdin is not None
        assert self.driver.stdout is not None
        self.driver.stdin.write("go\n")
        self.driver.stdin.flush()
        line = self.driver.stdout.readline()
        assert line, self.log.read_text(encoding="utf-8")[-2000:]
        return psutil.Process(int(line))


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
    with log.open("w", encoding="utf-8") as output:
        driver = subprocess.Popen(
            [sys.executable, "-m", "tests.support.sync_driver"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
        try:
            assert driver.stdout is not None
            assert driver.stdout.readline() == "ready\n", log.read_text(encoding="utf-8")[-2000:]
            yield WorkerProcesses(driver, log)
        finally:
            children = psutil.Process(driver.pid).children()
            for process in children:
                process.kill()
            psutil.wait_procs(children, timeout=10)
            driver.communicate()
