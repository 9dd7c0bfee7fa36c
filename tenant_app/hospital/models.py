"""Tables about the hospital and its keys."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Integer, String, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import CreatedAt, Instant, RowId, Stamped, UpdatedAt, Version
from tenant_app.database import HospitalBase


class HospitalIdentity(HospitalBase):
    """The fingerprint: which hospital this database belongs to. One row, which no application role can write."""

    __tablename__ = "hospital_identity"

    tenant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    singleton: Mapped[bool] = mapped_column(server_default=text("true"), default=True, unique=True)
    created_at: Mapped[CreatedAt]

    __table_args__ = (CheckConstraint("singleton", name="singleton"),)


class HospitalInfo(HospitalBase, Stamped):
    """What the hospital says of itself (specification 2.1). One row."""

    __tablename__ = "hospital_info"

    id: Mapped[RowId]
    singleton: Mapped[bool] = mapped_column(server_default=text("true"), default=True, unique=True)
    tenant_code: Mapped[str] = mapped_column(String(50), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    display_name: Mapped[str | None] = mapped_column(String(255))
    address: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(255))
    website: Mapped[str | None] = mapped_column(String(255))
    license_number: Mapped[str | None] = mapped_column(String(100))
    tax_code: Mapped[str | None] = mapped_column(String(50))
    logo_url: Mapped[str | None] = mapped_column(String(500))
    business_hours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    theme_config: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    portal_configs: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    version: Mapped[Version] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads this declaration once.
    __table_args__ = (
        CheckConstraint("singleton", name="singleton"),
        CheckConstraint(
            "business_hours IS NULL OR (jsonb_typeof(business_hours) = 'object'"
            " AND business_hours ?& ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])",
            name="business_hours",
        ),
    )


class HospitalDataKey(HospitalBase):
    """A wrapped data key of the hospital's own; central's processes have no right to unwrap it."""

    __tablename__ = "data_keys"

    dek_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    scope: Mapped[str] = mapped_column(String(50), index=True)
    kek_version: Mapped[int] = mapped_column(Integer)
    wrapped: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]
    retired_at: Mapped[Instant | None]


class HospitalSync(HospitalBase):
    """Where this hospital stands in the sync. `epoch` is raised when the database is restored from a backup."""

    __tablename__ = "hospital_sync"

    singleton: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"), default=True)
    epoch: Mapped[int] = mapped_column(Integer, server_default=text("1"), default=1)
    changes_cursor: Mapped[str | None] = mapped_column(String(200))
    updated_at: Mapped[UpdatedAt]

    __table_args__ = (CheckConstraint("singleton", name="singleton"), CheckConstraint("epoch >= 1", name="epoch"))
