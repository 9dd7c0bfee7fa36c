"""A TCP proxy in a process of its own that can swallow everything, as a dead network does.

A program: `python -m benchmarks.wall HOST PORT`. It prints its own port, then obeys lines on its input: `swallow`,
`forward`, `cut` (end every connection). An answer `ok` follows each. In its own process it takes no time from the
threads that are measured. A connection's end towards the client closes only when the server has closed its own, so
that connections counted at the server are not counted twice while one replaces another.
"""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Wall:
    """The proxy, seen from outside."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.port = int(self._line())

    def swallow(self) -> None:
        """From now on nothing passes, and nothing is refused."""
        self._tell("swallow")

    def forward(self) -> None:
        """Let everything pass again; what was swallowed is lost."""
        self._tell("forward")

    def cut(self) -> None:
        """End every connection."""
        self._tell("cut")

    def _tell(self, what: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        assert self._line() == "ok"

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def wall_before(host: str, port: int) -> Iterator[Wall]:
    """A proxy for the duration."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.wall", host, str(port)],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Wall(process)
        finally:
            process.terminate()


class _Proxy:
    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._passing = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            match line.strip():
                case "swallow":
                    self._passing = False
                case "forward":
                    self._passing = True
                case "cut":
                    for writer in list(self._writers):
                        writer.transport.abort()
            print("ok", flush=True)

    async def _accept(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(*self._target)
        pair = (to_client, to_server)
        self._writers.update(pair)
        try:
            forth = asyncio.create_task(self._carry(from_client, to_server))
            await self._carry(from_server, to_client)
            forth.cancel()
        finally:
            for writer in pair:
                self._writers.discard(writer)
                writer.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if self._passing:
                    target.write(data)
                    await target.drain()
            # The other side is told that nothing more comes, and may still answer.
            target.write_eof()


if __name__ == "__main__":
    asyncio.run(_Proxy(sys.argv[1], int(sys.argv[2])).serve())
