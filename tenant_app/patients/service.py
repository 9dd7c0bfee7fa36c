"""Writes about patients, and the reading of one record, which is written down as well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from central.patient_index.public import Cccd, parse_cccd, parse_identifier
from kernel.clock import local_today, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import InvalidFields, NotFound, PreconditionFailed
from kernel.ids import new_global_id, new_row_id
from kernel.listing import Page
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.patients import events, queries
from tenant_app.patients.allergy_rows import follow
from tenant_app.patients.contact_rows import follow_contact
from tenant_app.patients.copies import copy_contact, copy_substances
from tenant_app.patients.errors import IdentifierInUse, MismatchToConfirm
from tenant_app.patients.identifier_rules import OTHER_CCCD, read_bhyt
from tenant_app.patients.models import Patient, PatientIdentifier
from tenant_app.patients.rules import (
    Complaints,
    SearchTerms,
    check_date_of_birth,
    parse_contact,
    parse_phone,
    tidy_substances,
)
from tenant_app.staff.rules import parse_email, parse_person_name

# What may be changed about a patient after registration; identifiers besides.
DETAILS: Final = (
    "full_name",
    "date_of_birth",
    "gender",
    "phone",
    "email",
    "address",
    "emergency_contact",
    "allergies",
    "blood_type",
    "height_cm",
    "weight_kg",
)
# Of these, what stands in rows of its own.
_ROWS: Final = frozenset({"allergies", "emergency_contact"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """A new patient as written down at the desk; `identifiers` is system → number, `details` are optional columns."""

    full_name: str
    date_of_birth: date
    gender: str
    identifiers: Mapping[str, str] = field(default_factory=dict, repr=False)
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    confirm_mismatch: bool = False


def register(*, uow: UnitOfWork, actor: Actor, new: Registration) -> queries.PatientRecord:
    """A new patient with a provisional global id; central is told through the outbox.

    Raises InvalidFields (all fields at once), MismatchToConfirm, IdentifierInUse.
    """
    details = {"full_name": new.full_name, "date_of_birth": new.date_of_birth, "gender": new.gender, **new.details}
    given = {system: text for system, text in new.identifiers.items() if text}
    values, identifiers, cccd = canonical_values(details, given)
    if not new.confirm_mismatch:
        _ask_about(cccd, values["gender"], values["date_of_birth"])
        _ask_about_bhyt(identifiers)
    _refuse_taken(uow, identifiers)
    staff = actor.id if actor.kind == "staff" else None
    own = {name: value for name, value in values.items() if name not in _ROWS}
    patient = Patient(id=new_row_id(), patient_global_id=new_global_id(), created_by=staff, updated_by=staff, **own)
    substances, contact = values.get("allergies"), values.get("emergency_contact")
    # In the first writing of the patient, which so has its first version.
    if substances:
        copy_substances(patient, substances)
    if contact:
        copy_contact(patient, contact)
    uow.session.add(patient)
    flush(uow)
    for system, value in identifiers.items():
        uow.session.add(_identifier(patient.id, system, value, staff))
    if substances:
        follow(uow=uow, patient_id=patient.id, substances=substances, staff=staff, now=utc_now())
    if contact:
        follow_contact(uow=uow, actor=actor, patient=patient, wanted=contact)
    flush(uow)
    events.tell_central(uow=uow, event_type=events.REGISTERED, patient=patient, identifiers=identifiers)
    record(
        uow=uow,
        actor=actor,
        action="patient.register",
        resource_type="patient",
        resource_id=patient.id,
        patient_id=patient.id,
        changed=[*(name for name, value in values.items() if value is not None), *identifiers],
    )
    return queries.patient_record(uow=uow, patient_id=patient.id)


def read(*, uow: UnitOfWork, actor: Actor, patient_id: UUID) -> queries.PatientRecord:
    """One patient's record, with the audit row of this reading. Raises NotFound."""
    found = queries.patient_record(uow=uow, patient_id=patient_id)
    record(
        uow=uow,
        actor=actor,
        action="patient.read",
        resource_type="patient",
        resource_id=patient_id,
        patient_id=patient_id,
    )
    return found


def search(
    *, uow: UnitOfWork, actor: Actor, terms: SearchTerms, limit: int = 25, cursor: str | None = None
) -> Page[queries.PatientRow]:
    """Patients who fit, with the audit row of this search (what it was by, not for whom)."""
    page = queries.search(uow=uow, terms=terms, limit=limit, cursor=cursor)
    record(uow=uow, actor=actor, action="patient.search", resource_type="patient", changed=terms.kinds)
    return page


