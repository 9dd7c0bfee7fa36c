"""Heads of the chains in a file, outside every database: whoever cuts off the end of a chain there does not have this.

`<data folder>/audit/heads-<year>-<month>.jsonl`, a line a head: `{"chain", "sequence", "epoch", "digest", "kid",
"signature", "noted_at"}`; `epoch` is the hospital's, and is not there for central's chains.
Copy the folder to a place that the machine cannot write to; `sokham audit verify --heads FILE` takes such copies.
"""

import json
import os
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from jobs.sealing.chain import Seal
from kernel.clock import Clock, utc_now
from kernel.telemetry.logs import get_logger
from keys.encoding import to_base64url

log = get_logger(__name__)

FOLDER: Final = "audit"


class NotedHead(NamedTuple):
    """A head as it was noted outside of the database: the seal of this number had this digest, in this epoch."""

    chain: str
    sequence: int
    digest: str
    epoch: int = 1
    noted_at: datetime | None = None


class HeadFile:
    """Appends heads. Safe to share between threads; several processes may append to one file."""

    def __init__(self, data_dir: Path, *, clock: Clock = utc_now) -> None:
        self._folder = data_dir / FOLDER
        self._clock = clock
        self._lock = threading.Lock()

    def note(self, seal: Seal, *, epoch: int | None = None) -> None:
        """Append a head, on the disk before this returns. A file that cannot be written is logged and stops nothing.

        `epoch` is the hospital's; central's chains have none.
        """
        now = self._clock()
        line = json.dumps(
            {
                "chain": seal.body.chain,
                "sequence": seal.body.sequence,
                **({} if epoch is None else {"epoch": epoch}),
                "digest": to_base64url(seal.digest),
                "kid": seal.kid,
                "signature": seal.signature,
                "noted_at": now.isoformat(),
            }
        )
        log.info("audit.head", chain=seal.body.chain, sequence=seal.body.sequence, digest=to_base64url(seal.digest))
        path = self._folder / f"heads-{now:%Y-%m}.jsonl"
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
                    yield _read(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    log.warning("audit.head_unreadable", file=path.name)


def _read(said: dict[str, Any]) -> NotedHead:
    noted_at = datetime.fromisoformat(said["noted_at"]) if "noted_at" in said else None
    # A line from before epochs were noted is from before any restore was on record.
    return NotedHead(
        str(said["chain"]), int(said["sequence"]), str(said["digest"]), int(said.get("epoch", 1)), noted_at
    )


def head_files(data_dir: Path) -> list[Path]:
    """The files of a data folder, oldest first."""
    return sorted((data_dir / FOLDER).glob("heads-*.jsonl"))
