"""Tables of the jobs in central's database."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from central.database import CentralBase
from kernel.database.columns import CreatedAt, Instant


class JobLease(CentralBase):
    """A job, who runs it now and until when that holds, and how it went.

    `fence` rises with each run: what a runner says about a run that is no longer its own changes nothing.
    """

    __tablename__ = "job_leases"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    holder: Mapped[UUID | None] = mapped_column(Uuid)
    fence: Mapped[int] = mapped_column(BigInteger, server_default="0")
    lease_until: Mapped[Instant | None]
    next_run_at: Mapped[CreatedAt]
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    succeeded_at: Mapped[Instant | None]
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_error: Mapped[str | None] = mapped_column(String(100))

    __table_args__ = (CheckConstraint("(holder IS NULL) = (lease_until IS NULL)", name="held"),)


class AuditSigningKeyRecord(CentralBase):
    """A key that signs seals; the private half is sealed under a data key of scope `audit-signing`.

    It stands in central for the chains of all hospitals, so that whoever owns a hospital's database cannot put another
    key in its place and sign a history of their own.
    """

    __tablename__ = "audit_signing_keys"

    kid: Mapped[str] = mapped_column(String(100), primary_key=True)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed_private: Mapped[str] = mapped_column(Text)
    dek_id: Mapped[UUID] = mapped_column(ForeignKey("data_keys.dek_id", ondelete="RESTRICT"))
    created_at: Mapped[CreatedAt]
    not_after: Mapped[Instant]
