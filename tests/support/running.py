"""Running `sokham up` as a process of its own, with the processes and steps of a test."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from manage.data_dir import DataDir
from manage.embedded.ports import port_is_free
from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.redis import EmbeddedRedis
from manage.supervision.child import MARK
from tests.support import forked
from tests.support.forked import Forked
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "support" / "supervised_child.py"
# With both set no server is started, for tests about processes only.
NO_SERVERS = {"DATABASE_URL": "postgresql://127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}


def free_port_base() -> int:
    """A base whose four ports are free now, apart for each worker of pytest-xdist."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for base in range(20000 + worker * 200, 20200 + worker * 200, 4):
        if all(port_is_free(base + offset) for offset in range(4)):
            return base
    raise AssertionError("no four free ports in a row")


@dataclass
class Ups:
    """Starts any number of `sokham up` in one folder, and in the end leaves nothing of them."""

    folder: Path
    started: list["Up"] = field(default_factory=list)

    @property
    def data_dir(self) -> DataDir:
        """The data folder of all of them."""
        return DataDir(self.folder / "data")

    @property
    def journal(self) -> Path:
        """Where the supervised children note what they do."""
        return self.folder / "journal"

    def child(self, name: str, *traits: str, port: int = 0, **fields: Any) -> dict[str, Any]:
        """The fields of a ProcessSpec for a child that notes in the journal."""
        ready = {"ready": f"http://127.0.0.1:{port}/"} if port else {}
        argv = [sys.executable, "-I", str(CHILD), name, str(self.journal), str(port), *traits]
        return {"name": name, "argv": argv, "environment": {"LANG": "C.UTF-8"}, **ready, **fields}

    def up(
        self,
        *,
        processes: Sequence[dict[str, Any]] = (),
        steps: Sequence[str] = (),
        environment: Mapping[str, str] = NO_SERVERS,
        options: Sequence[str] = (),
    ) -> "Up":
        """Start one. `port-base` is chosen unless `options` say so."""
        plan = self.folder / f"plan-{len(self.started)}.json"
        plan.write_text(json.dumps({"processes": processes, "steps": steps}), encoding="utf-8")
        ports = () if "--port-base" in options else ("--port-base", str(free_port_base()))
        output = self.folder / f"output-{len(self.started)}"
        process = forked.start(
            "tests.support.up_driver",
            *(str(plan), "up", "--data-dir", str(self.data_dir.path), *ports, *options),
            environment={"PATH": os.defpath, "LANG": "C.UTF-8", "COLUMNS": "200", **environment},
            output=output,
        )
        self.started.append(Up(process=process, output_file=output))
        return self.started[-1]

    def events(self, kind: str) -> list[tuple[str, int, float]]:
        """(name, pid, monotonic time) of each journal line of that kind, in order."""
        lines = self.journal.read_text(encoding="utf-8").splitlines() if self.journal.exists() else []
        words = [line.split() for line in lines]
        return [(name, int(pid), float(at)) for event, name, pid, at in words if event == kind]

    def supervised(self) -> list[psutil.Process]:
        """Every live process that carries the mark of this folder."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.data_dir.run):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def end(self) -> None:
        """Kill what still runs and delete the data."""
        for up in self.started:
            up.process.kill()
            up.process.wait()
        for process in self.supervised():
            process.kill()
        EmbeddedPostgres(self.data_dir.postgres).destroy()
        EmbeddedRedis(self.data_dir.redis).destroy()


@dataclass
class Up:
    """One `sokham up`."""

    process: Forked
    output_file: Path

    @property
    def output(self) -> str:
        """All that it has printed."""
        return self.output_file.read_text(encoding="utf-8")

    def says(self, text: str, *, times: int = 1, seconds: float = 30.0) -> str:
        """Wait until it has printed a text so often; the output."""
        wait_until(
            lambda: self.output.count(text) >= times or self.process.poll() is not None,
            seconds=seconds,
            what=f"{text!r} in:\n{self.output}",
        )
        assert self.output.count(text) >= times, f"it ended without {text!r}:\n{self.output}"
        return self.output

    def is_ready(self) -> str:
        """Wait for the ready screen; the output."""
        return self.says("Sổ khám is ready")

    def ends(self, *, seconds: float = 30.0) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(seconds)
