"""A patient's health insurance card: its days and where it is registered. Its number is one of the patient's."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select

from kernel.clock import local_today
from kernel.database.rows import rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import InvalidFields
from kernel.ids import new_row_id
from kernel.text import N_
from kernel.web.actor import Actor
from tenant_app.audit.service import record
from tenant_app.patients.errors import EntryEnded
from tenant_app.patients.insurance_rules import card_state, check_days, read_facility
from tenant_app.patients.models import PatientIdentifier
from tenant_app.patients.noted import end, holding, noted_rows
from tenant_app.patients.record_models import PatientInsuranceCard
from tenant_app.patients.rules import Complaints
from tenant_app.patients.service import change, flush, held_version, touched

NO_NUMBER = N_("Enter the number: none is known of this patient.")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewCard:
    """A card as it is read; without a number, that which is known of the patient."""

    number: str | None = field(default=None, repr=False)
    valid_from: date | None
    valid_to: date | None = None
    facility_code: str | None = None
    confirm_mismatch: bool = False


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card; `number_holds` says whether its number still is the patient's."""

    id: UUID
    number: str = field(repr=False)
    number_holds: bool
    valid_from: date
    valid_to: date | None
    facility_code: str | None
    created_at: datetime
    created_by_name: str | None
    ended_at: datetime | None
    ended_by_name: str | None
    end_reason: str | None

    @property
    def state(self) -> str:
        """Whether it is good today, see `card_state`."""
        return card_state(self.valid_from, self.valid_to, on=local_today())


def cards_of(*, uow: UnitOfWork, patient_id: UUID) -> list[CardRow]:
    """The card that holds, then those before it: for beside an audited reading."""
    table, number = PatientInsuranceCard, PatientIdentifier
    columns = (
        number.value.label("number"),
        number.valid_to.is_(None).label("number_holds"),
        table.valid_from,
        table.valid_to,
        table.facility_code,
    )
    statement = noted_rows(table, patient_id, *columns).join(number, number.id == table.identifier_id)
    return rows_as(CardRow, uow.session.execute(statement))


def write_card(*, uow: UnitOfWork, actor: Actor, patient_id: UUID, new: NewCard, version: int | None = None) -> CardRow:
    """Write a card down; the one before is replaced. A number that is another than the known one becomes the patient's.

    Raises NotFound, PreconditionFailed, InvalidFields, MismatchToConfirm, IdentifierInUse.
    """
    now_at = held_version(uow=uow, patient_id=patient_id, expected=version)
    complaints = Complaints()
    valid_from = complaints.read(partial(check_days, new.valid_from, new.valid_to))
    facility = complaints.read(partial(read_facility, new.facility_code))
    if not new.number and _number(uow, patient_id) is None:
        complaints.note(InvalidFields(errors={"bhyt": [NO_NUMBER]}))
    complaints.raise_any()
    if new.number:
        change(
            uow=uow,
            actor=actor,
            patient_id=patient_id,
            version=now_at,
            details={},
            identifiers={"bhyt": new.number},
            confirm_mismatch=new.confirm_mismatch,
        )
    touched(uow=uow, actor=actor, patient_id=patient_id, expected=None)
    before = uow.session.scalars(
        select(PatientInsuranceCard).where(
            PatientInsuranceCard.patient_id == patient_id, PatientInsuranceCard.ended_at.is_(None)
        )
    ).one_or_none()
    if before is not None:
        end(before, actor=actor, reason="replaced")
        flush(uow)
    made = PatientInsuranceCard(
        id=new_row_id(),
        patient_id=patient_id,
        identifier_id=_number(uow, patient_id),
        valid_from=valid_from,
        valid_to=new.valid_to,
        facility_code=facility,
        created_by=actor.id if actor.kind == "staff" else None,
    )
    uow.session.add(made)
    return _written(uow, actor, patient_id, made.id)


def end_card(
    *, uow: UnitOfWork, actor: Actor, patient_id: UUID, card_id: UUID, reason: str, version: int | None = None
) -> CardRow:
    """It holds no longer, or never did; the number stays. Raises NotFound, PreconditionFailed, EntryEnded."""
    touched(uow=uow, actor=actor, patient_id=patient_id, expected=version)
    card = holding(
        uow=uow,
        table=PatientInsuranceCard,
        patient_id=patient_id,
        piece_id=card_id,
        what="insurance_card",
        ended=EntryEnded,
    )
    end(card, actor=actor, reason=reason)
    return _written(uow, actor, patient_id, card_id)


def _number(uow: UnitOfWork, patient_id: UUID) -> UUID | None:
    """The row of the number that holds."""
    return uow.session.scalar(
        select(PatientIdentifier.id).where(
            PatientIdentifier.patient_id == patient_id,
            PatientIdentifier.system == "bhyt",
            PatientIdentifier.valid_to.is_(None),
        )
    )


def _written(uow: UnitOfWork, actor: Actor, patient_id: UUID, card_id: UUID) -> CardRow:
    flush(uow)
    record(
        uow=uow,
        actor=actor,
        action="patient.update",
        resource_type="patient",
        resource_id=patient_id,
        patient_id=patient_id,
        changed=("insurance_card",),
    )
    return next(row for row in cards_of(uow=uow, patient_id=patient_id) if row.id == card_id)
