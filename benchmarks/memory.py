"""What each process holds after `make run`, once it has answered a few requests."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.bench import Bench
from benchmarks.harness import Figure
from benchmarks.served import ROOT, ask
from manage.embedded.ports import port_is_free
from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.redis import EmbeddedRedis
from manage.supervision.child import MARK

READY = "Sổ khám is ready"
READY_SECONDS = 180.0
BAR = 150.0
MEGABYTE = 2**20


def run(bench: Bench) -> Iterator[Figure]:
    """A figure for each process: the resident size of its largest system process, in megabytes."""
    folder = bench.ground.folder / "up"
    with _up(bench, folder) as (supervisor, base):
        for port in range(base, base + 4):
            for _ in range(20):
                ask(port, "GET", "/readyz")
        bench.report("measuring")
        for name, found in sorted(_supervised(folder).items()):
            yield _figure(f"memory.{name}", found, bar=BAR)
        yield _figure("memory.supervisor", [supervisor], bar=None)
        for name, server in (
            ("postgresql", EmbeddedPostgres(folder / "postgres").data_path),
            ("redis", EmbeddedRedis(folder / "redis").data_path),
        ):
            if server is not None:
                yield _figure(f"memory.{name}", _working_in(server), bar=None)


def _figure(name: str, processes: list[psutil.Process], *, bar: float | None) -> Figure:
    """RSS of the largest is the figure; with it, for people, what all of them hold for themselves alone (USS)."""
    sizes = [process.memory_full_info() for process in processes]
    alone = sum(size.uss for size in sizes) / MEGABYTE
    return Figure(
        name=name,
        value=max(size.rss for size in sizes) / MEGABYTE,
        unit="MB",
        bar=bar,
        ours=f"USS {alone:.0f} MB in {len(sizes)}",
    )


@contextmanager
def _up(bench: Bench, folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    """`sokham up` in a folder of its own, ready, with the demo hospitals; the supervisor and the first port."""
    base = next(base for base in range(18000, 19000, 4) if all(port_is_free(base + offset) for offset in range(4)))
    log = bench.ground.folder / "up.log"
    bench.report("sokham up")
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "manage", "up", "--data-dir", str(folder), "--port-base", str(base)],
            cwd=ROOT,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + READY_SECONDS
            while READY not in log.read_text(encoding="utf-8"):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"`sokham up` does not get ready:\n{log.read_text(encoding='utf-8')[-4000:]}")
                time.sleep(0.1)
            yield psutil.Process(process.pid), base
        finally:
            process.terminate()
            process.wait()
            EmbeddedPostgres(folder / "postgres").destroy()
            EmbeddedRedis(folder / "redis").destroy()


def _supervised(folder: Path) -> dict[str, list[psutil.Process]]:
    """The processes of the folder's run by the name that each was given."""
    found: dict[str, list[psutil.Process]] = {}
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except psutil.Error:
            continue
        if environment.get(MARK) == str(folder / "run"):
            found.setdefault(environment.get("SOKHAM_PROCESS", "?"), []).append(process)
    return found


def _working_in(folder: Path) -> list[psutil.Process]:
    """A server's processes: those that work in its folder or below."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found
