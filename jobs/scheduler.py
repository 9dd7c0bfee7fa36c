"""Runs jobs in time: a thread a job, so that a slow one holds up no other, and one runner a job among all processes.

APScheduler would add nothing here: what is hard is who runs, for how long that holds and what follows a failure, and
that is in the lease rows.
"""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jobs.job import JITTER, Job, Run, RunOver, retry_after
from jobs.leases import CentralAway, Lease, Leases
from kernel.errors import SokhamError
from kernel.telemetry import logs
from kernel.telemetry.metrics import Counter, Gauge, Histogram

log = logs.get_logger(__name__)

RUNS = Counter("sokham_job_runs", "Runs of jobs", ["job", "outcome"])
SECONDS = Histogram(
    "sokham_job_seconds", "Time of a run", ["job"], buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 15, 60, 300, 1800)
)
SUCCEEDED = Gauge(
    "sokham_job_succeeded_timestamp_seconds", "End of the last good run", ["job"], multiprocess_mode="max"
)

# How often somebody looks whether a job that runs seldom is due.
LOOK_SECONDS: Final = 15.0
BEAT_SECONDS: Final = 0.5


@dataclass(slots=True)
class _Held:
    job: Job
    lease: Lease
    run: Run
    renewed_at: float
    until: float


class Scheduler:
    """The jobs of one process. `start` returns at once; `stop` waits for the runs under way."""

    def __init__(self, *, jobs: Sequence[Job], leases: Leases, look_seconds: float = LOOK_SECONDS) -> None:
        self._jobs = list(jobs)
        self._leases = leases
        self._look_seconds = look_seconds
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()
        self._declared = False

    def start(self) -> None:
        """Begin. Central need not be there yet."""
        for job in self._jobs:
            self._threads.append(threading.Thread(target=self._keep_running, args=(job,), name=f"job-{job.name}"))
        self._threads.append(threading.Thread(target=self._keep_leases, name="job-leases"))
        for thread in self._threads:
            thread.start()
        log.info("jobs.started", jobs=[job.name for job in self._jobs], holder=self._leases.holder)

    def stop(self, *, seconds: float) -> bool:
        """Begin nothing more, let runs end at their next check; False when one did not within `seconds`."""
        self._stop.set()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        left = [thread.name for thread in self._threads if thread.is_alive()]
        log.info("jobs.stopped", left=left)
        return not left

    def _keep_running(self, job: Job) -> None:
        logs.bind(job=job.name)
        while not self._stop.is_set():
            try:
                seconds = self._turn(job)
            except Exception:
                # Whatever it was, the job must be tried again; the thread is all that does it.
                log.exception("jobs.turn_failed")
                seconds = self._look_seconds
            self._stop.wait(seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311 - spreads load, no secret.

    def _turn(self, job: Job) -> float:
        """Run the job if it is ours to run now; returns after how many seconds to look again."""
        look = min(job.every.total_seconds(), self._look_seconds)
        try:
            lease = self._take(job)
        except CentralAway:
            log.warning("jobs.central_away", alone=job.safe_twice)
            if job.safe_twice:
                self._run(job, Run(seconds=job.limit.total_seconds(), stop=self._stop))
            return look
        if lease is None:
            return look
        run = Run(seconds=job.limit.total_seconds(), stop=self._stop)
        with self._lock:
            now = time.monotonic()
            self._held[job.name] = _Held(job, lease, run, renewed_at=now, until=now + job.limit.total_seconds())
        try:
            error = self._run(job, run)
        finally:
            with self._lock:
                self._held.pop(job.name, None)
        return self._give_back(job, lease, error, look)

    def _take(self, job: Job) -> Lease | None:
        if not self._declared:
            self._leases.declare(each.name for each in self._jobs)
            self._declared = True
        return self._leases.take(job.name, seconds=job.lease.total_seconds())

    def _give_back(self, job: Job, lease: Lease, error: str | None, look: float) -> float:
        try:
            if error == "stop":
                ours = self._leases.release(lease)
            elif error is None:
                # Due at the earliest moment at which somebody looks again, or a look would be for nothing.
                ours = self._leases.finish(lease, next_in=job.every * (1 - JITTER), error=None)
            else:
                wait = retry_after(job, failures=lease.failures + 1)
                ours = self._leases.finish(lease, next_in=wait, error=error)
                look = min(look, wait.total_seconds())
        except CentralAway:
            # The lease runs out by itself.
            log.warning("jobs.central_away", alone=False)
        else:
            if not ours:
                log.warning("jobs.lease_lost", fence=lease.fence)
        return look

    def _run(self, job: Job, run: Run) -> str | None:
        """One run; None when it went well, else why not."""
        begun = time.monotonic()
        error: str | None = None
        try:
            job.run(run)
        except RunOver as over:
            error = over.why
            log.info("jobs.run_over", why=over.why)
        except SokhamError as err:
            error = err.code
            log.warning("jobs.failed", error=err.code, exc_info=True)
        except Exception as err:
            error = type(err).__name__
            log.exception("jobs.failed", error=error)
        seconds = time.monotonic() - begun
        RUNS.labels(job.name, error or "ok").inc()
        SECONDS.labels(job.name).observe(seconds)
        if error is None:
            SUCCEEDED.labels(job.name).set_to_current_time()
            log.debug("jobs.done", ms=round(seconds * 1000))
        return error

    def _keep_leases(self) -> None:
        """The heartbeat: renew what runs, each after a third of its lease; past its limit a run is left to others."""
        while not self._stop.wait(BEAT_SECONDS) or self._held:
            with self._lock:
                held = list(self._held.values())
            for each in held:
                lease_seconds = each.job.lease.total_seconds()
                now = time.monotonic()
                if now < each.renewed_at + lease_seconds / 3:
                    continue
                if now > each.until:
                    each.run.lose()
                    continue
                try:
                    if self._leases.renew(each.lease, seconds=lease_seconds):
                        each.renewed_at = now
                    else:
                        each.run.lose()
                except CentralAway:
                    if now > each.renewed_at + lease_seconds and not each.job.safe_twice:
                        each.run.lose()
            if self._stop.is_set():
                # While runs come to their end after a stop, the wait above returns at once.
                time.sleep(BEAT_SECONDS / 10)
