"""Column types and conventions. Constraint names are part of the interface: errors are translated by them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, MetaData, Text, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

RowId = Annotated[UUID, mapped_column(Uuid, primary_key=True, server_default=text("uuidv7()"))]
GlobalId = Annotated[UUID, mapped_column(Uuid)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
UpdatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now())]
Version = Annotated[int, mapped_column(BigInteger, server_default=text("1"), default=1)]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
LongText = Annotated[str, mapped_column(Text)]


def metadata() -> MetaData:
    """Fresh metadata with our naming convention; one for central, one for hospitals."""
    return MetaData(naming_convention=NAMING)


class Stamped:
    """Rows that say when they were made and last changed."""

    created_at: Mapped[CreatedAt]
    updated_at: Mapped[UpdatedAt]


class Versioned:
    """Rows whose change needs the version last seen (If-Match); SQLAlchemy counts it and refuses a lost update."""

    version: Mapped[Version]


def one_of(column: str, values: tuple[str, ...]) -> str:
    """The text of a CHECK constraint that a column holds one of `values` (constants of the code, never input)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"
