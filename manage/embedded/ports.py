"""Ports on loopback."""

import socket
from collections.abc import Callable
from typing import TypeVar

from manage.embedded.addresses import ServerFailed
from manage.errors import PortTaken

LOOPBACK = "127.0.0.1"
ATTEMPTS = 5

Started = TypeVar("Started")


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this port of loopback now."""
    with socket.socket() as probe:
        # Servers set this too; without it a connection closed a moment ago would look like a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that was free a moment ago. Another program may take it before we do: start again then."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def on_a_port(start: Callable[[int], Started], *, wanted: int | None, last: int | None, purpose: str) -> Started:
    """What `start` gives for the port wanted; without one for the last port while it is free, else for a free one.

    Raises PortTaken when the port wanted is taken, and what `start` raises while its port is still free.
    """
    for attempt in range(ATTEMPTS):
        port = wanted or (last if last and not attempt and port_is_free(last) else free_port())
        if port_is_free(port):
            try:
                return start(port)
            except ServerFailed:
                # Between our look and its start another program may have taken the port.
                if port_is_free(port):
                    raise
        if wanted:
            raise PortTaken(port, purpose=purpose, remedy="Stop that program, or choose another port.") from None
    raise ServerFailed(f"No free port for {purpose} was found in {ATTEMPTS} attempts.")
