"""Processes that die, that do not want to die, and supervisors that are killed."""

import itertools
import json
import os
import random
import signal
import subprocess
import sys
from functools import partial

import psutil
import pytest

from tests.support.running import Up, Ups
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults


def starts_of(ups: Ups, name: str) -> list[int]:
    return [pid for each, pid, _ in ups.events("start") if each == name]


def has_started(ups: Ups, times: int) -> bool:
    return len(ups.events("start")) >= times


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def stop(up: Up) -> None:
    up.process.send_signal(signal.SIGTERM)
    assert up.ends() == 0


def test_a_process_that_is_killed_is_restarted(ups: Ups) -> None:
    up = ups.up(processes=[ups.child("a"), ups.child("b")])
    up.is_ready()
    os.kill(starts_of(ups, "a")[0], signal.SIGKILL)
    up.says("a died (killed by SIGKILL); start 2 in 0.5 s")
    up.says("a is ready", times=2)
    assert len(starts_of(ups, "a")) == 2
    assert len(starts_of(ups, "b")) == 1
    stop(up)
    assert not ups.supervised()


def test_restarts_wait_longer_each_time(ups: Ups) -> None:
    up = ups.up(processes=[ups.child("a", "fails")])
    up.says("start 4 in 2 s")
    times = [at for _, _, at in ups.events("start")]
    waits = [after - before for before, after in itertools.pairwise(times)]
    assert waits[0] >= 0.5
    assert waits[1] >= 1.0
    up.process.send_signal(signal.SIGTERM)
    assert up.ends() == 1


def test_a_program_that_does_not_exist_is_said(ups: Ups) -> None:
    up = ups.up(processes=[{"name": "a", "argv": ["/no/such/program"], "environment": {}, "ready_seconds": 0.2}])
    assert up.ends() == 1
    assert "a cannot be started (No such file or directory)" in up.output


def test_what_a_dead_process_started_dies_with_it(ups: Ups) -> None:
    up = ups.up(processes=[ups.child("a", "family")])
    up.is_ready()
    children = wait_until(lambda: starts_of(ups, "a-child"))
    os.kill(starts_of(ups, "a")[0], signal.SIGKILL)
    up.says("a died")
    wait_until(lambda: is_gone(children[0]), what="the end of its child")
    up.says("a is ready", times=2)
    stop(up)
    assert not ups.supervised()


def test_a_stubborn_process_is_killed_after_its_deadline_with_its_family(ups: Ups) -> None:
    processes = [ups.child("polite"), ups.child("mule", "stubborn", "family", stop_seconds=0.5), ups.child("last")]
    up = ups.up(processes=processes)
    up.is_ready()
    wait_until(lambda: starts_of(ups, "mule-child"))
    stop(up)
    assert [name for name, *_ in ups.events("stop")] == ["last", "polite"]
    assert "mule did not stop within" in up.output
    assert not ups.supervised()


def test_a_second_signal_hurries(ups: Ups) -> None:
    up = ups.up(processes=[ups.child("mule", "stubborn", stop_seconds=120)])
    up.is_ready()

    def again() -> bool:
        up.process.send_signal(signal.SIGINT)
        return up.process.poll() is not None

    wait_until(again, seconds=20, what="its end")
    assert "killed" in up.output


def test_a_process_sees_its_own_environment_only(ups: Ups) -> None:
    up = ups.up(processes=[{**ups.child("a"), "environment": {"ONLY": "this"}}])
    up.is_ready()
    environment = psutil.Process(starts_of(ups, "a")[0]).environ()
    assert environment == {"ONLY": "this", "SOKHAM_SUPERVISED_IN": str(ups.data_dir.run)}
    stop(up)


@pytest.mark.parametrize("lost", ["the pid file", "the mark", "nothing"])
def test_what_a_killed_supervisor_left_is_ended(ups: Ups, lost: str) -> None:
    child = ups.child("a", "family")
    if lost == "the mark":
        # Like a program that writes over its environment to change its title: the number and start time stay.
        child["argv"] = ["/usr/bin/env", "-i", *child["argv"]]
    up = ups.up(processes=[child])
    up.is_ready()
    old = starts_of(ups, "a")[0]
    wait_until(lambda: starts_of(ups, "a-child"))
    up.process.kill()
    up.ends()
    assert not is_gone(old)
    if lost == "the pid file":
        (ups.data_dir.run / "a.pid").unlink()
    again = ups.up(processes=[ups.child("a")])
    said = again.is_ready()
    assert f"({old})" in said
    assert is_gone(old)
    assert len(ups.supervised()) == 1
    for orphan in starts_of(ups, "a-child"):
        assert is_gone(orphan) or lost == "the mark"
        if not is_gone(orphan):
            psutil.Process(orphan).kill()
    stop(again)


def test_a_number_that_is_another_programs_now_is_left_alone(ups: Ups) -> None:
    ups.data_dir.create()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        started = psutil.Process(bystander.pid).create_time()
        for name, note in {
            "reused": json.dumps({"pid": bystander.pid, "started": started - 100}),
            "broken": "{",
            "empty": "",
            "odd": "[1]",
        }.items():
            (ups.data_dir.run / f"{name}.pid").write_text(note, encoding="utf-8")
        up = ups.up(processes=[ups.child("a")])
        assert "earlier run" not in up.is_ready()
        assert bystander.poll() is None
        assert [path.name for path in ups.data_dir.run.glob("*.pid")] == ["a.pid"]
        stop(up)
        bystander.communicate(b"\n")


def test_supervisors_killed_at_random_leave_one_of_each(ups: Ups) -> None:
    chance = random.Random(20261121)
    processes = [ups.child(name, "family") for name in ("a", "b", "c")]
    for _ in range(8):
        before = len(ups.events("start"))
        up = ups.up(processes=processes)
        # Killed after so many of its processes have started, which also means in the middle of cleaning up.
        wanted = before + chance.randint(0, 5)
        wait_until(partial(has_started, ups, wanted), what="the starts")
        up.process.kill()
        up.ends()
    last = ups.up(processes=processes)
    last.is_ready()
    wait_until(lambda: len(ups.supervised()) == 6, what="one of each")
    alive = {pid for name in ("a", "b", "c") for pid in starts_of(ups, name) if not is_gone(pid)}
    assert len(alive) == 3
    stop(last)
    assert not ups.supervised()
