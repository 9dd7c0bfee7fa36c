"""A patient's numbers one by one: added, ended, corrected. What was once written down stays in the history."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.web.actor import Actor
from tenant_app.patients.errors import IdentifierEnded
from tenant_app.patients.models import PatientIdentifier
from tenant_app.patients.service import change, held_version
from tenant_app.staff.models import User


@dataclass(frozen=True, slots=True)
class IdentifierRow:
    """A number with its period and who wrote it down; `valid_to` is None while it holds."""

    id: UUID
    system: str
    value: str = field(repr=False)
    valid_from: datetime
    valid_to: datetime | None
    end_reason: str | None
    created_by_name: str | None
    ended_by_name: str | None

    @property
    def created_at(self) -> datetime:
        """As other pieces of a record call it."""
        return self.valid_from

    @property
    def ended_at(self) -> datetime | None:
        """As other pieces of a record call it."""
        return self.valid_to


def identifier_history(*, uow: UnitOfWork, patient_id: UUID) -> list[IdentifierRow]:
    """All numbers of a patient, those that hold first, then the latest ended: for beside an audited reading."""
    maker, ender = aliased(User), aliased(User)
    found = uow.session.execute(
        select(
            PatientIdentifier.id,
            PatientIdentifier.system,
            PatientIdentifier.value,
            PatientIdentifier.valid_from,
            PatientIdentifier.valid_to,
            PatientIdentifier.end_reason,
            maker.full_name.label("created_by_name"),
            ender.full_name.label("ended_by_name"),
        )
        .outerjoin(maker, maker.id == PatientIdentifier.created_by)
        .outerjoin(ender, ender.id == PatientIdentifier.ended_by)
        .where(PatientIdentifier.patient_id == patient_id)
        .order_by(
            PatientIdentifier.valid_to.desc().nulls_first(), PatientIdentifier.system, PatientIdentifier.id.desc()
        )
    )
    return rows_as(IdentifierRow, found)


def add_identifier(
    *,
    uow: UnitOfWork,
    actor: Actor,
    patient_id: UUID,
    system: str,
    text: str,
    confirm_mismatch: bool = False,
    before_was_mistaken: bool = False,
    version: int | None = None,
) -> IdentifierRow:
    """Add a number; the one of the same kind that held ends, as replaced or as a mistake. Central is told.

    `version` is the patient's last seen, where the caller says so. Raises NotFound, PreconditionFailed, InvalidFields,
    MismatchToConfirm, IdentifierInUse.
    """
    change(
        uow=uow,
        actor=actor,
        patient_id=patient_id,
        version=held_version(uow=uow, patient_id=patient_id, expected=version),
        details={},
        identifiers={system: text},
        confirm_mismatch=confirm_mismatch,
        replaced_as="mistaken" if before_was_mistaken else "replaced",
    )
    return next(row for row in identifier_history(uow=uow, patient_id=patient_id) if row.system == system)


def end_identifier(
    *,
    uow: UnitOfWork,
    actor: Actor,
    patient_id: UUID,
    identifier_id: UUID,
    reason: str,
    version: int | None = None,
) -> IdentifierRow:
    """End a number because it holds no longer (`ended`) or never was this patient's (`mistaken`).

    Raises NotFound, PreconditionFailed, IdentifierEnded.
    """
    now_at = held_version(uow=uow, patient_id=patient_id, expected=version)
    system = _current(uow, patient_id, identifier_id).system
    change(
        uow=uow,
        actor=actor,
        patient_id=patient_id,
        version=now_at,
        details={},
        identifiers={system: None},
        ended_as=reason,
    )
    return _one(uow, patient_id, identifier_id)


def correct_identifier(
    *,
    uow: UnitOfWork,
    actor: Actor,
    patient_id: UUID,
    identifier_id: UUID,
    text: str,
    confirm_mismatch: bool = False,
    version: int | None = None,
) -> IdentifierRow:
    """Put the right number in place of a mistaken one, which stays in the history as such; returns the right one.

    Raises NotFound, PreconditionFailed, IdentifierEnded, InvalidFields, MismatchToConfirm, IdentifierInUse.
    """
    now_at = held_version(uow=uow, patient_id=patient_id, expected=version)
    return add_identifier(
        uow=uow,
        actor=actor,
        patient_id=patient_id,
        system=_current(uow, patient_id, identifier_id).system,
        text=text,
        confirm_mismatch=confirm_mismatch,
        before_was_mistaken=True,
        version=now_at,
    )


def _current(uow: UnitOfWork, patient_id: UUID, identifier_id: UUID) -> IdentifierRow:
    found = _one(uow, patient_id, identifier_id)
    if found.valid_to is not None:
        raise IdentifierEnded
    return found


def _one(uow: UnitOfWork, patient_id: UUID, identifier_id: UUID) -> IdentifierRow:
    for row in identifier_history(uow=uow, patient_id=patient_id):
        if row.id == identifier_id:
            return row
    raise NotFound("identifier")
