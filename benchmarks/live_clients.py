"""A thousand browser windows in a process of their own: plain sockets and one selector, so that they cost little.

A program: reads `{port, origin, clients: [[hospital, cookie, topic], …]}` as a line of JSON, connects them all, and
prints `ready`. For each line `N` (a hospital's number) after that it answers `go`, and then the monotonic moment at
which the last of that hospital's windows heard a change. The end of its input ends it.
"""

import base64
import json
import os
import selectors
import socket
import sys
import time
from collections.abc import Iterator

_KEY = base64.b64encode(b"sixteen bytes...").decode()
WAIT_SECONDS = 20.0


class Window:
    """One websocket. The server's frames are short and come whole: no fragments, no masks."""

    def __init__(self, *, port: int, origin: str, hospital: int, cookie: str, topic: str) -> None:
        self.hospital = hospital
        self.held = bytearray()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(
            f"GET /live/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {origin}\r\n"
            f"Cookie: sokham_staff_session={cookie}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self.held:
            self._receive()
        head, _, rest = bytes(self.held).partition(b"\r\n\r\n")
        if b" 101 " not in head:
            raise RuntimeError(head.decode(errors="replace"))
        self.held = bytearray(rest)
        self._until("0{")
        self.say("40")
        self._until("40")
        self.say(f"420{json.dumps(['follow', {'topics': [topic], 'since': ''}])}")
        self._until("430")

    def say(self, text: str) -> None:
        """A masked frame, as clients send them."""
        data, mask = text.encode(), os.urandom(4)
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        self.socket.sendall(b"\x81" + length + mask + bytes(each ^ mask[at % 4] for at, each in enumerate(data)))

    def words(self) -> Iterator[str]:
        """Those that are here whole by now."""
        while len(self.held) >= 2:
            length, begin = self.held[1] & 0x7F, 2
            if length == 126:
                length, begin = int.from_bytes(self.held[2:4], "big"), 4
            if len(self.held) < begin + length:
                return
            word = bytes(self.held[begin : begin + length]).decode()
            del self.held[: begin + length]
            if word == "2":
                self.say("3")
            else:
                yield word

    def hear(self) -> bool:
        """After the selector said that something came: whether a change is among it."""
        self._receive()
        return any('"changed"' in word for word in self.words())

    def _until(self, beginning: str) -> None:
        while not any(word.startswith(beginning) for word in self.words()):
            self._receive()

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server ended a connection")
        self.held += data


def main() -> None:
    """Run what the input says."""
    told = json.loads(sys.stdin.readline())
    selector, members = selectors.DefaultSelector(), dict[int, int]()
    for hospital, cookie, topic in told["clients"]:
        window = Window(port=told["port"], origin=told["origin"], hospital=hospital, cookie=cookie, topic=topic)
        selector.register(window.socket, selectors.EVENT_READ, window)
        members[hospital] = members.get(hospital, 0) + 1
    selector.register(sys.stdin, selectors.EVENT_READ)
    print("ready", flush=True)
    wanted, missing = -1, 0
    while True:
        for key, _ in selector.select():
            if key.data is None:
                line = sys.stdin.readline()
                if not line:
                    return
                wanted, missing = int(line), members[int(line)]
                print("go", flush=True)
            elif key.data.hear() and key.data.hospital == wanted:
                missing -= 1
                if missing == 0:
                    print(time.monotonic(), flush=True)


if __name__ == "__main__":
    main()
