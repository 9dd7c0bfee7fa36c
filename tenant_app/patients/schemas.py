"""Bodies and answers about patients."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import marshmallow as ma

from kernel.text import N_
from tenant_app.patients.models import BLOOD_TYPES, GENDERS, IDENTIFIER_SYSTEMS, PATIENT_STATUSES
from tenant_app.patients.narrowing import AGES, INSURANCES
from tenant_app.patients.queries import PatientRecord
from tenant_app.patients.service import wrong_with
from tenant_app.schemas import MAX_TEXT, Body, page_answer

BAD_WEIGHT: Final = N_("A weight is between 0.2 and 650 kg.")

_optional: Mapping[str, Any] = {"load_default": ma.missing, "allow_none": True}


def _weight(kilograms: Decimal) -> None:
    """A function, for the bounds of a Range would go into the OpenAPI document as decimals, which JSON has not."""
    if not Decimal("0.2") <= kilograms <= Decimal(650):
        raise ma.ValidationError(BAD_WEIGHT)


class ContactBody(Body):
    """Whom to call."""

    name = ma.fields.String(required=True, validate=ma.validate.Length(1, 255))
    phone = ma.fields.String(required=True, validate=ma.validate.Length(1, 30))
    relation = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=100))


class _Details(Body):
    """What may be said of a patient besides name, birth and gender."""

    cccd = ma.fields.String(**_optional, validate=ma.validate.Length(max=40))
    cmnd = ma.fields.String(**_optional, validate=ma.validate.Length(max=40))
    bhyt = ma.fields.String(**_optional, validate=ma.validate.Length(max=40))
    passport = ma.fields.String(**_optional, validate=ma.validate.Length(max=40))
    phone = ma.fields.String(**_optional, validate=ma.validate.Length(max=40))
    email = ma.fields.String(**_optional, validate=ma.validate.Length(max=255))
    address = ma.fields.String(**_optional, validate=ma.validate.Length(max=MAX_TEXT))
    emergency_contact = ma.fields.Nested(ContactBody, **_optional)
    allergies = ma.fields.List(
        ma.fields.String(validate=ma.validate.Length(1, 255)), **_optional, validate=ma.validate.Length(max=50)
    )
    blood_type = ma.fields.String(**_optional, validate=ma.validate.OneOf(BLOOD_TYPES))
    height_cm = ma.fields.Integer(**_optional, strict=True, validate=ma.validate.Range(20, 280))
    weight_kg = ma.fields.Decimal(**_optional, places=2, validate=_weight)
    confirm_mismatch = ma.fields.Boolean(load_default=False)

    def handle_error(self, error: ma.ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        """Say in the same answer what the service would refuse of the fields that could be read."""
        del data, many, kwargs
        read = error.valid_data if isinstance(error.valid_data, dict) else {}
        identifiers = {system: read[system] for system in IDENTIFIER_SYSTEMS if system in read}
        for name, messages in wrong_with(details=read, identifiers=identifiers).items():
            error.messages_dict.setdefault(name, messages)


class RegistrationBody(_Details):
    """A new patient."""

    full_name = ma.fields.String(required=True, validate=ma.validate.Length(1, 255))
    date_of_birth = ma.fields.Date(required=True)
    gender = ma.fields.String(required=True, validate=ma.validate.OneOf(GENDERS))


class ChangeBody(_Details):
    """What is to change; what is not named stays, and null takes a value away."""

    full_name = ma.fields.String(validate=ma.validate.Length(1, 255))
    date_of_birth = ma.fields.Date()
    gender = ma.fields.String(validate=ma.validate.OneOf(GENDERS))


class PatientAnswer(ma.Schema):
    """A patient's record."""

    id = ma.fields.UUID()
    patient_code = ma.fields.String()
    patient_global_id = ma.fields.UUID()
    global_id_state = ma.fields.String()
    full_name = ma.fields.String()
    date_of_birth = ma.fields.Date()
    gender = ma.fields.String()
    cccd = ma.fields.String(allow_none=True)
    cmnd = ma.fields.String(allow_none=True)
    bhyt = ma.fields.String(allow_none=True)
    passport = ma.fields.String(allow_none=True)
    phone = ma.fields.String(allow_none=True)
    email = ma.fields.String(allow_none=True)
    address = ma.fields.String(allow_none=True)
    emergency_contact = ma.fields.Dict(allow_none=True)
    allergies = ma.fields.List(ma.fields.String(), allow_none=True)
    blood_type = ma.fields.String(allow_none=True)
    height_cm = ma.fields.Integer(allow_none=True)
    weight_kg = ma.fields.Decimal(allow_none=True, as_string=True)
    status = ma.fields.String()
    deceased_on = ma.fields.Date(allow_none=True)
    version = ma.fields.Integer()
    created_at = ma.fields.AwareDateTime()
    updated_at = ma.fields.AwareDateTime()


