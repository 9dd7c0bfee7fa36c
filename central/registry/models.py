"""Tables of the registry. Specification section 1.1, with a row of credentials for each purpose."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    FetchedValue,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from central.database import CentralBase
from kernel.database.columns import CreatedAt, Instant, RowId, Stamped, Version, one_of

TENANT_STATUSES = ("provisioning", "active", "suspended", "inactive", "failed")
SUBSCRIPTION_PLANS = ("basic", "premium", "enterprise")
CREDENTIAL_PURPOSES = ("app", "portal", "sync", "seal", "migrate")
ISSUERS = ("central", "staff", "patient")
OPERATION_STATES = ("running", "done", "failed")


class Tenant(Stamped, CentralBase):
    """A hospital. `route_version` rises by trigger with every change here or of its credentials, so that a cache that
    was written late loses. `created_by` and `updated_by` name administrators; they are empty for the command line, and
    no foreign key binds them: administrators are `central.auth`'s, which stands above the registry.
    """

    __tablename__ = "tenants"
    __table_args__ = (
        CheckConstraint(one_of("status", TENANT_STATUSES), name="status"),
        CheckConstraint(one_of("subscription_plan", SUBSCRIPTION_PLANS), name="subscription_plan"),
        CheckConstraint("max_users > 0 AND max_storage_gb > 0 AND epoch > 0", name="quotas"),
        CheckConstraint("tenant_code ~ '^[a-z][a-z0-9-]{1,48}[a-z0-9]$'", name="tenant_code"),
        CheckConstraint("domain = lower(domain)", name="domain"),
    )

    id: Mapped[RowId]
    tenant_code: Mapped[str] = mapped_column(String(50), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    display_name: Mapped[str | None] = mapped_column(String(255))
    domain: Mapped[str | None] = mapped_column(String(255), unique=True)
    status: Mapped[str] = mapped_column(String(20), server_default="provisioning", default="provisioning")
    subscription_plan: Mapped[str] = mapped_column(String(50), server_default="basic", default="basic")
    max_users: Mapped[int] = mapped_column(Integer, server_default="100", default=100)
    max_storage_gb: Mapped[int] = mapped_column(Integer, server_default="10", default=10)
    epoch: Mapped[int] = mapped_column(Integer, server_default="1", default=1)
    route_version: Mapped[int] = mapped_column(
        BigInteger, server_default="1", server_onupdate=FetchedValue(), default=1
    )
    version: Mapped[Version] = mapped_column()
    created_by: Mapped[UUID | None] = mapped_column(Uuid)
    updated_by: Mapped[UUID | None] = mapped_column(Uuid)

    __mapper_args__ = {"version_id_col": version, "eager_defaults": True}  # noqa: RUF012 - SQLAlchemy reads it as is.


class TenantCredential(CentralBase):
    """How one purpose opens a hospital's database. `encryption_key_id` is the data key that sealed the password."""

    __tablename__ = "tenant_credentials"
    __table_args__ = (
        UniqueConstraint("tenant_id", "purpose"),
        CheckConstraint(one_of("purpose", CREDENTIAL_PURPOSES), name="purpose"),
        CheckConstraint("database_port BETWEEN 1 AND 65535", name="database_port"),
    )

    id: Mapped[RowId]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"))
    purpose: Mapped[str] = mapped_column(String(20))
    database_host: Mapped[str] = mapped_column(String(255))
    database_port: Mapped[int] = mapped_column(Integer, server_default="5432")
    database_name: Mapped[str] = mapped_column(String(100))
    database_username: Mapped[str] = mapped_column(String(100))
    # Central's application may write it and not read it, so it is loaded only by whoever asks for it.
    database_password_encrypted: Mapped[str] = mapped_column(Text, deferred=True)
    encryption_algorithm: Mapped[str] = mapped_column(String(20), server_default="AES-256-GCM", default="AES-256-GCM")
    encryption_key_id: Mapped[UUID] = mapped_column(ForeignKey("data_keys.dek_id", ondelete="RESTRICT"))
    created_at: Mapped[CreatedAt]
    rotated_at: Mapped[Instant | None]


class DataKeyRecord(CentralBase):
    """A data key, wrapped: central's own (no tenant) or that of a hospital's credentials."""

    __tablename__ = "data_keys"
    __table_args__ = (Index("ix_data_keys_place", "tenant_id", "scope", "dek_id"),)

    dek_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"))
    scope: Mapped[str] = mapped_column(String(50))
    kek_version: Mapped[int] = mapped_column(Integer)
    wrapped: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]
    retired_at: Mapped[Instant | None]


class SigningKeyRecord(CentralBase):
    """A token-signing key of one issuer: the public half as JWK, the private half sealed under `dek_id`."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint(one_of("issuer", ISSUERS), name="issuer"),
        Index("ix_signing_keys_issuer", "issuer", "created_at"),
    )

    kid: Mapped[str] = mapped_column(String(100), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(20))
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    sealed_private: Mapped[str] = mapped_column(Text)
    dek_id: Mapped[UUID] = mapped_column(ForeignKey("data_keys.dek_id", ondelete="RESTRICT"))
    created_at: Mapped[CreatedAt]
    not_after: Mapped[Instant | None]


class Operation(Stamped, CentralBase):
    """A long piece of work on a hospital, in steps. Whoever holds the lease works on it; a dead holder's runs out."""

    __tablename__ = "operations"
    __table_args__ = (
        CheckConstraint(one_of("state", OPERATION_STATES), name="state"),
        Index("ix_operations_tenant_id", "tenant_id", "created_at"),
        Index(
            "uq_operations_running",
            "tenant_id",
            unique=True,
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[RowId]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(50))
    state: Mapped[str] = mapped_column(String(20), server_default="running", default="running")
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    request: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    requested_by: Mapped[UUID | None] = mapped_column(Uuid)
    lease_id: Mapped[UUID | None] = mapped_column(Uuid)
    lease_until: Mapped[Instant | None]
