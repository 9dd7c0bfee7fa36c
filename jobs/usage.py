"""Tells central how much each hospital is used."""

from jobs.hospitals import EachHospital, OpenHospital
from jobs.housekeeping import ROUND_SECONDS, require_all
from jobs.job import Run
from kernel.clock import Clock, utc_now
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from tenant_app.usage.public import count_days

log = get_logger(__name__)


class CountingUsage:
    """Counts the days of every hospital, each in one transaction with the events that tell of them."""

    def __init__(self, *, hospital: OpenHospital, hospitals: EachHospital, clock: Clock = utc_now) -> None:
        self._hospital = hospital
        self._hospitals = hospitals
        self._clock = clock

    def run(self, run: Run) -> None:
        """Every hospital. Raises HospitalsLeftOut; the next run counts what was left out."""
        require_all(self._hospitals.do(self._one, run, seconds=min(ROUND_SECONDS, run.seconds_left)))

    def _one(self, tenant: TenantId, _run: Run) -> None:
        with self._hospital(tenant) as uow:
            days = count_days(uow=uow, now=self._clock())
            uow.commit()
        if days:
            log.info("usage.counted", tenant=tenant, days=days)
