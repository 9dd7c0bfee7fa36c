"""The embedded Redis, for real."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from manage.embedded.account import server_account
from manage.embedded.addresses import RedisAddress, ServerFailed
from manage.embedded.redis import EmbeddedRedis
from manage.errors import PortTaken
from tests.support.waiting import wait_until

Running = tuple[EmbeddedRedis, RedisAddress]


def home_of(server: EmbeddedRedis) -> Path:
    assert server.data_path is not None
    return server.data_path


def pid_of(server: EmbeddedRedis) -> int:
    return int((home_of(server) / "redis.pid").read_text(encoding="ascii"))


def config(address: RedisAddress, name: str) -> str:
    with Redis.from_url(address.url()) as client:
        value: str = client.config_get(name)[name]
    return value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bind", "127.0.0.1"),
        ("appendonly", "no"),
        ("save", ""),
        ("maxmemory", str(256 * 1024 * 1024)),
        ("maxmemory-policy", "volatile-lru"),
        ("protected-mode", "yes"),
    ],
)
def test_is_configured_as_the_project_needs(running_redis: Running, name: str, value: str) -> None:
    assert config(running_redis[1], name) == value


@pytest.mark.parametrize("password", ["wrong", None])
def test_refuses_a_wrong_password(running_redis: Running, password: str | None) -> None:
    address = running_redis[1]
    with (
        Redis(host=address.host, port=address.port, password=password, retry=Retry(NoBackoff(), 0)) as client,
        pytest.raises(AuthenticationError),
    ):
        client.ping()


def test_listens_on_loopback_only_and_never_as_root(running_redis: Running) -> None:
    process = psutil.Process(pid_of(running_redis[0]))
    listening = [each.laddr for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN]
    assert [(each.ip, each.port) for each in listening] == [("127.0.0.1", running_redis[1].port)]
    assert process.uids().real == server_account().uid != 0


def test_password_is_in_closed_files_only(running_redis: Running) -> None:
    server, address = running_redis
    home = home_of(server)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home / "redis.conf", home.parent / "password")} == {0o600}
    arguments = " ".join(" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"]))
    assert address.password not in arguments
    assert address.password not in repr(address)
    assert address.password not in address.url(with_password=False)


def test_adopts_a_server_that_runs(redis: EmbeddedRedis, place: Path) -> None:
    address = redis.start()
    before = pid_of(redis)
    other = EmbeddedRedis(place / "redis", durable=False)
    assert other.start() == address == other.address()
    assert pid_of(other) == before


def test_restarts_a_server_whose_settings_are_others(redis: EmbeddedRedis, place: Path) -> None:
    before = redis.start()
    after = EmbeddedRedis(place / "redis", durable=False, max_memory_mb=64).start()
    assert after == before
    assert config(after, "maxmemory") == str(64 * 1024 * 1024)


@pytest.mark.parametrize("durable", [True, False])
def test_keeps_data_over_a_restart_only_when_durable(place: Path, durable: bool) -> None:
    server = EmbeddedRedis(place / "redis", durable=durable)
    try:
        address = server.start()
        with Redis.from_url(address.url()) as client:
            client.set("kept", "1")
        server.stop()
        assert not server.is_running()
        assert server.start() == address
        with Redis.from_url(address.url()) as client:
            assert client.get("kept") == (b"1" if durable else None)
    finally:
        server.destroy()


def test_says_which_port_is_taken(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = EmbeddedRedis(place / "redis", port=port, durable=False)
        with pytest.raises(PortTaken, match=str(port)):
            server.start()
        assert not server.is_running()


def test_a_pid_file_that_names_another_program_is_stale(redis: EmbeddedRedis) -> None:
    address = redis.start()
    redis.stop()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        server_account().write(home_of(redis) / "redis.pid", str(bystander.pid))
        assert not redis.is_running()
        assert redis.start() == address
        assert bystander.poll() is None
        bystander.communicate(b"\n")


def test_a_start_that_fails_shows_the_end_of_the_log(redis: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    redis.start()
    redis.stop()
    # A snapshot that cannot be read stops the start.
    server_account().write(home_of(redis) / "dump.rdb", "no snapshot")
    with pytest.raises(ServerFailed, match="Wrong signature"):
        redis.start()


def test_address_says_that_no_server_runs(redis: EmbeddedRedis) -> None:
    with pytest.raises(ServerFailed, match="sokham up"):
        redis.address()


def test_prefers_a_server_on_the_path_unless_it_is_too_old(
    redis: EmbeddedRedis, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = server_account()
    folder = place / "bin"
    folder.mkdir()
    folder.chmod(0o755)
    program = folder / "redis-server"
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    for version, preferred in (("7.4.1", True), ("5.0.3", False)):
        program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0'\n", encoding="ascii")
        program.chmod(0o755)
        assert (redis._program(account) == program) == preferred


@pytest.mark.faults
def test_starts_again_after_kill_9(redis: EmbeddedRedis) -> None:
    address = redis.start()
    os.kill(pid_of(redis), signal.SIGKILL)
    wait_until(lambda: not redis.is_running(), what="its death")
    assert redis.start() == address
    assert config(address, "appendonly") == "no"
