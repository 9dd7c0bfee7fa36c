"""Looks through each hospital's audit log for access that stands out."""

from jobs.hospitals import EachHospital, OpenHospital
from jobs.housekeeping import ROUND_SECONDS, require_all
from jobs.job import Run
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter
from tenant_app.live.public import announce, notices_changed
from tenant_app.unusual.public import watch

log = get_logger(__name__)

FOUND = Counter("sokham_unusual_access_found", "Findings of unusual access", ["kind"])


class Watching:
    """Takes what is new in every hospital's log, some thousand rows in a transaction."""

    def __init__(self, *, hospital: OpenHospital, hospitals: EachHospital) -> None:
        self._hospital = hospital
        self._hospitals = hospitals

    def run(self, run: Run) -> None:
        """Every hospital. Raises HospitalsLeftOut; what was taken stays taken, and the next run goes on there."""
        require_all(self._hospitals.do(self._one, run, seconds=min(ROUND_SECONDS, run.seconds_left)))

    def _one(self, tenant: TenantId, run: Run) -> None:
        more = True
        while more:
            run.check()
            with self._hospital(tenant) as uow:
                done = watch(uow=uow)
                if done.found:
                    announce(uow, notices_changed())
                uow.commit()
            for kind, count in done.found.items():
                FOUND.labels(kind).inc(count)
            if done.found:
                log.warning("access.unusual", tenant=tenant, **done.found)
            more = done.more
