"""A load of GET requests: plain sockets and one selector, so that asking costs little beside answering.

A program: reads `{port, paths, headers, seconds, connections}` as JSON on its input and prints `{requests, seconds,
bad}`. The first half second warms up and is not counted.
"""

import itertools
import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

WARM_SECONDS = 0.5


@dataclass(eq=False)
class _Client:
    """One connection with at most one request on its way."""

    socket: socket.socket
    held: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        """Ask the next question."""
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status of a whole answer, or None while some of it is missing."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server ended a kept connection")
        self.held += data
        end = self.held.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = bytes(self.held[:end]).lower()
        at = head.index(b"content-length:") + len(b"content-length:")
        length = int(head[at : head.find(b"\r\n", at) if head.find(b"\r\n", at) >= 0 else None])
        if len(self.held) < end + 4 + length:
            return None
        status = int(head[9:12])
        del self.held[: end + 4 + length]
        return status


def main() -> None:
    """Run what the input says."""
    told = json.load(sys.stdin)
    more = "".join(f"{name}: {value}\r\n" for name, value in told["headers"].items())
    requests = itertools.cycle(
        [
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{told['port']}\r\nAccept: application/json\r\n{more}\r\n".encode()
            for path in told["paths"]
        ]
    )
    selector = selectors.DefaultSelector()
    for _ in range(told["connections"]):
        connection = socket.create_connection(("127.0.0.1", told["port"]), timeout=10)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = _Client(connection)
        selector.register(connection, selectors.EVENT_READ, client)
        client.send(next(requests))
    _turn(selector, requests, until=time.perf_counter() + WARM_SECONDS)
    started = time.perf_counter()
    answered, bad = _turn(selector, requests, until=started + told["seconds"])
    print(json.dumps({"requests": answered, "seconds": time.perf_counter() - started, "bad": bad}))


def _turn(selector: selectors.BaseSelector, requests: Iterator[bytes], *, until: float) -> tuple[int, int]:
    answered = bad = 0
    while time.perf_counter() < until:
        for key, _ in selector.select(timeout=0.2):
            client: _Client = key.data
            status = client.receive()
            if status is not None:
                answered += 1
                bad += status != 200
                client.send(next(requests))
    return answered, bad


if __name__ == "__main__":
    main()