_NUMBERS = ("cccd", "cmnd", "bhyt", "passport")
_ROWS = ("allergies", "emergency_contact")
_COLUMNS = tuple(name for name in PatientAnswer._declared_fields if name not in {*_NUMBERS, *_ROWS})


def patient_answer(record: PatientRecord) -> dict[str, Any]:
    """A record as PatientAnswer takes it."""
    identifiers = {system: record.identifiers.get(system) for system in _NUMBERS}
    rows = {"allergies": record.substances or None, "emergency_contact": record.call_first}
    return {name: getattr(record.patient, name) for name in _COLUMNS} | identifiers | rows


class SearchBody(Body):
    """What to look for: `query` is whatever was typed; it may be left out where something else is chosen.

    `age`, `gender`, `insurance` and `status` narrow it down. `insurance`: no number of a card is known (`missing`), one
    is and its card is not past (`present`), or past (`expired`).
    """

    query = ma.fields.String(load_default="", validate=ma.validate.Length(max=200))
    date_of_birth = ma.fields.Date(load_default=None, allow_none=True)
    status = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(PATIENT_STATUSES))
    age = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(tuple(AGES)))
    gender = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(GENDERS))
    insurance = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.OneOf(INSURANCES))
    limit = ma.fields.Integer(load_default=25, strict=True, validate=ma.validate.Range(1, 100))
    cursor = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=1000))


class PatientRowAnswer(ma.Schema):
    """A line of a search; the CCCD is masked."""

    id = ma.fields.UUID()
    patient_code = ma.fields.String()
    full_name = ma.fields.String()
    date_of_birth = ma.fields.Date()
    gender = ma.fields.String()
    phone = ma.fields.String(allow_none=True)
    status = ma.fields.String()
    cccd_masked = ma.fields.String(allow_none=True)


class AlikeBody(Body):
    """Who is about to be registered. A date of birth or a phone must stand beside the name to tell anybody apart."""

    full_name = ma.fields.String(required=True, validate=ma.validate.Length(1, 255))
    date_of_birth = ma.fields.Date(load_default=None, allow_none=True)
    phone = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=40))


class AlikeAnswer(ma.Schema):
    """A patient who may be the same person; `reasons` as `same_name`, `near_date_of_birth`."""

    patient = ma.fields.Nested(PatientRowAnswer)
    reasons = ma.fields.List(ma.fields.String())


class AlikeListAnswer(ma.Schema):
    """The likeliest first, at most five."""

    items = ma.fields.List(ma.fields.Nested(AlikeAnswer))


class ResetPatientFactorBody(Body):
    """Why a patient's second factor is taken away: one of our codes, since the log takes no text about a patient."""

    reason = ma.fields.String(required=True, validate=ma.validate.Length(max=50))


class CodeAnswer(ma.Schema):
    """An activation code; it is shown this once."""

    activation_code = ma.fields.String()
    expires_at = ma.fields.AwareDateTime()


PatientsAnswer = page_answer("Patients", PatientRowAnswer)
