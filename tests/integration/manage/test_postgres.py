"""The embedded PostgreSQL, for real."""

import os
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from manage.embedded.account import Account, server_account
from manage.embedded.addresses import PostgresAddress, ServerFailed
from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.postgres_settings import PostgresSettings
from manage.errors import PortTaken
from tests.support.waiting import wait_until

Running = tuple[EmbeddedPostgres, PostgresAddress]


def one(address: PostgresAddress, query: str) -> object:
    with psycopg.connect(address.conninfo()) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def home_of(server: EmbeddedPostgres) -> Path:
    assert server.data_path is not None
    return server.data_path


def postmaster_of(server: EmbeddedPostgres) -> int:
    return int((home_of(server) / "data" / "postmaster.pid").read_text(encoding="ascii").split("\n")[0])


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("SELECT current_setting('server_version_num')::int / 10000", 18),
        ("SHOW server_encoding", "UTF8"),
        ("SHOW data_checksums", "on"),
        ("SHOW timezone", "UTC"),
        ("SHOW max_connections", "20"),
        ("SHOW password_encryption", "scram-sha-256"),
        ("SHOW listen_addresses", "127.0.0.1"),
        ("SELECT concat_ws(' ', datlocprovider, datlocale) FROM pg_database WHERE datname = 'template1'", "b C.UTF-8"),
        ("SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules WHERE error IS NULL", "scram-sha-256"),
        ("SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL", 0),
        ("SELECT substr(uuidv7()::text, 15, 1)", "7"),
    ],
)
def test_is_configured_as_the_project_needs(running_postgres: Running, query: str, answer: object) -> None:
    assert one(running_postgres[1], query) == answer


@pytest.mark.parametrize("way", ["loopback", "socket"])
@pytest.mark.parametrize("password", ["wrong", ""])
def test_refuses_a_wrong_password(running_postgres: Running, way: str, password: str) -> None:
    address = running_postgres[1]
    host = address.host if way == "loopback" else str(address.socket_dir)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host=host, port=address.port, user=address.superuser, password=password, dbname="postgres"
        ).close()


def test_lets_the_right_password_in_over_the_socket(running_postgres: Running) -> None:
    address = running_postgres[1]
    conninfo = psycopg.conninfo.make_conninfo(address.conninfo(), host=str(address.socket_dir))
    with psycopg.connect(conninfo) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_listens_on_loopback_only(running_postgres: Running) -> None:
    process = psutil.Process(postmaster_of(running_postgres[0]))
    listening = [each.laddr for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN]
    assert [(each.ip, each.port) for each in listening] == [("127.0.0.1", running_postgres[1].port)]


def test_never_runs_as_root(running_postgres: Running) -> None:
    assert psutil.Process(postmaster_of(running_postgres[0])).uids().real == server_account().uid != 0


def test_files_are_closed_to_others(running_postgres: Running) -> None:
    server, address = running_postgres
    home = home_of(server)
    assert mode_of(home.parent / "superuser.password") == 0o600
    assert {mode_of(folder) for folder in (home, home / "data", home / "log", address.socket_dir)} == {0o700}
    assert {mode_of(home / "data" / name) for name in ("pg_hba.conf", "sokham.conf", "postgresql.conf")} == {0o600}
    assert not (home / "initdb.password").exists()


