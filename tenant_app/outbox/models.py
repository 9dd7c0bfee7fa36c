"""The outbox, and the key by which this hospital signs its batches. The functions of 0002_outbox are the only way in.

`next_attempt_at` is when a row may be claimed: for a pending row its next try, for a claimed one the end of its lease.
So one index finds both, and a worker that died needs nobody to clear up after it.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import CreatedAt, Instant, RowId, one_of
from tenant_app.database import HospitalBase

STATES = ("pending", "claimed", "settled", "dead", "discarded")


class OutboxEvent(HospitalBase):
    """One event; `id` is the event's id everywhere. The payload is emptied once central has it."""

    __tablename__ = "outbox"

    id: Mapped[RowId]
    aggregate_type: Mapped[str] = mapped_column(String(50))
    aggregate_id: Mapped[UUID] = mapped_column(Uuid)
    event_type: Mapped[str] = mapped_column(String(100))
    epoch: Mapped[int] = mapped_column(Integer)
    n: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(String(20), server_default="pending", default="pending")
    claim_id: Mapped[UUID | None] = mapped_column(Uuid)
    lease_until: Mapped[Instant | None]
    attempts: Mapped[int] = mapped_column(Integer, server_default="0", default=0)
    next_attempt_at: Mapped[Instant] = mapped_column(server_default=text("now()"))
    last_error: Mapped[str | None] = mapped_column(String(100))
    history: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    created_at: Mapped[CreatedAt]
    settled_at: Mapped[Instant | None]

    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("epoch >= 1 AND n >= 1", name="version"),
        CheckConstraint("(state = 'claimed') = (claim_id IS NOT NULL)", name="claim"),
        Index("ix_outbox_due", "next_attempt_at", postgresql_where=text("state IN ('pending', 'claimed')")),
        Index("ix_outbox_dead", "id", postgresql_where=text("state = 'dead'")),
        Index("ix_outbox_aggregate", "aggregate_id", "epoch", "n"),
    )


class SyncSigningKeyRecord(HospitalBase):
    """The hospital's Ed25519 sync key: the private half sealed under one of the hospital's own data keys."""

    __tablename__ = "sync_signing_keys"

    kid: Mapped[str] = mapped_column(String(100), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(100))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed_private: Mapped[str] = mapped_column(Text)
    dek_id: Mapped[UUID] = mapped_column(Uuid)
    created_at: Mapped[CreatedAt]
    not_after: Mapped[Instant] = mapped_column()
