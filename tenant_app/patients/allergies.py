"""A patient's allergies one by one, and that none is known: a statement of somebody's, other than nothing recorded."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields, NotFound
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.patients.errors import AllergiesKnown, AllergyEnded
from tenant_app.patients.models import SEVERITIES, Patient, PatientAllergy
from tenant_app.patients.noted import holding, noted_rows
from tenant_app.patients.queries import patient_record
from tenant_app.patients.rules import ALREADY_NOTED, NO_SUBSTANCE, tidy_substances
from tenant_app.patients.service import change, flush, held_version, touched
from tenant_app.staff.models import User


@dataclass(frozen=True, slots=True)
class AllergyRow:
    """An allergy as written down; `ended_at` is None while it holds."""

    id: UUID
    substance: str
    reaction: str | None
    severity: str
    created_at: datetime
    created_by_name: str | None
    ended_at: datetime | None
    ended_by_name: str | None
    end_reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NoneKnown:
    """When somebody wrote down that no allergy is known, and who."""

    at: datetime
    by_name: str | None


def allergies_of(*, uow: UnitOfWork, patient_id: UUID) -> list[AllergyRow]:
    """All that was written down, what holds first, the worst first: for beside an audited reading."""
    table = PatientAllergy
    found = uow.session.execute(noted_rows(table, patient_id, table.substance, table.reaction, table.severity))
    rows = rows_as(AllergyRow, found)
    return sorted(rows, key=lambda row: (row.ended_at is not None, -SEVERITIES.index(row.severity)))


def none_known(*, uow: UnitOfWork, patient_id: UUID) -> NoneKnown | None:
    """The statement that no allergy is known, where it stands."""
    found = uow.session.execute(
        select(Patient.no_known_allergies_at, User.full_name)
        .outerjoin(User, User.id == Patient.no_known_allergies_by)
        .where(Patient.id == patient_id, Patient.no_known_allergies_at.is_not(None))
    ).one_or_none()
    return NoneKnown(at=found[0], by_name=found[1]) if found and found[0] else None


def note_allergy(
    *,
    uow: UnitOfWork,
    actor: Actor,
    patient_id: UUID,
    substance: str,
    severity: str = "unknown",
    reaction: str | None = None,
    version: int | None = None,
) -> AllergyRow:
    """Write an allergy down; that none is known holds no longer. Raises NotFound, PreconditionFailed, InvalidFields."""
    now_at = held_version(uow=uow, patient_id=patient_id, expected=version)
    known = patient_record(uow=uow, patient_id=patient_id).substances
    words = tidy_substances([substance])
    if not words:
        raise InvalidFields(errors={"substance": [NO_SUBSTANCE]})
    if words[0].lower() in {each.lower() for each in known}:
        raise InvalidFields(errors={"substance": [ALREADY_NOTED]})
    change(uow=uow, actor=actor, patient_id=patient_id, version=now_at, details={"allergies": [*known, words[0]]})
    row = _current(uow, patient_id, words[0])
    row.severity, row.reaction = severity, (reaction or "").strip() or None
    flush(uow)
    return _shown(uow, patient_id, row.id)


def end_allergy(
    *,
    uow: UnitOfWork,
    actor: Actor,
    patient_id: UUID,
    allergy_id: UUID,
    reason: str,
    version: int | None = None,
) -> AllergyRow:
    """It holds no longer (`ended`), or never did (`mistaken`). Raises NotFound, PreconditionFailed, AllergyEnded."""
    now_at = held_version(uow=uow, patient_id=patient_id, expected=version)
    row = holding(
        uow=uow, table=PatientAllergy, patient_id=patient_id, piece_id=allergy_id, what="allergy", ended=AllergyEnded
    )
    known = patient_record(uow=uow, patient_id=patient_id).substances
    left = [each for each in known if each.lower() != row.substance.lower()]
    change(uow=uow, actor=actor, patient_id=patient_id, version=now_at, details={"allergies": left})
    row.end_reason = reason
    flush(uow)
    return _shown(uow, patient_id, allergy_id)


def state_none_known(*, uow: UnitOfWork, actor: Actor, patient_id: UUID, version: int | None = None) -> NoneKnown:
    """Write down that the patient was asked and knows of no allergy.

    Raises NotFound, PreconditionFailed, AllergiesKnown.
    """
    now_at = held_version(uow=uow, patient_id=patient_id, expected=version)
    if patient_record(uow=uow, patient_id=patient_id).allergies:
        raise AllergiesKnown
    patient = touched(uow=uow, actor=actor, patient_id=patient_id, expected=now_at)
    patient.no_known_allergies_at, patient.no_known_allergies_by = patient.updated_at, patient.updated_by
    flush(uow)
    record(
        uow=uow,
        actor=actor,
        action="patient.no_allergies",
        resource_type="patient",
        resource_id=patient_id,
        patient_id=patient_id,
        changed=("allergies",),
    )
    stated = none_known(uow=uow, patient_id=patient_id)
    if stated is None:
        raise NotFound("patient")
    return stated


def _current(uow: UnitOfWork, patient_id: UUID, substance: str) -> PatientAllergy:
    return uow.session.scalars(
        select(PatientAllergy).where(
            PatientAllergy.patient_id == patient_id,
            PatientAllergy.substance == substance,
            PatientAllergy.ended_at.is_(None),
        )
    ).one()


def _shown(uow: UnitOfWork, patient_id: UUID, allergy_id: UUID) -> AllergyRow:
    return next(row for row in allergies_of(uow=uow, patient_id=patient_id) if row.id == allergy_id)
