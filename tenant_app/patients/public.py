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
from tenant_app.patients.contacts import (
    ContactRow,
    NewContact,
    add_contact,
    contacts_of,
    end_contact,
    set_call_first,
)
from tenant_app.patients.duplicates import Alike, alike, likely
from tenant_app.patients.errors import (
    AllergiesKnown,
    AllergyEnded,
    EntryEnded,
    IdentifierEnded,
    IdentifierInUse,
    MismatchToConfirm,
    PatientDeceased,
    PatientInactive,
    StatusNotAllowed,
)
from tenant_app.patients.events import REGISTERED
from tenant_app.patients.history import HistoryRow, NewHistory, end_history, note_history, read_history
from tenant_app.patients.identifier_rules import read_bhyt
from tenant_app.patients.identifiers import (
    IdentifierRow,
    add_identifier,
    correct_identifier,
    end_identifier,
    identifier_history,
)
from tenant_app.patients.insurance import CardRow, NewCard, cards_of, end_card, write_card
from tenant_app.patients.insurance_rules import card_state
from tenant_app.patients.likeness import REASONS as LIKENESS
from tenant_app.patients.models import BLOOD_TYPES, GENDERS, PATIENT_STATUSES, SEVERITIES, Patient, PatientIdentifier
from tenant_app.patients.narrowing import AGES, INSURANCES, Narrowing
from tenant_app.patients.queries import (
    KnownContact,
    PatientRecord,
    PatientRow,
    PortalState,
    patient_record,
    portal_state,
    rows_of,
)
from tenant_app.patients.record_models import HISTORY_KINDS
from tenant_app.patients.record_rules import lacks_guardian
from tenant_app.patients.rules import SearchTerms, parse_phone, read_search
from tenant_app.patients.service import (
    Registration,
    canonical_values,
    change,
    doubts,
    read,
    register,
    search,
    wrong_with,
)
from tenant_app.patients.status import StatusRow, set_status, status_history
from tenant_app.patients.status_rules import STATUS_REASONS, StatusChange, possible_statuses, refuse_closed

__all__ = [
    "AGES",
    "BLOOD_TYPES",
    "GENDERS",
    "HISTORY_KINDS",
    "INSURANCES",
    "LIKENESS",
    "PATIENT_STATUSES",
    "REGISTERED",
    "SEVERITIES",
    "STATUS_REASONS",
    "Alike",
    "AllergiesKnown",
    "AllergyEnded",
    "AllergyRow",
    "CardRow",
    "ContactRow",
    "EntryEnded",
    "HistoryRow",
    "IdentifierEnded",
    "IdentifierInUse",
    "IdentifierRow",
    "KnownContact",
    "MismatchToConfirm",
    "Narrowing",
    "NewCard",
    "NewContact",
    "NewHistory",
    "NoneKnown",
    "Patient",
    "PatientDeceased",
    "PatientIdentifier",
    "PatientInactive",
    "PatientRecord",
    "PatientRow",
    "PortalState",
    "Registration",
    "SearchTerms",
    "StatusChange",
    "StatusNotAllowed",
    "StatusRow",
    "add_contact",
    "add_identifier",
    "alike",
    "allergies_of",
    "canonical_values",
    "card_state",
    "cards_of",
    "change",
    "contacts_of",
    "correct_identifier",
    "doubts",
    "end_allergy",
    "end_card",
    "end_contact",
    "end_history",
    "end_identifier",
    "identifier_history",
    "lacks_guardian",
    "likely",
    "none_known",
    "note_allergy",
    "note_history",
    "parse_phone",
    "patient_record",
    "portal_state",
    "possible_statuses",
    "read",
    "read_bhyt",
    "read_history",
    "read_search",
    "refuse_closed",
    "register",
    "rows_of",
    "search",
    "set_call_first",
    "set_status",
    "state_none_known",
    "status_history",
    "write_card",
    "wrong_with",
]
