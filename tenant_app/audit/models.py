"""The audit log of a hospital, partitioned by month, and the seals over it."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, LargeBinary, String, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import UserDefinedType

from kernel.database.columns import CreatedAt, Instant, RowId, one_of
from tenant_app.database import HospitalBase

ACTOR_KINDS = ("staff", "patient", "admin", "worker")
PORTALS = ("hospital", "patient", "admin")


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id; it comes as text, and grows in the order in which transactions began."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Name of the type."""
        return "xid8"


class AuditLog(HospitalBase):
    """One access to something (specification 2.8), with the names of changed fields.

    The values of a patient's data stand in the record itself and never here; a second copy, read by other people, would
    be a leak. `old_values` and `new_values` are about rights only: who had which role, which role permitted what.
    `xid` is the writing transaction: the sealer takes the rows below `pg_snapshot_xmin`, which are complete.
    """

    __tablename__ = "audit_logs"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    created_at: Mapped[Instant] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))
    actor_kind: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[UUID | None] = mapped_column(Uuid)
    portal: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(100))
    resource_type: Mapped[str] = mapped_column(String(100))
    resource_id: Mapped[str | None] = mapped_column(String(255))
    patient_id: Mapped[UUID | None] = mapped_column(Uuid)
    changed: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'"))
    old_values: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    new_values: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    request_id: Mapped[str | None] = mapped_column(String(64))
    ip_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(String(255))

    __table_args__ = (
        CheckConstraint(one_of("actor_kind", ACTOR_KINDS), name="actor_kind"),
        CheckConstraint(one_of("portal", PORTALS), name="portal"),
        Index("ix_audit_logs_sealing", "xid", "id"),
        Index(
            "ix_audit_logs_patient", "patient_id", "created_at", "id", postgresql_where=text("patient_id IS NOT NULL")
        ),
        Index("ix_audit_logs_user", "user_id", "created_at"),
        Index("ix_audit_logs_newest", "created_at", "id"),
        Index("ix_audit_logs_action", "action", "created_at"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )


class AuditSeal(HospitalBase):
    """A link of the chain over the audit log: the digest of a run of rows, and of the seal before it, signed."""

    __tablename__ = "audit_seals"

    id: Mapped[RowId]
    sequence: Mapped[int] = mapped_column(BigInteger, unique=True)
    first_xid: Mapped[int] = mapped_column(Xid8)
    first_id: Mapped[UUID] = mapped_column(Uuid)
    last_xid: Mapped[int] = mapped_column(Xid8)
    last_id: Mapped[UUID] = mapped_column(Uuid)
    row_count: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[str] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(String(100))
    sealed_at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("row_count > 0", name="row_count"),)


class AuditCheck(HospitalBase):
    """What `sokham audit verify` found here, for those who read the log: how far it holds, or where it breaks."""

    __tablename__ = "audit_checks"

    id: Mapped[RowId]
    checked_at: Mapped[CreatedAt]
    seals: Mapped[int] = mapped_column(BigInteger)
    row_count: Mapped[int] = mapped_column(BigInteger)
    broken_sequence: Mapped[int | None] = mapped_column(BigInteger)
    fault: Mapped[str | None] = mapped_column(String(20))

    __table_args__ = (
        CheckConstraint("seals >= 0 AND row_count >= 0", name="counts"),
        CheckConstraint("(broken_sequence IS NULL) = (fault IS NULL)", name="fault"),
    )
