"""`sokham jobs run` as a process of its own, on a test's central database and keyring."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from central import roles
from manage.data_dir import DataDir
from tests.support.databases import PASSWORDS, CentralDatabase

ROOT = Path(__file__).parents[2]


@dataclass
class JobsRunners:
    """Any number of jobs processes; at the end none is left."""

    central: CentralDatabase
    folder: Path
    keyring: Path
    # Further variables of its environment.
    more: dict[str, str] = field(default_factory=dict)
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

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

    def start(self) -> "subprocess.Popen[bytes]":
        """One more."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "error", "-m", "manage", "jobs", "run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.started.append(process)
        return process

    def sokham(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """A command of the operator, who has every role's password."""
        passwords = {f"SOKHAM_PASSWORD_{name.removeprefix('sokham_').upper()}": PASSWORDS[name] for name in roles.ALL}
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "manage", *arguments],
            cwd=ROOT,
            env={**self.environment, **passwords},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def close(self) -> None:
        """End all of them."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
