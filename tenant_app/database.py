"""The declarative base of a hospital's database: each hospital has one of its own, all of the same shape."""

from sqlalchemy.orm import DeclarativeBase

from kernel.database.columns import metadata


class HospitalBase(DeclarativeBase):
    """Base of every table in a hospital's database; `tenant_app.tables` imports them all."""

    metadata = metadata()
