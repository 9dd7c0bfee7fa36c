"""What other folders may use of patients."""

from tenant_app.patients.errors import IdentifierInUse, MismatchToConfirm, PatientInactive
from tenant_app.patients.models import BLOOD_TYPES, GENDERS, Patient, PatientIdentifier
from tenant_app.patients.queries import PatientRecord, PatientRow, PortalState, patient_record, portal_state
from tenant_app.patients.rules import SearchTerms, parse_phone, read_search
from tenant_app.patients.service import Registration, change, read, register, search, wrong_with

__all__ = [
    "BLOOD_TYPES",
    "GENDERS",
    "IdentifierInUse",
    "MismatchToConfirm",
    "Patient",
    "PatientIdentifier",
    "PatientInactive",
    "PatientRecord",
    "PatientRow",
    "PortalState",
    "Registration",
    "SearchTerms",
    "change",
    "parse_phone",
    "patient_record",
    "portal_state",
    "read",
    "read_search",
    "register",
    "search",
    "wrong_with",
]
