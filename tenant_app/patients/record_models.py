"""Tables of what is written down of a patient besides who they are: whom to call, the history, the card."""

from datetime import date
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import one_of
from tenant_app.database import HospitalBase
from tenant_app.patients.noted import NOTED_ENDS, Noted, ends_with

HISTORY_KINDS = ("chronic", "surgery", "family", "note")


class PatientContact(HospitalBase, Noted):
    """Somebody to call. One of those that hold is called first."""

    __tablename__ = "patient_contacts"

    full_name: Mapped[str] = mapped_column(String(255))
    relation: Mapped[str | None] = mapped_column(String(100))
    phone: Mapped[str] = mapped_column(String(20))
    is_guardian: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    call_first: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)

    __table_args__ = (
        CheckConstraint("full_name <> ''", name="full_name"),
        CheckConstraint(ends_with(NOTED_ENDS), name="end"),
        CheckConstraint("NOT call_first OR ended_at IS NULL", name="call_first"),
        Index("uq_patient_contacts_call_first", "patient_id", unique=True, postgresql_where=text("call_first")),
    )


class PatientHistory(HospitalBase, Noted):
    """An illness that stays, an operation, an illness in the family, or a note; the year is that of its beginning."""

    __tablename__ = "patient_history"

    kind: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(500))
    icd10: Mapped[str | None] = mapped_column(String(6))
    since_year: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(one_of("kind", HISTORY_KINDS), name="kind"),
        CheckConstraint("what <> ''", name="what"),
        CheckConstraint("icd10 IS NULL OR icd10 ~ '^[A-Z][0-9]{2}([.][0-9]{1,2})?$'", name="icd10"),
        CheckConstraint("since_year IS NULL OR since_year BETWEEN 1880 AND 2200", name="since_year"),
        CheckConstraint(ends_with(NOTED_ENDS), name="end"),
    )


class PatientInsuranceCard(HospitalBase, Noted):
    """A health insurance card: its days, both of which belong to it, and the code of where it is registered."""

    __tablename__ = "patient_insurance_cards"

    identifier_id: Mapped[UUID] = mapped_column(ForeignKey("patient_identifiers.id", ondelete="RESTRICT"))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    facility_code: Mapped[str | None] = mapped_column(String(5))

    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="days"),
        CheckConstraint("facility_code IS NULL OR facility_code ~ '^[0-9]{2}[0-9A-Z]{3}$'", name="facility_code"),
        CheckConstraint(ends_with(NOTED_ENDS), name="end"),
        Index(
            "uq_patient_insurance_cards_current", "patient_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
    )
