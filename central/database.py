"""The declarative base of central's database."""

from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import UserDefinedType

from kernel.database.columns import metadata


class CentralBase(DeclarativeBase):
    """All tables of central. `migrations.central.models` imports every module that adds some."""

    metadata = metadata()


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id; it comes as text, and grows in the order in which transactions began."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        """Name of the type."""
        return "xid8"
