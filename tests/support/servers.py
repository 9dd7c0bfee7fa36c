"""One PostgreSQL and one Redis for a whole test run, shared by its xdist workers, thrown away by the last of them."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from manage.embedded.addresses import PostgresAddress, RedisAddress
from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.redis import EmbeddedRedis

_PREFIX = "sokham-run-"
_MEMORY = Path("/dev/shm")  # noqa: S108 - what we make there is ours alone, and named for the run.
# Each worker makes a handful of databases of 10 MB; a container's default of 64 MB would not do.
_ENOUGH_BYTES = 4 * 1024**3
# Redis has 16 databases unless told otherwise.
_REDIS_DATABASES = 16


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Where this run's servers are, and which worker this is."""

    folder: Path
    postgres: PostgresAddress
    redis: RedisAddress
    worker: str

    @property
    def redis_database(self) -> int:
        """A Redis database for this worker alone."""
        number = self.worker.removeprefix("gw")
        return (int(number) + 1 if number.isdigit() else 0) % _REDIS_DATABASES

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """Do something once in a run: the workers take turns, and the later ones find it done."""
        with _locked(self.folder / f"{name}.lock"):
            yield


@contextmanager
def shared_servers(*, worker: str) -> Iterator[Servers]:
    """Join the run's servers; the first worker starts them, the last one leaves nothing behind."""
    controller = os.getpid() if worker == "master" else os.getppid()
    base = _base()
    _sweep(base)
    folder = base / f"{_PREFIX}{controller}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o711)
    folder.chmod(0o711)
    present = folder / "present"
    postgres = EmbeddedPostgres(folder / "postgres", durable=False, max_connections=300)
    redis = EmbeddedRedis(folder / "redis", durable=False)
    with _locked(folder / "servers.lock"):
        present.mkdir(exist_ok=True)
        (present / worker).touch()
        servers = Servers(folder=folder, postgres=postgres.start(), redis=redis.start(), worker=worker)
    try:
        yield servers
    finally:
        with _locked(folder / "servers.lock"):
            (present / worker).unlink(missing_ok=True)
            last = not any(present.iterdir())
            if last:
                _remove(folder)


def _base() -> Path:
    free = shutil.disk_usage(_MEMORY).free if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else 0
    return _MEMORY if free > _ENOUGH_BYTES else Path(tempfile.gettempdir()).resolve()


def _sweep(base: Path) -> None:
    """Remove what a killed run left."""
    for folder in base.glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX)
        if number.isdigit() and not psutil.pid_exists(int(number)) and folder.stat().st_uid == os.geteuid():
            _remove(folder)


def _remove(folder: Path) -> None:
    EmbeddedPostgres(folder / "postgres", durable=False).destroy()
    EmbeddedRedis(folder / "redis", durable=False).destroy()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