def test_password_is_in_no_command_line_log_or_repr(running_postgres: Running) -> None:
    server, address = running_postgres
    arguments = " ".join(" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    assert address.password not in arguments
    texts = [path for folder in ("data", "log") for path in (home_of(server) / folder).glob("*.*") if path.is_file()]
    assert all(address.password.encode() not in path.read_bytes() for path in texts)
    assert address.password not in repr(address)


def test_log_holds_no_value_of_a_statement(running_postgres: Running) -> None:
    server, address = running_postgres
    number = "079203001234"
    with psycopg.connect(address.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE people (cccd text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES (%s)", [number])
        with pytest.raises(psycopg.errors.UniqueViolation, match=number):
            connection.execute("INSERT INTO people VALUES (%s)", [number])
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            # The value stands in the statement itself, as it does where somebody forgets the parameters.
            connection.execute(b"SELECT * FROM people WHERE cccd = '079203001234' AND 'x'::int = 1")
    assert server.log_path is not None
    logged = "".join(path.read_text(encoding="utf-8") for path in server.log_path.glob("*.log"))
    assert "duplicate key value" in logged
    assert number not in logged


def test_keeps_data_password_and_port_over_a_restart(postgres: EmbeddedPostgres, place: Path) -> None:
    first = postgres.start()
    with psycopg.connect(first.conninfo()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    postgres.stop()
    assert not postgres.is_running()
    again = EmbeddedPostgres(place / "postgres", durable=False, max_connections=20)
    assert again.start() == first
    assert one(first, "SELECT answer FROM kept") == 42


def test_adopts_a_server_that_runs(postgres: EmbeddedPostgres, place: Path) -> None:
    address = postgres.start()
    before = postmaster_of(postgres)
    other = EmbeddedPostgres(place / "postgres", durable=False, max_connections=20)
    assert other.is_running()
    assert other.address() == address
    assert other.start() == address
    assert postmaster_of(other) == before


def test_restarts_a_server_whose_settings_are_others(postgres: EmbeddedPostgres, place: Path) -> None:
    before = postgres.start()
    after = EmbeddedPostgres(place / "postgres", durable=False, max_connections=30).start()
    assert after == before
    assert one(after, "SHOW max_connections") == "30"


def test_two_starts_at_once_make_one_server(place: Path) -> None:
    servers = [EmbeddedPostgres(place / "postgres", durable=False) for _ in range(4)]
    try:
        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(lambda server: server.start(), servers))) == 1
    finally:
        servers[0].destroy()


def test_says_which_port_is_taken(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = EmbeddedPostgres(place / "postgres", port=port, durable=False)
        with pytest.raises(PortTaken, match=str(port)):
            server.start()
        assert not server.is_running()
    assert server.start().port == port
    server.destroy()


def test_takes_another_port_when_its_last_one_is_taken(postgres: EmbeddedPostgres, place: Path) -> None:
    before = postgres.start().port
    postgres.stop()
    with socket.create_server(("127.0.0.1", before)):
        assert EmbeddedPostgres(place / "postgres", durable=False).start().port != before


def test_a_pid_file_that_names_another_program_is_stale(postgres: EmbeddedPostgres) -> None:
    address = postgres.start()
    data = home_of(postgres) / "data"
    lines = (data / "postmaster.pid").read_text(encoding="ascii").split("\n")
    postgres.stop()
    account = server_account()
    # PostgreSQL itself refuses to start when a process of its own account has the number.
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        account.write(data / "postmaster.pid", "\n".join([str(bystander.pid), *lines[1:]]))
        assert not postgres.is_running()
        assert postgres.start() == address
        assert bystander.poll() is None
        bystander.communicate(b"\n")


def test_a_half_made_folder_is_made_anew(postgres: EmbeddedPostgres, place: Path) -> None:
    draft = place / "postgres" / "server" / "data.draft"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18", encoding="ascii")
    assert one(postgres.start(), "SELECT 1") == 1
    assert not draft.exists()


def test_refuses_data_of_another_version(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.stop()
    (home_of(postgres) / "data" / "PG_VERSION").write_text("16\n", encoding="ascii")
    with pytest.raises(ServerFailed, match="PostgreSQL 16"):
        postgres.start()


def test_a_start_that_fails_shows_the_end_of_the_log(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = PostgresSettings.render
    monkeypatch.setattr(PostgresSettings, "render", lambda self: render(self) + "no_such_setting = 1\n")
    with pytest.raises(ServerFailed, match="no_such_setting"):
        postgres.start()


def test_address_says_that_no_server_runs(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(ServerFailed, match="sokham up"):
        postgres.address()
    postgres.stop()
    postgres.destroy()


def test_data_go_where_the_account_can_reach_them(tmp_path: Path) -> None:
    # pytest's folders are 0700, as a data folder is: root's server must keep its data elsewhere.
    with_state = tmp_path / "closed"
    server = EmbeddedPostgres(with_state / "postgres", durable=False)
    try:
        assert one(server.start(), "SELECT 1") == 1
        inside = home_of(server).is_relative_to(with_state)
        assert inside == (not server_account().dropped)
        assert home_of(server).stat().st_uid == server_account().uid
        assert home_of(server).exists()
    finally:
        server.destroy()
    assert server.data_path is None or not server.data_path.exists()


def test_a_durable_server_rotates_its_log_and_refuses_replication(place: Path) -> None:
    server = EmbeddedPostgres(place / "postgres")
    try:
        address = server.start()
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry for replication"):
            psycopg.connect(address.conninfo(replication="true")).close()
        assert one(address, "SHOW fsync") == "on"
        assert one(address, "SHOW log_truncate_on_rotation") == "on"
        assert server.log_path is not None
        assert list(server.log_path.glob("postgresql-*.log"))
    finally:
        server.destroy()


def test_runs_for_an_ordinary_user(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = server_account()
    directory = place / "mine"
    directory.mkdir()
    account.own(directory)
    programs = EmbeddedPostgres(directory)._programs(account)
    # The user may not see this interpreter's files, so a fork of this process becomes the user; whatever Python loads
    # on first use must be there by then.
    before = EmbeddedPostgres(place / "before", durable=False)
    assert one(before.start(), "SELECT 1") == 1
    before.destroy()
    monkeypatch.setattr(EmbeddedPostgres, "_programs", lambda _self, _account: programs)
    child = os.fork()
    if child == 0:
        os._exit(_as_user(account, directory))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _as_user(account: Account, directory: Path) -> int:
    try:
        if account.dropped:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
        server = EmbeddedPostgres(directory, durable=False)
        address = server.start()
        inside = home_of(server) == directory / "server"
        right = one(address, "SELECT 1") == 1 and EmbeddedPostgres(directory, durable=False).start() == address
        server.destroy()
    except Exception as err:  # noqa: BLE001 - the exit code is all that the parent sees; it shows the cause here.
        print(repr(err), file=sys.stderr)  # noqa: T201 - seen when the test fails
        return 1
    return 0 if inside and right else 2


@pytest.mark.faults
def test_survives_kill_9_in_the_middle_of_work(place: Path, postgres: EmbeddedPostgres) -> None:
    postgres = EmbeddedPostgres(place / "postgres")  # A durable one; the fixture deletes it.
    address = postgres.start()
    data = home_of(postgres) / "data"
    with psycopg.connect(address.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE ledger (n int)")
        connection.execute("INSERT INTO ledger SELECT generate_series(1, 1000)")
        backend = psutil.Process(connection.info.backend_pid)
        os.kill(postmaster_of(postgres), signal.SIGKILL)
        wait_until(lambda: not postgres.is_running(), what="its death")
        assert (data / "postmaster.pid").exists()
        assert postgres.start() == address
        wait_until(
            lambda: not backend.is_running() or backend.status() == psutil.STATUS_ZOMBIE, what="the backend's end"
        )
    assert one(address, "SELECT count(*) FROM ledger") == 1000


@pytest.mark.faults
def test_stops_a_server_that_does_not_listen_to_reason(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.start()
    number = postmaster_of(postgres)
    monkeypatch.setattr(
        "manage.embedded.postgres.STOP_SIGNALS", ((signal.SIGINT, 0.2), (signal.SIGQUIT, 0.2), (signal.SIGKILL, 5.0))
    )
    os.kill(number, signal.SIGSTOP)
    postgres.stop()
    assert not postgres.is_running()
    assert not [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(home_of(postgres) / "data")]
