"""Partitions made long before they are needed, and what has run out taken away: in central and in each hospital."""

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import func, select, text

from jobs.hospitals import EachHospital, OpenHospital, Round
from jobs.job import Run
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import SokhamError
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter

log = get_logger(__name__)

PRUNED = Counter("sokham_pruned_rows", "Rows that had run out and were deleted", ["where", "kind"])

# A year: long enough that somebody notices a job that does not run.
MONTHS_AHEAD: Final = 12
PRUNE_ROWS: Final = 2_000
# What a hospital's database has to be pruned by; central's has the first.
_CENTRAL: Final = ("prune_expired",)
_HOSPITAL: Final = (*_CENTRAL, "prune_patient_imports", "prune_reminders", "prune_notices")
# All hospitals together; the job's own limit is longer.
ROUND_SECONDS: Final = 600.0

OpenUow = Callable[[], UnitOfWork]


class HospitalsLeftOut(SokhamError):
    """The work was not done in some hospitals; they are in the log, and the job is tried again soon."""

    code = "hospitals_left_out"


class Partitions:
    """Makes the partitions of the audit logs a year ahead."""

    def __init__(self, *, central: OpenUow, hospital: OpenHospital, hospitals: EachHospital) -> None:
        self._central = central
        self._hospital = hospital
        self._hospitals = hospitals

    def run(self, run: Run) -> None:
        """Central, then every hospital. Raises HospitalsLeftOut, and what central's database raises."""
        with self._central() as uow:
            made = uow.session.execute(select(func.ensure_audit_partitions(MONTHS_AHEAD))).scalar_one()
            uow.commit()
        log.info("partitions.made", where="central", count=made)
        require_all(self._hospitals.do(self._one, run, seconds=min(ROUND_SECONDS, run.seconds_left)))

    def _one(self, tenant: TenantId, _run: Run) -> None:
        with self._hospital(tenant) as uow:
            made = uow.session.execute(select(func.audit_make_partitions(MONTHS_AHEAD))).scalar_one()
            uow.commit()
        if made:
            log.info("partitions.made", where="hospital", tenant=tenant, count=made)


class Pruning:
    """Deletes what has run out: sessions, refresh tokens, idempotency keys, links, invites, events, imports,
    reminders, notices.
    """

    def __init__(
        self, *, central: OpenUow, hospital: OpenHospital, hospitals: EachHospital, rows: int = PRUNE_ROWS
    ) -> None:
        self._central = central
        self._hospital = hospital
        self._hospitals = hospitals
        self._rows = rows

    def run(self, run: Run) -> None:
        """Central, then every hospital; a few rows in a transaction, so that nobody waits for it."""
        self._prune(self._central, run, _CENTRAL, where="central")
        require_all(self._hospitals.do(self._one, run, seconds=min(ROUND_SECONDS, run.seconds_left)))

    def _one(self, tenant: TenantId, run: Run) -> None:
        self._prune(lambda: self._hospital(tenant), run, _HOSPITAL, where="hospital")

    def _prune(self, open_uow: OpenUow, run: Run, functions: Sequence[str], *, where: str) -> None:
        for name in functions:
            call = select(text("kind"), text("removed")).select_from(getattr(func, name)(self._rows))
            more = True
            while more:
                run.check()
                with open_uow() as uow:
                    removed = uow.session.execute(call).all()
                    uow.commit()
                for kind, count in removed:
                    PRUNED.labels(where, kind).inc(count)
                more = any(count >= self._rows for _, count in removed)


def require_all(done: Round) -> None:
    """Raises HospitalsLeftOut where the work was not done everywhere."""
    if done.failed or done.late:
        raise HospitalsLeftOut(f"{len(done.failed)} failed, {len(done.late)} late")
