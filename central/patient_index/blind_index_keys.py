"""The keys of the blind index, wrapped, as rows of central; read by whoever looks up or seals."""

from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from central.database import CentralBase
from kernel.database.columns import CreatedAt, Instant
from kernel.database.unit_of_work import UnitOfWork
from keys.public import BlindIndexKeyRow, KeyProvider, new_blind_index_key


class BlindIndexKeyRecord(CentralBase):
    """One version of the blind index key."""

    __tablename__ = "blind_index_keys"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kek_version: Mapped[int] = mapped_column(Integer)
    wrapped: Mapped[str] = mapped_column(Text)
    created_at: Mapped[CreatedAt]
    retired_at: Mapped[Instant | None]


def ensure_blind_index_key(*, uow: UnitOfWork, provider: KeyProvider) -> bool:
    """Make the first key where there is none; True when it was made. Safe to repeat."""
    if uow.session.get(BlindIndexKeyRecord, 1) is not None:
        return False
    add_blind_index_key(uow=uow, row=new_blind_index_key(provider, version=1))
    return True


def add_blind_index_key(*, uow: UnitOfWork, row: BlindIndexKeyRow) -> None:
    """Store a key that was just made."""
    uow.session.add(BlindIndexKeyRecord(version=row.version, kek_version=row.kek_version, wrapped=row.wrapped))
    uow.flush()
