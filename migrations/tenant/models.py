"""Every table of a hospital's database, so that its metadata are whole."""

from sqlalchemy import MetaData

from tenant_app import tables

METADATA: MetaData = tables.METADATA
