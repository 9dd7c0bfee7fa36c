"""The form of a patient's details: one reading of it for registering and for changing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from flask import request

from central.patient_index.public import Cccd, parse_cccd
from kernel.errors import InvalidFields
from tenant_app.pages.forms import MISSING, TOO_LONG, long_text, one_of, parse_day, typed
from tenant_app.patients.public import BLOOD_TYPES, GENDERS, PatientRecord, parse_phone, wrong_with
from tenant_app.patients.rules import Complaints

SYSTEMS: Final = ("cccd", "bhyt", "passport", "cmnd")
TEXTS: Final = ("full_name", "date_of_birth", "gender", "phone", "email", "address", "blood_type", "allergies")
MOST_ALLERGIES: Final = 50
LONGEST_ALLERGY: Final = 255
CONTACT: Final = ("contact_name", "contact_phone", "contact_relation")


@dataclass(kw_only=True)
class PatientForm:
    """What was typed, as typed, and what it means; `errors` are untranslated messages by field."""

    shown: dict[str, str] = field(repr=False)
    details: dict[str, Any] = field(default_factory=dict, repr=False)
    identifiers: dict[str, str] = field(default_factory=dict, repr=False)
    errors: dict[str, list[str]] = field(default_factory=dict)
    confirm_mismatch: bool = False


def read_form() -> PatientForm:
    """Read the posted form: what only a form can get wrong, and where there is that, what the service would refuse."""
    shown = {name: request.form.get(name, "").strip() for name in (*TEXTS, *SYSTEMS, *CONTACT)}
    complaints = Complaints()
    details: dict[str, Any] = {name: typed(name) or None for name in ("full_name", "phone", "email")}
    if not details["full_name"]:
        complaints.note(InvalidFields(errors={"full_name": [MISSING]}))
    born = shown["date_of_birth"]
    readers: dict[str, Callable[[], Any]] = {
        "date_of_birth": partial(parse_day, born, field="date_of_birth"),
        "gender": partial(one_of, "gender", GENDERS),
        "blood_type": partial(one_of, "blood_type", BLOOD_TYPES, required=False),
        "address": partial(long_text, "address", longest=500),
        "allergies": partial(_allergies, shown["allergies"]),
        "emergency_contact": partial(_contact, shown),
    }
    if not born:
        complaints.note(InvalidFields(errors={"date_of_birth": [MISSING]}))
        del readers["date_of_birth"]
    for name, reader in readers.items():
        details[name] = complaints.read(reader) or None
    identifiers = {system: shown[system] for system in SYSTEMS if shown[system]}
    if complaints.errors:
        complaints.note(InvalidFields(errors=wrong_with(details=details, identifiers=identifiers)))
    return PatientForm(
        shown=shown,
        details=details,
        identifiers=identifiers,
        errors=complaints.errors,
        confirm_mismatch=request.form.get("confirm_mismatch") == "1",
    )


def shown_values(record: PatientRecord) -> dict[str, str]:
    """A stored patient as the form shows them; the identifiers' fields are empty, which leaves them as they are."""
    patient, contact = record.patient, record.call_first or {}
    return {
        "full_name": patient.full_name,
        "date_of_birth": patient.date_of_birth.strftime("%d/%m/%Y"),
        "gender": patient.gender,
        "phone": patient.phone or "",
        "email": patient.email or "",
        "address": patient.address or "",
        "blood_type": patient.blood_type or "",
        "allergies": ", ".join(record.substances),
        "contact_name": contact.get("name", ""),
        "contact_phone": contact.get("phone", ""),
        "contact_relation": contact.get("relation", ""),
        **dict.fromkeys(SYSTEMS, ""),
    }


def cccd_of(text: str) -> Cccd | None:
    """The number, where what was typed is one."""
    try:
        return parse_cccd(text) if text.strip() else None
    except InvalidFields:
        return None


def _allergies(text: str) -> list[str]:
    words = [" ".join(word.split()) for word in text.replace(";", ",").replace("\n", ",").split(",")]
    found = list(dict.fromkeys(word for word in words if word))
    if len(found) > MOST_ALLERGIES or any(len(word) > LONGEST_ALLERGY for word in found):
        raise InvalidFields(errors={"allergies": [TOO_LONG]})
    return found


def _contact(shown: Mapping[str, str]) -> dict[str, str] | None:
    name, phone, relation = (" ".join(shown[field].split()) for field in CONTACT)
    if not (name or phone or relation):
        return None
    complaints = Complaints()
    for needed, value in (("contact_name", name), ("contact_phone", phone)):
        if not value:
            complaints.note(InvalidFields(errors={needed: [MISSING]}))
    number = complaints.read(lambda: parse_phone(phone, name="contact_phone")) if phone else None
    complaints.raise_any()
    contact = {"name": name[:255], "phone": number or "", "relation": relation[:100]}
    return {key: value for key, value in contact.items() if value}
