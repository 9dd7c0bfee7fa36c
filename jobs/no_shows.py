"""Noting that somebody who was expected did not come."""

from typing import Final

from sqlalchemy import func, select

from jobs.hospitals import OpenHospital
from jobs.job import Run
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter

log = get_logger(__name__)

NO_SHOWS = Counter("sokham_no_shows", "Appointments to which nobody came")

ROWS: Final = 200


class NoShows:
    """Marks them, a few in a transaction. What was marked by another meanwhile is left alone."""

    def __init__(self, *, hospital: OpenHospital, rows: int = ROWS) -> None:
        self._hospital = hospital
        self._rows = rows

    def mark(self, tenant: TenantId, run: Run) -> None:
        """All of a hospital that are due. Raises what opening its database raises, and RunOver."""
        marked = self._rows
        while marked >= self._rows:
            run.check()
            with self._hospital(tenant) as uow:
                marked = uow.session.execute(select(func.mark_no_shows(self._rows))).scalar_one()
                uow.commit()
            if marked:
                NO_SHOWS.inc(marked)
                log.info("appointments.no_shows", tenant=tenant, count=marked)
