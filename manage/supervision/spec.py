"""What the supervisor is told about a process or a server."""

import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """A process that must always run.

    `environment` is the whole environment, nothing is inherited, so that a process sees the secrets meant for it alone.
    `ready` is a URL on loopback that answers 200 when the process can work; without one it is ready when it has lived a
    second. `ready_seconds` is how long the first start may take until `sokham up` gives up. `stop_signal` asks it to
    drain; after `stop_seconds` it is killed.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    ready: str | None = None
    ready_seconds: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"a process's name is made of lower-case letters, digits and hyphens: {self.name!r}")


class Server(Protocol):
    """A server that is no child of ours, such as EmbeddedPostgres: `start` adopts one that runs."""

    name: str

    def start(self) -> object:
        """Start or adopt, and wait until it answers. Raises SokhamError."""

    def stop(self) -> None:
        """Stop, by force if need be. Raises SokhamError."""

    def is_running(self) -> bool:
        """Whether it lives; cheap."""
