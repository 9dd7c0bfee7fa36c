"""The same work in every hospital, side by side: one that is away holds up no other."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from central.router.public import RoutesUnavailable, TenantRouter, TenantSummary
from jobs.job import Run
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import SokhamError
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter

log = get_logger(__name__)

FAILED = Counter("sokham_job_hospitals_failed", "Hospitals in which a job failed", ["job", "error"])

Work = Callable[[TenantId, Run], None]
OpenHospital = Callable[[TenantId], UnitOfWork]


@dataclass
class Round:
    """What became of one round over all hospitals. `late` are still at it, and are left out of the next round."""

    done: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)


class EachHospital:
    """Runs one job's work in every active hospital on a few threads of its own."""

    def __init__(self, *, job: str, router: TenantRouter, threads: int = 4) -> None:
        self._job = job
        self._router = router
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"{job}-hospital")
        self._known: list[TenantSummary] = []
        self._under_way: dict[TenantId, Future[None]] = {}
        self._told: dict[str, str] = {}

    def do(self, work: Work, run: Run, *, seconds: float) -> Round:
        """Do `work` in each hospital and wait at most `seconds` for all of them. Never raises for one hospital.

        A hospital in which the work of an earlier round has not ended is left out, so a stuck one costs one thread and
        only until its time-outs end it.
        """
        self._forget_ended()
        round_ = Round()
        codes: dict[Future[None], str] = {}
        for hospital in self._hospitals():
            tenant = TenantId.parse(hospital.tenant_id)
            if tenant in self._under_way:
                round_.late.append(hospital.tenant_code)
                continue
            future = self._pool.submit(self._one, work, tenant, run)
            self._under_way[tenant] = future
            codes[future] = hospital.tenant_code
        deadline = time.monotonic() + seconds
        pending = set(codes)
        while pending and not run.stopping and (left := deadline - time.monotonic()) > 0:
            _, pending = wait(pending, timeout=min(left, 0.5))
        for future, code in codes.items():
            if not future.done() or future.cancelled():
                round_.late.append(code)
            elif (error := future.exception()) is not None:
                round_.failed[code] = error.code if isinstance(error, SokhamError) else type(error).__name__
            else:
                round_.done += 1
        self._tell(round_)
        return round_

    def close(self) -> None:
        """Begin nothing more; what runs ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _one(self, work: Work, tenant: TenantId, run: Run) -> None:
        run.check()
        work(tenant, run)

    def _hospitals(self) -> Sequence[TenantSummary]:
        """Active hospitals; those known from before while central is away."""
        try:
            self._known = [each for each in self._router.tenants() if each.status == "active"]
        except RoutesUnavailable:
            log.warning("jobs.hospitals_from_memory", hospitals=len(self._known))
        return self._known

    def _forget_ended(self) -> None:
        self._under_way = {tenant: future for tenant, future in self._under_way.items() if not future.done()}

    def _tell(self, round_: Round) -> None:
        """Log what changed since the last round: a hospital that is away for a day is one line, not forty thousand."""
        now = round_.failed | dict.fromkeys(round_.late, "late")
        for code, error in now.items():
            FAILED.labels(self._job, error).inc()
            if self._told.get(code) != error:
                log.warning("jobs.hospital_failed", job=self._job, hospital=code, error=error)
        for code in self._told.keys() - now.keys():
            log.info("jobs.hospital_well_again", job=self._job, hospital=code)
        self._told = now
