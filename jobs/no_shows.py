"""Noting that somebody who was expected did not come, and telling whoever looks at that day."""

from typing import Final

from sqlalchemy import text

from jobs.hospitals import OpenHospital
from jobs.job import Run
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter
from tenant_app.live.public import announce, appointment_changed

log = get_logger(__name__)

NO_SHOWS = Counter("sokham_no_shows", "Appointments to which nobody came")

ROWS: Final = 200
_NOTE: Final = text("SELECT * FROM note_no_shows(:rows)")


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
                gone = uow.session.execute(_NOTE, {"rows": self._rows}).all()
                for row in gone:
                    told = appointment_changed(
                        appointment_id=row.appointment_id,
                        days=[row.appointment_date],
                        whose=[row.department_id, row.doctor_id],
                        version=row.version,
                    )
                    announce(uow, told)
                uow.commit()
            marked = len(gone)
            if marked:
                NO_SHOWS.inc(marked)
                log.info("appointments.no_shows", tenant=tenant, count=marked)
