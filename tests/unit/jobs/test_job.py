"""Runs and retries."""

import threading
from datetime import timedelta

import pytest

from jobs.job import Job, Run, RunOver, retry_after


def test_a_run_ends_by_stop_by_a_lost_lease_and_by_time() -> None:
    now, stop = [0.0], threading.Event()
    run = Run(seconds=10, stop=stop, monotonic=lambda: now[0])
    run.check()
    now[0] = 10.0
    with pytest.raises(RunOver, match="time"):
        run.check()
    run.lose()
    with pytest.raises(RunOver, match="lease"):
        run.check()
    stop.set()
    with pytest.raises(RunOver, match="stop"):
        run.check()


def test_retries_double_up_to_the_usual_interval() -> None:
    job = Job(name="partitions", every=timedelta(minutes=1), run=lambda _run: None)
    waits = [retry_after(job, failures=failures).total_seconds() for failures in (1, 2, 3, 4, 5, 6, 200)]
    assert waits == [5, 10, 20, 40, 60, 60, 60]
    quick = Job(name="seal", every=timedelta(seconds=2), run=lambda _run: None)
    assert retry_after(quick, failures=9) == timedelta(seconds=2)
