"""Tables of patients. A record is never deleted: the law asks for its retention, so it is only made inactive.

Patients of an import that is taken back never had a record: nothing was written down of them but the file's row.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, validates

from kernel.database.columns import CreatedAt, Instant, RowId, Stamped, Version, one_of
from kernel.text import search_key
from tenant_app.database import HospitalBase
from tenant_app.patients.noted import Noted, ends_with
from tenant_app.patients.status_rules import STATUS_REASONS

GENDERS = ("male", "female", "other")
PATIENT_STATUSES = ("active", "inactive", "deceased")
GLOBAL_ID_STATES = ("provisional", "settled")
IDENTIFIER_SYSTEMS = ("cccd", "cmnd", "bhyt", "passport")
SEVERITIES = ("unknown", "mild", "moderate", "severe")
END_REASONS = ("ended", "replaced", "mistaken")
BLOOD_TYPES = ("A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-")


class Patient(HospitalBase, Stamped):
    """A patient of this hospital (specification 2.3, without the identifiers, which are rows).

    `patient_global_id` is minted here, at random; `global_id_state` is `settled` once central has answered which person
    it is. `version` is both the ETag and the `n` of what central is told.
    """

    __tablename__ = "patients"

    id: Mapped[RowId]
    patient_code: Mapped[str] = mapped_column(String(50), server_default=text("next_patient_code()"))
    patient_global_id: Mapped[UUID] = mapped_column(Uuid)
    global_id_state: Mapped[str] = mapped_column(String(20), server_default="provisional", default="provisional")
    full_name: Mapped[str] = mapped_column(String(255))
    search_key: Mapped[str] = mapped_column(String(255))
    date_of_birth: Mapped[date] = mapped_column(Date)
    gender: Mapped[str] = mapped_column(String(10))
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(Text)
    # This and `allergies` are copies for the version before: see tenant_app.patients.copies. They could not be left out
    # in one step: code that reads them takes what is not in them for ended (allergy_rows.follow), so that while two
    # versions run side by side, an allergy in a row alone would end with the next form that is saved.
    emergency_contact: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    medical_history: Mapped[list[Any] | None] = mapped_column(JSONB)
    allergies: Mapped[list[Any] | None] = mapped_column(JSONB)
    # Somebody asked, and none is known; empty also where nobody asked yet.
    no_known_allergies_at: Mapped[Instant | None]
    no_known_allergies_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    insurance_info: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    blood_type: Mapped[str | None] = mapped_column(String(10))
    height_cm: Mapped[int | None] = mapped_column(Integer)
    weight_kg: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    status: Mapped[str] = mapped_column(String(20), server_default="active", default="active")
    deceased_on: Mapped[date | None] = mapped_column(Date)
    # By which file's import the patient was registered, where it was so; it can be taken back with the others.
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("patient_imports.id", ondelete="RESTRICT"))
    version: Mapped[Version] = mapped_column()
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this declaration once.
    __table_args__ = (
        UniqueConstraint("patient_code", name="uq_patients_patient_code"),
        CheckConstraint(one_of("status", PATIENT_STATUSES), name="status"),
        CheckConstraint(one_of("gender", GENDERS), name="gender"),
        CheckConstraint(one_of("global_id_state", GLOBAL_ID_STATES), name="global_id_state"),
        CheckConstraint(f"blood_type IS NULL OR {one_of('blood_type', BLOOD_TYPES)}", name="blood_type"),
        CheckConstraint("height_cm IS NULL OR height_cm BETWEEN 20 AND 280", name="height_cm"),
        CheckConstraint("weight_kg IS NULL OR weight_kg BETWEEN 0.2 AND 650", name="weight_kg"),
        CheckConstraint(
            "no_known_allergies_at IS NULL OR coalesce(allergies, '[]'::jsonb) IN ('[]'::jsonb, 'null'::jsonb)",
            name="no_known_allergies",
        ),
        CheckConstraint("deceased_on IS NULL OR status = 'deceased'", name="deceased_on"),
        Index(
            "ix_patients_closed_name",
            func.vietnamese_order(text("full_name")),
            "id",
            postgresql_where=text("status <> 'active'"),
        ),
        Index("ix_patients_import", "import_id", "id", postgresql_where=text("import_id IS NOT NULL")),
        Index("ix_patients_patient_global_id", "patient_global_id"),
        Index("ix_patients_name", func.vietnamese_order(text("full_name")), "id"),
        Index("ix_patients_phone", "phone", postgresql_where=text("phone IS NOT NULL")),
        Index("ix_patients_date_of_birth", "date_of_birth"),
        Index("ix_patients_search_key_id", "search_key", "id"),
        Index(
            "ix_patients_search_words", func.to_tsvector(text("'simple'"), text("search_key")), postgresql_using="gin"
        ),
    )

    @validates("full_name")
    def _index_name(self, _column: str, full_name: str) -> str:
        """The search key follows the name wherever it is set, so that the two cannot drift apart."""
        self.search_key = search_key(full_name)[:255]
        return full_name


class PatientIdentifier(HospitalBase):
    """A number by which the outside knows the patient, for a period; `valid_to` is empty while it holds.

    `end_reason`: it holds no longer, another took its place, or it never was this patient's.
    """

    __tablename__ = "patient_identifiers"

    id: Mapped[RowId]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"), index=True)
    system: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(50))
    valid_from: Mapped[Instant] = mapped_column(server_default=func.now())
    valid_to: Mapped[Instant | None]
    created_at: Mapped[CreatedAt]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    end_reason: Mapped[str | None] = mapped_column(String(20))
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __table_args__ = (
        CheckConstraint(one_of("system", IDENTIFIER_SYSTEMS), name="system"),
        CheckConstraint(
            f"end_reason IS NULL OR (valid_to IS NOT NULL AND {one_of('end_reason', END_REASONS)})", name="end_reason"
        ),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="period"),
        CheckConstraint("value = upper(value) AND value !~ '\\s' AND value <> ''", name="canonical"),
        Index(
            "uq_patient_identifiers_current",
            "system",
            "value",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
    )


class PatientAllergy(HospitalBase, Noted):
    """An allergy as somebody wrote it down."""

    __tablename__ = "patient_allergies"

    substance: Mapped[str] = mapped_column(String(255))
    reaction: Mapped[str | None] = mapped_column(String(255))
    severity: Mapped[str] = mapped_column(String(20), server_default="unknown", default="unknown")

    __table_args__ = (
        CheckConstraint(one_of("severity", SEVERITIES), name="severity"),
        CheckConstraint("substance <> ''", name="substance"),
        CheckConstraint(ends_with(("ended", "mistaken")), name="end"),
        Index(
            "uq_patient_allergies_current",
            "patient_id",
            text("lower(substance)"),
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )


class PatientStatusChange(HospitalBase):
    """What was said of a patient's status, and why; `told_by` is who told of a death. Only added to, never changed."""

    __tablename__ = "patient_status_changes"

    id: Mapped[RowId]
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id", ondelete="RESTRICT"), index=True)
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(30))
    deceased_on: Mapped[date | None] = mapped_column(Date)
    told_by: Mapped[str | None] = mapped_column(String(255))
    note: Mapped[str | None] = mapped_column(String(500))
    changed_at: Mapped[CreatedAt]
    changed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __table_args__ = (
        CheckConstraint(
            " OR ".join(
                f"(status = '{status}' AND {one_of('reason', reasons)})" for status, reasons in STATUS_REASONS.items()
            ),
            name="reason",
        ),
        CheckConstraint(
            "(status = 'deceased') = (deceased_on IS NOT NULL) AND (status = 'deceased') = (told_by IS NOT NULL)",
            name="death",
        ),
    )
