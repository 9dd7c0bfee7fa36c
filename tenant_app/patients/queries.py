"""Reading patients: one whole record, and the rows of a search."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, select, text, tuple_, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by

from kernel.clock import local_today, utc_now
from kernel.database.rows import known_row_as, rows_as
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.listing import Page, page_of
from kernel.web.api import read_cursor
from tenant_app.patients.models import SEVERITIES, Patient, PatientAllergy, PatientIdentifier
from tenant_app.patients.narrowing import Narrowing
from tenant_app.patients.record_models import PatientContact, PatientInsuranceCard
from tenant_app.patients.rules import SearchTerms
from tenant_app.portal.models import INVITE_TRIES, PatientUser, PortalInvite

# One round trip for a record: its identifiers come as an object, system → value.
_IDENTIFIERS: Final = (
    select(func.coalesce(func.jsonb_object_agg(PatientIdentifier.system, PatientIdentifier.value), text("'{}'")))
    .where(PatientIdentifier.patient_id == Patient.id, PatientIdentifier.valid_to.is_(None))
    .correlate(Patient)
    .scalar_subquery()
)
_ALLERGIES: Final = (
    select(
        func.coalesce(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_array(PatientAllergy.substance, PatientAllergy.severity, PatientAllergy.reaction),
                    PatientAllergy.substance,
                )
            ),
            text("'[]'"),
        )
    )
    .where(PatientAllergy.patient_id == Patient.id, PatientAllergy.ended_at.is_(None))
    .correlate(Patient)
    .scalar_subquery()
)
_CONTACTS: Final = (
    select(
        func.coalesce(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_array(
                        PatientContact.full_name,
                        PatientContact.relation,
                        PatientContact.phone,
                        PatientContact.is_guardian,
                    ),
                    PatientContact.call_first.desc(),
                    PatientContact.id,
                )
            ),
            text("'[]'"),
        )
    )
    .where(PatientContact.patient_id == Patient.id, PatientContact.ended_at.is_(None))
    .correlate(Patient)
    .scalar_subquery()
)
_CARD: Final = (
    select(
        func.jsonb_build_array(
            PatientInsuranceCard.valid_from, PatientInsuranceCard.valid_to, PatientInsuranceCard.facility_code
        )
    )
    .join(PatientIdentifier, PatientIdentifier.id == PatientInsuranceCard.identifier_id)
    .where(
        PatientInsuranceCard.patient_id == Patient.id,
        PatientInsuranceCard.ended_at.is_(None),
        PatientIdentifier.valid_to.is_(None),
    )
    .correlate(Patient)
    .scalar_subquery()
)
_CCCD: Final = (
    select(PatientIdentifier.value)
    .where(
        PatientIdentifier.patient_id == Patient.id,
        PatientIdentifier.system == "cccd",
        PatientIdentifier.valid_to.is_(None),
    )
    .correlate(Patient)
    .limit(1)
    .scalar_subquery()
)
_ROWS: Final = select(
    Patient.id,
    Patient.patient_code,
    Patient.full_name,
    Patient.date_of_birth,
    Patient.gender,
    Patient.phone,
    Patient.status,
    func.overlay(_CCCD, "******", 5, 6).label("cccd_masked"),
)
_PORTAL_STATE: Final = (
    select(
        PatientUser.status.label("account_status"),
        PatientUser.last_login_at,
        func.coalesce(PatientUser.mfa_enabled, False).label("mfa_enabled"),
        PortalInvite.expires_at.label("code_expires_at"),
    )
    .select_from(Patient)
    .outerjoin(PatientUser, PatientUser.patient_id == Patient.id)
    .outerjoin(
        PortalInvite,
        and_(
            PortalInvite.patient_id == Patient.id,
            PortalInvite.used_at.is_(None),
            PortalInvite.replaced_at.is_(None),
            PortalInvite.tries < INVITE_TRIES,
            PortalInvite.expires_at > bindparam("now"),
        ),
    )
    .where(Patient.id == bindparam("patient_id"))
)
_RECORD: Final = select(Patient, _IDENTIFIERS, _ALLERGIES, _CONTACTS, _CARD)
# Whole, so that it is not put together anew for each record that is opened.
_RECORD_OF_ONE: Final = _RECORD.where(Patient.id == bindparam("patient_id"))
_ACTIVE: Final = Patient.status == "active"


class KnownAllergy(NamedTuple):
    """An allergy that holds."""

    substance: str
    severity: str
    reaction: str | None


class KnownContact(NamedTuple):
    """Somebody to call."""

    name: str
    relation: str | None
    phone: str
    is_guardian: bool

    def details(self) -> dict[str, str]:
        """As a form or body says whom to call."""
        said = {"name": self.name, "phone": self.phone, "relation": self.relation or ""}
        return {name: value for name, value in said.items() if value}


class KnownCard(NamedTuple):
    """The health insurance card in use, whose number is the patient's."""

    valid_from: date
    valid_to: date | None
    facility_code: str | None


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient with what holds now: identifiers, system → value; allergies, the worst first, then by name; contacts,
    the one to call first at the head.
    """

    patient: Patient
    identifiers: dict[str, str] = field(repr=False)
    allergies: tuple[KnownAllergy, ...] = field(default=(), repr=False)
    contacts: tuple[KnownContact, ...] = field(default=(), repr=False)
    card: KnownCard | None = field(default=None, repr=False)

    @property
    def substances(self) -> list[str]:
        """What the patient is allergic to."""
        return [known.substance for known in self.allergies]

    @property
    def call_first(self) -> dict[str, str] | None:
        """Whom to call first, as a form or body says it."""
        return self.contacts[0].details() if self.contacts else None


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A line of a search. The CCCD is masked: it is shown in the record only, whose reading is written down."""

    id: UUID
    patient_code: str
    full_name: str
    date_of_birth: date
    gender: str
    phone: str | None
    status: str
    cccd_masked: str | None


