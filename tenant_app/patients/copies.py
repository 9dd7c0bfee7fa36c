"""The patient's own copies of allergies and of the contact to call first, for the version before, which goes by them.

Nothing in this version reads them: the rows of patient_allergies and patient_contacts say what holds. They are written
here, and by the import (tenant_app.patient_imports.committing); the next version may stop, and drop both columns.
"""

from collections.abc import Iterable, Mapping

from tenant_app.patients.models import Patient


def copy_substances(patient: Patient, substances: Iterable[str]) -> None:
    """The substances of the allergies that hold."""
    patient.allergies = list(substances) or None


def copy_contact(patient: Patient, contact: Mapping[str, str] | None) -> None:
    """The contact to call first, as `KnownContact.details` has it."""
    patient.emergency_contact = dict(contact) if contact else None
