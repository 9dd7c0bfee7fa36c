"""What central learns of a patient: where they have a book and how to reach them, never what is in it."""

from typing import Final

from kernel.database.unit_of_work import UnitOfWork
from tenant_app.outbox.service import publish
from tenant_app.patients.models import Patient

REGISTERED: Final = "patient.registered"
UPDATED: Final = "patient.updated"


def tell_central(*, uow: UnitOfWork, event_type: str, patient: Patient, cccd: str | None) -> None:
    """A snapshot with the patient's version; the newest wins at central, so order does not matter."""
    publish(
        uow=uow,
        aggregate_type="patient",
        aggregate_id=patient.id,
        event_type=event_type,
        n=patient.version,
        payload={
            "full_name": patient.full_name,
            "phone": patient.phone,
            "email": patient.email,
            "cccd": cccd,
            "status": patient.status,
        },
    )
