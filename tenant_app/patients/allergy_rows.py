"""Keeps the rows of allergies in step with a patient's list of substances; the services call it, nobody else."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import new_row_id
from tenant_app.patients.models import PatientAllergy


def follow(*, uow: UnitOfWork, patient_id: UUID, substances: Iterable[str], staff: UUID | None, now: datetime) -> None:
    """End the rows of what the list has no longer, and add rows, of unknown severity, for what it has more."""
    current = uow.session.scalars(
        select(PatientAllergy).where(PatientAllergy.patient_id == patient_id, PatientAllergy.ended_at.is_(None))
    )
    rows = {row.substance.lower(): row for row in current}
    wanted = {substance.lower(): substance for substance in substances}
    for key, row in rows.items():
        if key not in wanted:
            row.ended_at, row.ended_by, row.end_reason = now, staff, "ended"
    for key, substance in wanted.items():
        if key not in rows:
            uow.session.add(
                PatientAllergy(id=new_row_id(), patient_id=patient_id, substance=substance, created_by=staff)
            )
