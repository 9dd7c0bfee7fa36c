"""A TCP proxy that can swallow everything, as a dead network does, or refuse."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator


class Proxy:
    """Forwards to (host, port). `swallow()` keeps connections open and forwards nothing; `forward()` ends that."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._swallowing = threading.Event()
        self._stopping = threading.Event()
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        address: tuple[str, int] = self._listener.getsockname()
        return address[1]

    def swallow(self) -> None:
        """From now on nothing passes, and nothing is refused."""
        self._swallowing.set()

    def forward(self) -> None:
        """Let everything pass again (connections that lost bytes stay broken)."""
        self._swallowing.clear()

    def close(self) -> None:
        """Stop."""
        self._stopping.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with contextlib.ExitStack() as stack:
            stack.enter_context(client)
            server = stack.enter_context(socket.create_connection(self._target))
            selector = stack.enter_context(selectors.DefaultSelector())
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while not self._stopping.is_set():
                for key, _ in selector.select(timeout=0.2):
                    source: socket.socket = key.fileobj  # type: ignore[assignment]  # only sockets are registered
                    try:
                        data = source.recv(65536)
                        if not data:
                            return
                        if not self._swallowing.is_set():
                            key.data.sendall(data)
                    except OSError:
                        return


@contextlib.contextmanager
def proxy_to(host: str, port: int) -> Iterator[Proxy]:
    """A proxy for the duration."""
    proxy = Proxy(host, port)
    try:
        yield proxy
    finally:
        proxy.close()
