"""`sokham jobs run` as a process of its own, on a test's central database and keyring."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from central import roles
from manage.data_dir import DataDir
from tests.support import forked
from tests.support.databases import PASSWORDS, CentralDatabase
from tests.support.forked import Forked


@dataclass
class JobsRunners:
    """Any number of jobs processes; at the end none is left."""

    central: CentralDatabase
    folder: Path
    keyring: Path
    # Further variables of its environment.
    more: dict[str, str] = field(default_factory=dict)
    started: list[Forked] = field(default_factory=list)

    def __post_init__(self) -> None:
        copy = DataDir(self.folder / "data").create().keys / "keyring.json"
        copy.touch(mode=0o600)
        copy.write_bytes(self.keyring.read_bytes())

    @property
    def environment(self) -> dict[str, str]:
        """What the process is told."""
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "SOKHAM_PROCESS": "jobs",
            "SOKHAM_LOG_LEVEL": "DEBUG",
            "SOKHAM_DATA_DIR": str(self.folder / "data"),
            "DATABASE_URL": self.central.url,
            "SOKHAM_PASSWORD_ROUTE": PASSWORDS[roles.ROUTE],
            "SOKHAM_PASSWORD_SEAL": PASSWORDS[roles.SEAL],
            **self.more,
        }

    @property
    def log(self) -> str:
        """What all of them said."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def start(self) -> Forked:
        """One more."""
        process = forked.start("manage", "jobs", "run", environment=self.environment, output=self.folder / "log")
        self.started.append(process)
        return process

    def sokham(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of the operator, who has every role's password."""
        passwords = {f"SOKHAM_PASSWORD_{name.removeprefix('sokham_').upper()}": PASSWORDS[name] for name in roles.ALL}
        return forked.run("manage", *arguments, environment={**self.environment, **passwords}, seconds=60)

    def close(self) -> None:
        """End all of them."""
        for process in self.started:
            process.kill()
            process.wait()
