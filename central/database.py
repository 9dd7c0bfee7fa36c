"""The declarative base of central's database."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database.columns import metadata


class CentralBase(DeclarativeBase):
    """All tables of central. `migrations.central.models` imports every module that adds some."""

    metadata = metadata()
