"""What central learns of a patient: where they have a book and how to reach them, never what is in it."""

from collections.abc import Mapping
from typing import Final

from central.patient_index.public import Identifier
from kernel.database.unit_of_work import UnitOfWork
from tenant_app.outbox.public import PATIENT, Snapshot, patient_payload, publish
from tenant_app.patients.models import Patient

REGISTERED: Final = "patient.registered"
UPDATED: Final = "patient.updated"
REPUBLISHED: Final = "patient.republished"


def tell_central(*, uow: UnitOfWork, event_type: str, patient: Patient, identifiers: Mapping[str, str]) -> None:
    """A snapshot with the patient's version; the newest wins at central, so order does not matter."""
    publish(uow=uow, **snapshot(event_type=event_type, patient=patient, identifiers=identifiers)._asdict())


def snapshot(*, event_type: str, patient: Patient, identifiers: Mapping[str, str]) -> Snapshot:
    """What central is told of a patient as they are now."""
    return Snapshot(
        aggregate_type=PATIENT,
        aggregate_id=patient.id,
        event_type=event_type,
        n=patient.version,
        payload=patient_payload(
            patient_global_id=patient.patient_global_id,
            status=patient.status,
            full_name=patient.full_name,
            date_of_birth=patient.date_of_birth,
            gender=patient.gender,
            phone=patient.phone,
            email=patient.email,
            identifiers=[Identifier(system, value) for system, value in sorted(identifiers.items())],
        ),
    )