@dataclass(frozen=True, slots=True)
class PortalState:
    """How a patient stands with the portal; `code_expires_at` is that of a code which can still be used."""

    account_status: str | None
    last_login_at: datetime | None
    mfa_enabled: bool
    code_expires_at: datetime | None

    @property
    def has_account(self) -> bool:
        """Whether they can sign in, or could until it was closed."""
        return self.account_status is not None


def patient_record(*, uow: UnitOfWork, patient_id: UUID) -> PatientRecord:
    """The record, without audit: for services, which write their own. Raises NotFound."""
    row = uow.session.execute(_RECORD_OF_ONE, {"patient_id": patient_id}).one_or_none()
    if row is None:
        raise NotFound("patient")
    return _record(row)


def patient_version(*, uow: UnitOfWork, patient_id: UUID) -> int:
    """The record's version as it is now in this transaction: its ETag. Raises NotFound."""
    version = uow.session.scalar(select(Patient.version).where(Patient.id == patient_id))
    if version is None:
        raise NotFound("patient")
    return version


def records_after(*, uow: UnitOfWork, after: UUID | None, limit: int) -> list[PatientRecord]:
    """Whole records in the order of their ids, those after `after`; without audit."""
    chosen = _RECORD.order_by(Patient.id).limit(limit)
    if after is not None:
        chosen = chosen.where(Patient.id > after)
    return [_record(row) for row in uow.session.execute(chosen)]


def search(*, uow: UnitOfWork, terms: SearchTerms, limit: int, cursor: str | None = None) -> Page[PatientRow]:
    """Patients who fit, active ones first, then by name. Raises InvalidFields for a foreign cursor.

    Two statements where the first leaves room: each goes by the index of names, which one order over both could not.
    """
    rows: list[PatientRow] = []
    place = func.vietnamese_order(Patient.full_name)
    after = read_cursor(cursor, str, str, UUID)
    for closed in (False, True):
        if len(rows) > limit or (after and after[0] == "closed" and not closed):
            continue
        if terms.narrowed.status and (terms.narrowed.status == "active") is closed:
            continue
        statement = _ROWS.where(and_(*_conditions(terms)), Patient.status != "active" if closed else _ACTIVE)
        statement = statement.order_by(place, Patient.id).limit(limit + 1 - len(rows))
        if after and (after[0] == "closed") is closed:
            statement = statement.where(tuple_(place, Patient.id) > tuple_(func.vietnamese_order(after[1]), after[2]))
        rows.extend(rows_as(PatientRow, uow.session.execute(statement)))
    return page_of(rows, limit=limit, key=lambda row: (_group(row.status), row.full_name, row.id))


