"""`sokham up` as a whole, with the processes and steps of a test."""

import os
import signal
import socket

import psutil
import psycopg
import pytest
from redis import Redis

from manage.embedded.postgres import EmbeddedPostgres
from manage.embedded.redis import EmbeddedRedis
from tests.support.running import Ups, free_port_base
from tests.support.waiting import wait_until


def test_starts_servers_steps_and_processes_and_stops_them_in_reverse(ups: Ups) -> None:
    base = free_port_base()
    up = ups.up(
        processes=[ups.child("first", port=base), ups.child("second", port=base + 1)],
        steps=["quick"],
        environment={},
        options=["--port-base", str(base)],
    )
    said = up.is_ready()
    for text in (
        "✓ PostgreSQL",
        "✓ Redis",
        "✓ A quick step",
        f"http://127.0.0.1:{base + 2}",
        "bs.lan",
        "demo-password",
    ):
        assert text in said
    assert str(ups.data_dir.logs) in said
    with psycopg.connect(EmbeddedPostgres(ups.data_dir.postgres).address().conninfo()) as connection:
        connection.execute("CREATE TABLE kept ()")
    address = EmbeddedRedis(ups.data_dir.redis).address()
    with Redis.from_url(address.url()) as client:
        assert client.ping()
    up.process.send_signal(signal.SIGTERM)
    assert up.ends() == 0
    words = ["second stopped", "first stopped", "redis stopped", "postgres stopped"]
    assert sorted(words, key=up.output.index) == words
    assert [name for name, *_ in ups.events("stop")] == ["second", "first"]
    assert not EmbeddedPostgres(ups.data_dir.postgres).is_running()
    assert not EmbeddedRedis(ups.data_dir.redis).is_running()
    assert not ups.supervised()
    assert address.password not in up.output

    again = ups.up(environment={})
    again.is_ready()
    with psycopg.connect(EmbeddedPostgres(ups.data_dir.postgres).address().conninfo()) as connection:
        connection.execute("SELECT FROM kept")
    again.process.send_signal(signal.SIGINT)
    assert again.ends() == 0


def test_servers_of_your_own_are_not_started(ups: Ups) -> None:
    up = ups.up()
    said = up.is_ready()
    assert "your own server" in said
    assert "✓ PostgreSQL" not in said
    assert not EmbeddedPostgres(ups.data_dir.postgres).is_running()


def test_two_on_one_folder_refuse(ups: Ups) -> None:
    first = ups.up()
    first.is_ready()
    second = ups.up()
    assert second.ends() == 1
    assert "already runs" in second.output
    assert str(first.process.pid) in second.output
    assert first.process.poll() is None


def test_a_taken_port_is_named_with_the_way_out(ups: Ups) -> None:
    base = free_port_base()
    with socket.create_server(("127.0.0.1", base + 1)):
        up = ups.up(environment={}, options=["--port-base", str(base)])
        assert up.ends() == 1
    assert f"Port {base + 1}" in up.output
    assert "--port-base" in up.output
    assert not EmbeddedPostgres(ups.data_dir.postgres).is_running()


def test_a_wrong_port_is_wrong_usage(ups: Ups) -> None:
    assert ups.up(options=["--port-base", "70000"]).ends() == 2


def test_a_step_that_fails_stops_the_servers(ups: Ups) -> None:
    up = ups.up(steps=["quick", "fails"], environment={})
    assert up.ends() == 1
    assert "mend it" in up.output
    assert "✗ A fails step" in up.output
    assert not EmbeddedPostgres(ups.data_dir.postgres).is_running()


def test_a_step_can_be_broken_off(ups: Ups) -> None:
    up = ups.up(steps=["quick", "slow"], environment={})
    up.says("✓ A quick step")
    up.process.send_signal(signal.SIGTERM)
    assert up.ends() == 1
    assert "Stopped before everything was ready" in up.output
    assert not EmbeddedPostgres(ups.data_dir.postgres).is_running()


def test_a_process_that_never_gets_ready_fails_the_start(ups: Ups) -> None:
    up = ups.up(processes=[ups.child("good"), ups.child("bad", "fails", ready_seconds=1.2)])
    assert up.ends() == 1
    assert "bad died (exit 3)" in up.output
    assert "bad is not ready after 1 s" in up.output
    assert [name for name, *_ in ups.events("stop")] == ["good"]


def test_folder_is_closed_to_others(ups: Ups) -> None:
    up = ups.up(processes=[ups.child("quiet")])
    up.is_ready()
    inside = [path for path in ups.data_dir.path.rglob("*") if not path.is_symlink()]
    assert ups.data_dir.path.stat().st_mode & 0o077 == 0
    assert (ups.data_dir.logs / "quiet.log") in inside
    assert all(path.stat().st_mode & 0o077 == 0 for path in inside if path.suffix == ".log" or path.is_dir())


@pytest.mark.faults
def test_a_server_that_dies_is_restarted_where_it_was(ups: Ups) -> None:
    up = ups.up(environment={})
    up.is_ready()
    server = EmbeddedPostgres(ups.data_dir.postgres)
    before = server.address()
    number = _postmaster(ups)
    os.kill(number, signal.SIGKILL)
    up.says("postgres died")
    up.says("postgres is ready")
    assert server.address() == before
    assert _postmaster(ups) != number


@pytest.mark.faults
def test_after_kill_9_the_next_one_adopts_the_servers(ups: Ups) -> None:
    up = ups.up(processes=[ups.child("worker")], environment={})
    up.is_ready()
    number, worker = _postmaster(ups), ups.events("start")[0][1]
    up.process.kill()
    up.ends()
    assert psutil.pid_exists(number)
    again = ups.up(processes=[ups.child("worker")], environment={})
    said = again.is_ready()
    assert f"Ended what an earlier run left: worker ({worker})" in said
    assert _postmaster(ups) == number
    assert len(ups.supervised()) == 1
    again.process.send_signal(signal.SIGTERM)
    assert again.ends() == 0
    wait_until(lambda: not EmbeddedPostgres(ups.data_dir.postgres).is_running())


def _postmaster(ups: Ups) -> int:
    home = EmbeddedPostgres(ups.data_dir.postgres).data_path
    assert home is not None
    return int((home / "data" / "postmaster.pid").read_text(encoding="ascii").split("\n")[0])
