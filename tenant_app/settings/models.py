"""The table of settings."""

from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database.columns import RowId, Stamped, Versioned, one_of
from tenant_app.database import HospitalBase

CONFIG_TYPES = ("number", "switch", "roles", "choice", "text", "secret")
CONFIG_PORTALS = ("hospital",)


class SystemConfig(HospitalBase, Stamped, Versioned):
    """A setting that differs from its default (specification 2.1); what it means stands in the catalogue.

    A secret is encrypted: `config_value` is what `keys` sealed.
    """

    __tablename__ = "system_configs"

    id: Mapped[RowId]
    config_key: Mapped[str] = mapped_column(String(100))
    config_value: Mapped[str] = mapped_column(Text)
    config_type: Mapped[str] = mapped_column(String(50))
    is_encrypted: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), default=False)
    portal: Mapped[str] = mapped_column(String(50), server_default="hospital", default="hospital")
    updated_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))

    __table_args__ = (
        UniqueConstraint("config_key", "portal", name="uq_system_configs_config_key_portal"),
        CheckConstraint(one_of("config_type", CONFIG_TYPES), name="config_type"),
        CheckConstraint(one_of("portal", CONFIG_PORTALS), name="portal"),
        CheckConstraint(
            "is_encrypted = (config_type = 'secret') AND (NOT is_encrypted OR config_value LIKE 's1.%')",
            name="encrypted",
        ),
    )
