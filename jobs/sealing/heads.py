"""Heads of the chains in a file, outside every database: whoever cuts off the end of a chain there does not have this.

`<data folder>/audit/heads-<year>-<month>.jsonl`, a line a head: `{"chain", "sequence", "digest", "kid", "signature"}`.
Copy the folder to a place that the machine cannot write to; `sokham audit verify --heads FILE` takes such copies.
"""

import json
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from jobs.sealing.chain import Seal
from kernel.clock import Clock, utc_now
from kernel.telemetry.logs import get_logger
from keys.encoding import to_base64url

log = get_logger(__name__)

FOLDER: Final = "audit"


class NotedHead(NamedTuple):
    """A head as it was noted outside of the database: the seal of this number had this digest."""

    chain: str
    sequence: int
    digest: str


class HeadFile:
    """Appends heads. Safe to share between threads; several processes may append to one file."""

    def __init__(self, data_dir: Path, *, clock: Clock = utc_now) -> None:
        self._folder = data_dir / FOLDER
        self._clock = clock
        self._lock = threading.Lock()

    def note(self, seal: Seal) -> None:
        """Append a head, on the disk before this returns. A file that cannot be written is logged and stops nothing."""
        line = json.dumps(
            {
                "chain": seal.body.chain,
                "sequence": seal.body.sequence,
                "digest": to_base64url(seal.digest),
                "kid": seal.kid,
                "signature": seal.signature,
            }
        )
        log.info("audit.head", chain=seal.body.chain, sequence=seal.body.sequence, digest=to_base64url(seal.digest))
        path = self._folder / f"heads-{self._clock():%Y-%m}.jsonl"
        try:
            with self._lock:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    # One write to a file open for appending is whole, however many processes write.
                    os.write(descriptor, f"{line}\n".encode())
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as err:
            log.warning("audit.head_not_noted", chain=seal.body.chain, error=type(err).__name__)


def noted_heads(files: Iterable[Path]) -> Iterator[NotedHead]:
    """The heads in these files; a line that was cut off by a crash is passed over."""
    for path in files:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    said = json.loads(line)
                    yield NotedHead(str(said["chain"]), int(said["sequence"]), str(said["digest"]))
                except (ValueError, KeyError, TypeError):
                    log.warning("audit.head_unreadable", file=path.name)


def head_files(data_dir: Path) -> list[Path]:
    """The files of a data folder, oldest first."""
    return sorted((data_dir / FOLDER).glob("heads-*.jsonl"))
