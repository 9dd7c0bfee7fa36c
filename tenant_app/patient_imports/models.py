"""Tables of imports: the import, its file while it is needed, and its rows while somebody looks at them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import CreatedAt, Instant, RowId, Stamped, Version, one_of
from tenant_app.database import HospitalBase

FILE_KINDS = ("csv", "xlsx")
STATES = (
    *("uploaded", "checking", "checked", "committing", "done", "failed", "discarded"),
    *("taking_back", "taken_back"),
)
# Its patients are registered, or were.
COMMITTED_STATES = ("done", "taking_back", "taken_back")
# While it is in one of these, its file and rows are kept.
OPEN_STATES = ("uploaded", "checking", "checked", "committing", "failed")
DECISIONS = ("import", "skip")


class PatientImport(HospitalBase, Stamped):
    """One import. `mapping` says of each column of the file which of ours it is; `claim_id` who works on it until when.

    `samples` has for each encoding that the file may have what its beginning reads like (see samples.samples). It and
    the headings hold what stands in the file, so that they go with it.

    `failure` is a message with what stands in it (`message`, `said`, `row`): why the file could not be read, or why the
    last try to import or to take back was refused. `rows_*` count rows of patients, without the heading; once they are
    to be taken back, both count the patients.
    """

    __tablename__ = "patient_imports"

    id: Mapped[RowId]
    file_name: Mapped[str] = mapped_column(String(255))
    file_kind: Mapped[str] = mapped_column(String(10))
    file_bytes: Mapped[int] = mapped_column(Integer)
    encoding: Mapped[str] = mapped_column(String(20))
    heading_row: Mapped[int] = mapped_column(Integer)
    headings: Mapped[list[str]] = mapped_column(JSONB)
    mapping: Mapped[list[str | None]] = mapped_column(JSONB)
    samples: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(20), server_default="uploaded", default="uploaded")
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    rows_total: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    rows_done: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    claim_id: Mapped[UUID | None] = mapped_column(Uuid)
    lease_until: Mapped[Instant | None]
    version: Mapped[Version] = mapped_column()
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    committed_at: Mapped[Instant | None]
    committed_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    taken_back_at: Mapped[Instant | None]
    taken_back_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    expires_at: Mapped[Instant] = mapped_column(server_default=text("now() + interval '7 days'"))

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this declaration once.
    __table_args__ = (
        CheckConstraint(one_of("file_kind", FILE_KINDS), name="file_kind"),
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("rows_total >= 0 AND rows_done >= 0 AND file_bytes > 0", name="counts"),
        CheckConstraint(f"({one_of('state', COMMITTED_STATES)}) = (committed_at IS NOT NULL)", name="committed"),
        CheckConstraint("(state = 'taken_back') = (taken_back_at IS NOT NULL)", name="taken_back"),
        Index("ix_patient_imports_created_at", "created_at", "id"),
        Index("ix_patient_imports_expiring", "expires_at", postgresql_where=text(one_of("state", OPEN_STATES))),
    )


class PatientImportFile(HospitalBase):
    """The file as it was uploaded; it goes when the import is done, discarded or expired."""

    __tablename__ = "patient_import_files"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("patient_imports.id", ondelete="CASCADE"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]


class PatientImportRow(HospitalBase):
    """A row of the file: as it is written (`cells`), what it means, and what is wrong with it.

    `row_number` is as a spreadsheet counts. `patient_id` and `patient_global_id` are what the patient will have, so
    that importing is one statement a table. A wrong row cannot be imported; a doubtful one waits for a decision.
    """

    __tablename__ = "patient_import_rows"

    import_id: Mapped[UUID] = mapped_column(ForeignKey("patient_imports.id", ondelete="CASCADE"), primary_key=True)
    row_number: Mapped[int] = mapped_column(Integer, primary_key=True)
    cells: Mapped[list[str]] = mapped_column(JSONB)
    problems: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    wrong: Mapped[bool] = mapped_column(Boolean)
    doubtful: Mapped[bool] = mapped_column(Boolean)
    decision: Mapped[str | None] = mapped_column(String(10))
    patient_id: Mapped[UUID] = mapped_column(Uuid)
    patient_global_id: Mapped[UUID] = mapped_column(Uuid)
    full_name: Mapped[str | None] = mapped_column(String(255))
    search_key: Mapped[str | None] = mapped_column(String(255))
    date_of_birth: Mapped[date | None] = mapped_column(Date)
    gender: Mapped[str | None] = mapped_column(String(10))
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(Text)
    emergency_contact: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    allergies: Mapped[list[str] | None] = mapped_column(JSONB)
    blood_type: Mapped[str | None] = mapped_column(String(10))
    cccd: Mapped[str | None] = mapped_column(String(50))
    bhyt: Mapped[str | None] = mapped_column(String(50))
    cmnd: Mapped[str | None] = mapped_column(String(50))
    passport: Mapped[str | None] = mapped_column(String(50))

    __table_args__ = (
        CheckConstraint(f"decision IS NULL OR {one_of('decision', DECISIONS)}", name="decision"),
        CheckConstraint("NOT wrong OR decision IS DISTINCT FROM 'import'", name="wrong"),
        CheckConstraint(
            "wrong OR (full_name IS NOT NULL AND date_of_birth IS NOT NULL AND gender IS NOT NULL)", name="whole"
        ),
        Index(
            "ix_patient_import_rows_troubled",
            "import_id",
            "row_number",
            postgresql_where=text("wrong OR doubtful OR decision IS NOT NULL"),
        ),
    )
