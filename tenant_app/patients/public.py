"""What other folders may use of patients."""

from tenant_app.patients.errors import IdentifierEnded, IdentifierInUse, MismatchToConfirm, PatientInactive
from tenant_app.patients.identifier_rules import read_bhyt
from tenant_app.patients.identifiers import (
    IdentifierRow,
    add_identifier,
    correct_identifier,
    end_identifier,
    identifier_history,
)
from tenant_app.patients.models import BLOOD_TYPES, GENDERS, Patient, PatientIdentifier
from tenant_app.patients.queries import PatientRecord, PatientRow, PortalState, patient_record, portal_state
from tenant_app.patients.rules import SearchTerms, parse_phone, read_search
from tenant_app.patients.service import Registration, change, read, register, search, wrong_with

__all__ = [
    "BLOOD_TYPES",
    "GENDERS",
    "IdentifierEnded",
    "IdentifierInUse",
    "IdentifierRow",
    "MismatchToConfirm",
    "Patient",
    "PatientIdentifier",
    "PatientInactive",
    "PatientRecord",
    "PatientRow",
    "PortalState",
    "Registration",
    "SearchTerms",
    "add_identifier",
    "change",
    "correct_identifier",
    "end_identifier",
    "identifier_history",
    "parse_phone",
    "patient_record",
    "portal_state",
    "read",
    "read_bhyt",
    "read_search",
    "register",
    "search",
    "wrong_with",
]
