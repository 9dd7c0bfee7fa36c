"""What other folders may use of patients."""

from tenant_app.patients.allergies import (
    AllergyRow,
    NoneKnown,
    allergies_of,
    end_allergy,
    none_known,
    note_allergy,
    state_none_known,
)
from tenant_app.patients.duplicates import Alike, alike
from tenant_app.patients.errors import (
    AllergiesKnown,
    AllergyEnded,
    IdentifierEnded,
    IdentifierInUse,
    MismatchToConfirm,
    PatientInactive,
)
from tenant_app.patients.identifier_rules import read_bhyt
from tenant_app.patients.identifiers import (
    IdentifierRow,
    add_identifier,
    correct_identifier,
    end_identifier,
    identifier_history,
)
from tenant_app.patients.likeness import REASONS as LIKENESS
from tenant_app.patients.models import BLOOD_TYPES, GENDERS, SEVERITIES, Patient, PatientIdentifier
from tenant_app.patients.queries import PatientRecord, PatientRow, PortalState, patient_record, portal_state
from tenant_app.patients.rules import SearchTerms, parse_phone, read_search
from tenant_app.patients.service import Registration, change, read, register, search, wrong_with

__all__ = [
    "BLOOD_TYPES",
    "GENDERS",
    "LIKENESS",
    "SEVERITIES",
    "Alike",
    "AllergiesKnown",
    "AllergyEnded",
    "AllergyRow",
    "IdentifierEnded",
    "IdentifierInUse",
    "IdentifierRow",
    "MismatchToConfirm",
    "NoneKnown",
    "Patient",
    "PatientIdentifier",
    "PatientInactive",
    "PatientRecord",
    "PatientRow",
    "PortalState",
    "Registration",
    "SearchTerms",
    "add_identifier",
    "alike",
    "allergies_of",
    "change",
    "correct_identifier",
    "end_allergy",
    "end_identifier",
    "identifier_history",
    "none_known",
    "note_allergy",
    "parse_phone",
    "patient_record",
    "portal_state",
    "read",
    "read_bhyt",
    "read_search",
    "register",
    "search",
    "state_none_known",
    "wrong_with",
]
