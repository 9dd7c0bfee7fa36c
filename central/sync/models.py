"""Tables of the sync: who may push, what has arrived, what waits to be told, and what failed for good."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Identity, Index, Integer, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from central.database import CentralBase
from kernel.database.columns import CreatedAt, Instant, RowId, one_of

CHANGE_KINDS = ("settled", "merged", "replay", "discard")
DEAD_STATES = ("dead", "replay_requested", "discard_requested", "replayed", "discarded")
INBOX_RESULTS = ("applied", "stale")
# `metadata` and `frontend_config` are the specification's; nothing writes them yet.
SYNC_TYPES = ("push", "pull", "metadata", "frontend_config")
SYNC_STATUSES = ("success", "failed", "partial")


class SyncKey(CentralBase):
    """The public half of a hospital's Ed25519 sync key: the tenant of a batch is the one that stands here."""

    __tablename__ = "sync_keys"
    __table_args__ = (Index("ix_sync_keys_tenant_id", "tenant_id"),)

    kid: Mapped[str] = mapped_column(String(100), primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[CreatedAt]
    retired_at: Mapped[Instant | None]


class UsedToken(CentralBase):
    """The id of a token that was accepted, kept until the token could not be accepted any more anyway."""

    __tablename__ = "sync_used_tokens"
    __table_args__ = (Index("ix_sync_used_tokens_expires_at", "expires_at"),)

    jti: Mapped[str] = mapped_column(String(100), primary_key=True)
    expires_at: Mapped[Instant] = mapped_column()


class InboxRow(CentralBase):
    """An event that was taken: it is not taken again."""

    __tablename__ = "sync_inbox"
    __table_args__ = (
        CheckConstraint(one_of("result", INBOX_RESULTS), name="result"),
        Index("ix_sync_inbox_received_at", "received_at", postgresql_using="brin"),
    )

    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    result: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[CreatedAt]


class Change(CentralBase):
    """Something that a hospital's worker is to learn. Read by (xid, id) below `pg_snapshot_xmin`, never by id alone:
    ids are given before their rows are visible.
    """

    __tablename__ = "sync_changes"
    __table_args__ = (
        CheckConstraint(one_of("kind", CHANGE_KINDS), name="kind"),
        Index("ix_sync_changes_position", "tenant_id", "xid", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    xid: Mapped[int] = mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text)::bigint"))
    created_at: Mapped[CreatedAt]


class SyncHistory(CentralBase):
    """One batch. Specification section 1.4; `results` counts the answers to its events."""

    __tablename__ = "sync_history"
    __table_args__ = (
        CheckConstraint(one_of("sync_type", SYNC_TYPES), name="sync_type"),
        CheckConstraint(one_of("status", SYNC_STATUSES), name="status"),
        Index("ix_sync_history_tenant_id", "tenant_id", "start_time"),
        Index("ix_sync_history_created_at", "created_at", postgresql_using="brin"),
    )

    id: Mapped[RowId]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"))
    sync_type: Mapped[str] = mapped_column(String(50))
    status: Mapped[str] = mapped_column(String(20))
    records_count: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    results: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    start_time: Mapped[Instant] = mapped_column()
    end_time: Mapped[Instant | None]
    error_message: Mapped[str | None] = mapped_column(Text)
    checksum: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]


class DeadLetter(CentralBase):
    """An event that was given up: the event itself stays in its hospital's outbox; here is only what tells it apart."""

    __tablename__ = "sync_dead_letters"
    __table_args__ = (
        CheckConstraint(one_of("state", DEAD_STATES), name="state"),
        Index("uq_sync_dead_letters_event", "tenant_id", "event_id", unique=True),
        Index("ix_sync_dead_letters_state", "state", "last_failed_at"),
    )

    id: Mapped[RowId]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"))
    event_id: Mapped[UUID] = mapped_column(Uuid)
    event_type: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(100))
    attempts: Mapped[int] = mapped_column(Integer)
    first_failed_at: Mapped[Instant] = mapped_column()
    last_failed_at: Mapped[Instant] = mapped_column()
    state: Mapped[str] = mapped_column(String(20), server_default="dead", default="dead")
    decided_by: Mapped[UUID | None] = mapped_column(Uuid)
    decided_at: Mapped[Instant | None]


class TenantSyncStatus(CentralBase):
    """How a hospital's sync stands, as its worker last said. Its row is also what serialises a hospital's batches."""

    __tablename__ = "tenant_sync_status"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"), primary_key=True)
    last_push_at: Mapped[Instant | None]
    last_success_at: Mapped[Instant | None]
    backlog: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    oldest_pending_at: Mapped[Instant | None]
    updated_at: Mapped[CreatedAt]


class AuditHead(CentralBase):
    """The signed head of a hospital's audit chain, so that a hospital cannot rewrite its audit unseen."""

    __tablename__ = "hospital_audit_heads"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    head: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[CreatedAt]


class TenantUsageDay(CentralBase):
    """How much a hospital was used on one of its days, as it said last. Specification section 1.1.

    `user_accounts` and `storage_used_mb` are known of days on which the hospital was counted, not of those before.
    """

    __tablename__ = "tenant_usage_stats"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"), primary_key=True)
    date: Mapped[date] = mapped_column(Date, primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer)
    n: Mapped[int] = mapped_column(BigInteger)
    active_users: Mapped[int] = mapped_column(BigInteger)
    active_patients: Mapped[int] = mapped_column(BigInteger)
    total_patients: Mapped[int] = mapped_column(BigInteger)
    new_patients: Mapped[int] = mapped_column(BigInteger)
    total_appointments: Mapped[int] = mapped_column(BigInteger)
    completed_appointments: Mapped[int] = mapped_column(BigInteger)
    missed_appointments: Mapped[int] = mapped_column(BigInteger)
    queue_numbers: Mapped[int] = mapped_column(BigInteger)
    user_accounts: Mapped[int | None] = mapped_column(BigInteger)
    storage_used_mb: Mapped[int | None] = mapped_column(BigInteger)
    updated_at: Mapped[CreatedAt]