def change(
    *,
    uow: UnitOfWork,
    actor: Actor,
    patient_id: UUID,
    version: int,
    details: Mapping[str, Any],
    identifiers: Mapping[str, str | None] | None = None,
    confirm_mismatch: bool = False,
    ended_as: str = "ended",
    replaced_as: str = "replaced",
) -> queries.PatientRecord:
    """Change some of a patient's details or identifiers (None ends one); what is not named stays.

    `ended_as` and `replaced_as` are what the history says of numbers that end without and with another in their place.
    `version` is the one last seen. Raises NotFound, PreconditionFailed, InvalidFields, MismatchToConfirm,
    IdentifierInUse. Where nothing differs, nothing is written and the version stays.
    """
    found = queries.patient_record(uow=uow, patient_id=patient_id)
    patient = found.patient
    if patient.version != version:
        raise PreconditionFailed
    given = {system: text for system, text in (identifiers or {}).items() if text}
    ended = {system for system, text in (identifiers or {}).items() if not text and system in found.identifiers}
    values, parsed, cccd = canonical_values(details, given)
    fresh = {system: value for system, value in parsed.items() if found.identifiers.get(system) != value}
    differing = {name: value for name, value in values.items() if not _holds(found, name, value)}
    if not (differing or fresh or ended):
        return found
    kept = {system: value for system, value in found.identifiers.items() if system not in ended}
    now_current = {**kept, **fresh}
    if not confirm_mismatch:
        if {"gender", "date_of_birth"} & set(differing) or "cccd" in fresh:
            number = cccd or (parse_cccd(now_current["cccd"]) if "cccd" in now_current else None)
            _ask_about(number, values.get("gender", patient.gender), values.get("date_of_birth", patient.date_of_birth))
        if {"bhyt", "cccd"} & set(fresh):
            _ask_about_bhyt(now_current)
    _refuse_taken(uow, fresh)
    staff = actor.id if actor.kind == "staff" else None
    now = utc_now()
    for name in differing.keys() - _ROWS:
        setattr(patient, name, differing[name])
    # Set in any case, so that a change of identifiers alone is a new version of the patient too.
    patient.updated_at, patient.updated_by = now, staff
    # The copies before the rows, whose reading writes the patient: it is one new version.
    if "emergency_contact" in differing:
        copy_contact(patient, differing["emergency_contact"])
    if "allergies" in differing:
        substances = differing["allergies"] or ()
        if substances:
            patient.no_known_allergies_at = patient.no_known_allergies_by = None
        copy_substances(patient, substances)
        follow(uow=uow, patient_id=patient_id, substances=substances, staff=staff, now=now)
    if "emergency_contact" in differing:
        follow_contact(uow=uow, actor=actor, patient=patient, wanted=differing["emergency_contact"])
    flush(uow)
    for over, reason in ((ended, ended_as), (set(fresh) & set(found.identifiers), replaced_as)):
        if not over:
            continue
        uow.session.execute(
            update(PatientIdentifier)
            .where(
                PatientIdentifier.patient_id == patient_id,
                PatientIdentifier.system.in_(over),
                PatientIdentifier.valid_to.is_(None),
            )
            .values(valid_to=now, end_reason=reason, ended_by=staff)
        )
    for system, value in fresh.items():
        uow.session.add(_identifier(patient_id, system, value, staff))
    flush(uow)
    events.tell_central(uow=uow, event_type=events.UPDATED, patient=patient, identifiers=now_current)
    record(
        uow=uow,
        actor=actor,
        action="patient.update",
        resource_type="patient",
        resource_id=patient_id,
        patient_id=patient_id,
        changed=[*differing, *fresh, *ended],
    )
    return queries.patient_record(uow=uow, patient_id=patient_id)


def _holds(record: queries.PatientRecord, name: str, value: Any) -> bool:
    """Whether a detail is so already; order and capitals make no other allergies."""
    match name:
        case "allergies":
            return {each.lower() for each in record.substances} == {each.lower() for each in value or ()}
        case "emergency_contact":
            return bool(record.call_first == value)
    return bool(getattr(record.patient, name) == value)


def held_version(*, uow: UnitOfWork, patient_id: UUID, expected: int | None) -> int:
    """The patient's version, the row held until the end: who changes parts of the same record takes turns.

    `expected` is the one last seen, where the caller says so. Raises NotFound, PreconditionFailed.
    """
    version = uow.session.scalar(
        select(Patient.version).where(Patient.id == patient_id).with_for_update(key_share=True)
    )
    if version is None:
        raise NotFound("patient")
    if expected is not None and expected != version:
        raise PreconditionFailed
    return version


def touched(*, uow: UnitOfWork, actor: Actor, patient_id: UUID, expected: int | None) -> Patient:
    """The patient, held as by `held_version` and marked as changed: what hangs on the record is its new version too.

    Raises NotFound, PreconditionFailed.
    """
    held_version(uow=uow, patient_id=patient_id, expected=expected)
    patient = uow.session.get_one(Patient, patient_id, populate_existing=True)
    patient.updated_at = utc_now()
    patient.updated_by = actor.id if actor.kind == "staff" else None
    return patient


