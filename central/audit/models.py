"""Append-only tables of central, by month. Specification sections 1.4 and 9.2."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from central.database import CentralBase, Xid8
from kernel.database.columns import CreatedAt, one_of

RISK_LEVELS = ("low", "medium", "high", "critical")
PORTALS = ("admin", "hospital", "patient")


class AdminAuditLog(CentralBase):
    """One thing an administrator (or the command line) did or looked at, without values of secrets and identifiers.

    `xid` is the transaction that wrote the row: the sealer chains rows by (xid, id) below `pg_snapshot_xmin`, because
    an id alone grows before its row is visible.
    """

    __tablename__ = "admin_audit_logs"
    __table_args__ = (
        CheckConstraint(one_of("portal", PORTALS), name="portal"),
        Index("ix_admin_audit_logs_xid", "xid", "id"),
        Index("ix_admin_audit_logs_tenant_id", "tenant_id", "created_at"),
        Index("ix_admin_audit_logs_user_id", "user_id", "created_at"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    user_id: Mapped[UUID | None] = mapped_column(Uuid)
    actor_name: Mapped[str] = mapped_column(String(255))
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    action: Mapped[str] = mapped_column(String(100))
    resource_type: Mapped[str] = mapped_column(String(100))
    resource_id: Mapped[str | None] = mapped_column(String(255))
    portal: Mapped[str | None] = mapped_column(String(50))
    old_values: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    new_values: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reason: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(100))
    ip_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(Text)
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))


class SecurityAuditLog(CentralBase):
    """Something that looked like an attack or a broken protection: sign-in failures, refused routes, swapped rows."""

    __tablename__ = "security_audit_logs"
    __table_args__ = (
        CheckConstraint(one_of("risk_level", RISK_LEVELS), name="risk_level"),
        Index("ix_security_audit_logs_event", "security_event", "created_at"),
        Index("ix_security_audit_logs_risk", "risk_level", "created_at"),
        Index("ix_security_audit_logs_tenant_id", "tenant_id", "created_at"),
        Index("ix_security_audit_logs_xid", "xid", "id"),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True, server_default=func.now())
    tenant_id: Mapped[UUID | None] = mapped_column(Uuid)
    user_id: Mapped[UUID | None] = mapped_column(Uuid)
    security_event: Mapped[str] = mapped_column(String(100))
    risk_level: Mapped[str] = mapped_column(String(20), server_default="low")
    event_details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    request_id: Mapped[str | None] = mapped_column(String(100))
    ip_address: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(Text)
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))


class AuditSeal(CentralBase):
    """One link of the chain over an audit table: its first and last row, their digest, the digest before, signed."""

    __tablename__ = "audit_seals"
    __table_args__ = (
        Index("uq_audit_seals_previous", "table_name", "previous", unique=True),
        UniqueConstraint("table_name", "sequence"),
        CheckConstraint("row_count > 0", name="row_count"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    table_name: Mapped[str] = mapped_column(String(63))
    sequence: Mapped[int] = mapped_column(BigInteger)
    first_xid: Mapped[int] = mapped_column(Xid8)
    first_id: Mapped[UUID] = mapped_column(Uuid)
    last_xid: Mapped[int] = mapped_column(Xid8)
    last_id: Mapped[UUID] = mapped_column(Uuid)
    row_count: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    signing_kid: Mapped[str] = mapped_column(String(100))
    signature: Mapped[str] = mapped_column(Text)
    sealed_at: Mapped[CreatedAt]