def rows_of(*, uow: UnitOfWork, patients: Sequence[UUID]) -> list[PatientRow]:
    """The lines of these patients, in no order."""
    return rows_as(PatientRow, uow.session.execute(_ROWS.where(Patient.id.in_(patients))))


def portal_state(*, uow: UnitOfWork, patient_id: UUID) -> PortalState:
    """Whether the patient has an account here, and whether a code is out. Raises NotFound."""
    found = uow.session.execute(_PORTAL_STATE, {"patient_id": patient_id, "now": utc_now()})
    return known_row_as(PortalState, found, what="patient")


def _record(row: Any) -> PatientRecord:
    known = sorted((KnownAllergy(*each) for each in row[2]), key=lambda each: -SEVERITIES.index(each.severity))
    return PatientRecord(row[0], row[1], tuple(known), tuple(KnownContact(*each) for each in row[3]), _card(row[4]))


def _card(found: Any) -> KnownCard | None:
    """JSON knows no dates."""
    if found is None:
        return None
    first, last, facility = found
    return KnownCard(date.fromisoformat(first), date.fromisoformat(last) if last else None, facility)


def _group(status: str) -> str:
    return "active" if status == "active" else "closed"


def _narrowing(narrowed: Narrowing) -> list[ColumnElement[Any]]:
    conditions: list[ColumnElement[Any]] = []
    if narrowed.status:
        conditions.append(Patient.status == narrowed.status)
    if narrowed.gender:
        conditions.append(Patient.gender == narrowed.gender)
    today = local_today()
    first, last = narrowed.born(today)
    if first:
        conditions.append(Patient.date_of_birth >= first)
    if last:
        conditions.append(Patient.date_of_birth <= last)
    if narrowed.insurance:
        numbered = exists().where(
            PatientIdentifier.patient_id == Patient.id,
            PatientIdentifier.system == "bhyt",
            PatientIdentifier.valid_to.is_(None),
        )
        past = exists().where(
            PatientInsuranceCard.patient_id == Patient.id,
            PatientInsuranceCard.ended_at.is_(None),
            PatientInsuranceCard.valid_to < today,
        )
        conditions.append(~numbered if narrowed.insurance == "missing" else numbered)
        if narrowed.insurance != "missing":
            conditions.append(past if narrowed.insurance == "expired" else ~past)
    return conditions


def _conditions(terms: SearchTerms) -> list[ColumnElement[Any]]:
    conditions = _narrowing(terms.narrowed)
    if terms.words:
        # The words are letters a-z and digits only (rules.read_search), so that nothing in them is an operator.
        wanted = " & ".join(f"{word}:*" for word in terms.words)
        indexed = func.to_tsvector(text("'simple'"), Patient.search_key)
        conditions.append(indexed.bool_op("@@")(func.to_tsquery(text("'simple'"), wanted)))
    if terms.patient_code:
        conditions.append(Patient.patient_code == terms.patient_code)
    if terms.date_of_birth:
        conditions.append(Patient.date_of_birth == terms.date_of_birth)
    by_number = []
    if terms.phone:
        by_number.append(select(Patient.id).where(Patient.phone == terms.phone))
    if terms.identifiers:
        by_number.append(
            select(PatientIdentifier.patient_id).where(
                PatientIdentifier.value.in_(terms.identifiers), PatientIdentifier.valid_to.is_(None)
            )
        )
    if by_number:
        # A union and not OR: over two tables OR would read every patient.
        conditions.append(Patient.id.in_(union_all(*by_number)))
    return conditions