def wrong_with(*, details: Mapping[str, Any], identifiers: Mapping[str, str | None]) -> dict[str, list[str]]:
    """What registering or changing would refuse of these, by field: for a form or body that has other faults as well.

    People want to hear of all of it at once, and what is missing elsewhere does not make a number any better.
    """
    try:
        canonical_values(details, {system: text for system, text in identifiers.items() if text})
    except InvalidFields as err:
        return err.errors
    return {}


def canonical_values(
    details: Mapping[str, Any], identifiers: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, str], Cccd | None]:
    """Canonical values of what was given; raises InvalidFields with all that is wrong. Pure."""
    complaints = Complaints()
    values = {name: value for name, value in details.items() if name in DETAILS}
    readers: dict[str, Callable[..., Any]] = {
        "full_name": parse_person_name,
        "phone": parse_phone,
        "email": parse_email,
        "date_of_birth": partial(check_date_of_birth, today=local_today()),
    }
    for name, parse in readers.items():
        if values.get(name) not in {None, ""}:
            values[name] = complaints.read(partial(parse, values[name]))
    if "allergies" in values:
        values["allergies"] = tidy_substances(values["allergies"] or ()) or None
    if "emergency_contact" in values:
        contact = values["emergency_contact"]
        values["emergency_contact"] = complaints.read(partial(parse_contact, contact)) if contact else None
    parsed: dict[str, str] = {}
    cccd: Cccd | None = None
    for system, text in identifiers.items():
        if system == "cccd":
            cccd = complaints.read(partial(parse_cccd, text))
            value = cccd.value if cccd else None
        else:
            identifier = complaints.read(partial(parse_identifier, system, text))
            value = identifier.value if identifier else None
            if system == "bhyt" and value:
                complaints.read(partial(read_bhyt, value, on=local_today()))
        if value:
            parsed[system] = value
    complaints.raise_any()
    return {name: None if value == "" else value for name, value in values.items()}, parsed, cccd


def doubts(
    *, cccd: Cccd | None, gender: str, date_of_birth: date, identifiers: Mapping[str, str]
) -> dict[str, list[str]]:
    """What registering would ask about, by field: numbers that say otherwise than the rest."""
    found: dict[str, list[str]] = {}
    for ask in (partial(_ask_about, cccd, gender, date_of_birth), partial(_ask_about_bhyt, identifiers)):
        try:
            ask()
        except MismatchToConfirm as asked:
            found |= asked.errors
    return found


def _ask_about(cccd: Cccd | None, gender: str, date_of_birth: date) -> None:
    if cccd is None:
        return
    errors: dict[str, list[str]] = {}
    for name, message in cccd.disagreements(gender, date_of_birth):
        errors.setdefault(name, []).append(message)
    if errors:
        raise MismatchToConfirm(errors=errors, data={"confirm": "confirm_mismatch"})


def _ask_about_bhyt(identifiers: Mapping[str, str]) -> None:
    """Since health insurance goes by the CCCD, a number of that form which is another than the CCCD is worth a look."""
    bhyt, cccd = identifiers.get("bhyt", ""), identifiers.get("cccd")
    if cccd and len(bhyt) == len(cccd) and bhyt != cccd:
        raise MismatchToConfirm(errors={"bhyt": [OTHER_CCCD]}, data={"confirm": "confirm_mismatch"})


def _refuse_taken(uow: UnitOfWork, identifiers: Mapping[str, str]) -> None:
    """Say whose the number is, to those who may open that record; the constraint speaks for what comes in between."""
    for system, value in identifiers.items():
        owner = uow.session.execute(
            select(PatientIdentifier.patient_id).where(
                PatientIdentifier.system == system,
                PatientIdentifier.value == value,
                PatientIdentifier.valid_to.is_(None),
            )
        ).scalar_one_or_none()
        if owner is not None:
            raise IdentifierInUse(data={"field": system, "patient_id": str(owner)})


def _identifier(patient_id: UUID, system: str, value: str, staff: UUID | None) -> PatientIdentifier:
    return PatientIdentifier(id=new_row_id(), patient_id=patient_id, system=system, value=value, created_by=staff)


def flush(uow: UnitOfWork) -> None:
    """Send what is pending. Raises PreconditionFailed, IdentifierInUse."""
    try:
        uow.flush()
    except StaleDataError as err:
        raise PreconditionFailed from err
    except IntegrityError as err:
        if violated(err) == "uq_patient_identifiers_current":
            raise IdentifierInUse from err
        raise
