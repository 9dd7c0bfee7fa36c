"""Tables of the index: persons, how they are found, and at which hospitals they have a book. Specification section 11.

Names, phones, e-mail and numbers are here as ciphertext or keyed digests only; nothing clinical is here at all.
"""

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from central.database import CentralBase
from central.patient_index.identifiers import SYSTEMS
from kernel.database.columns import CreatedAt, RowId, Stamped, Version, one_of

INDEX_STATUSES = ("active", "inactive", "deceased")


class Person(Stamped, CentralBase):
    """One human being. `id` is the `patient_global_id`; `version` rises whenever the set of hospitals changes."""

    __tablename__ = "persons"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[Version] = mapped_column()


class PersonIdentifier(CentralBase):
    """A blind index digest of one identifier, under one version of the key, and the identifier sealed.

    The sealed value serves the exchange of the blind index key and nothing else. It was sealed by a hospital's worker
    for the place (that hospital, this table, `sealed_value`, `<system>:<key version>:<digest in hex>`); the data key
    tells which hospital.
    """

    __tablename__ = "person_identifiers"
    __table_args__ = (
        CheckConstraint(one_of("system", SYSTEMS), name="system"),
        CheckConstraint("octet_length(digest) = 32", name="digest"),
        UniqueConstraint("system", "key_version", "digest", name="uq_person_identifiers_digest"),
        Index("ix_person_identifiers_person_id", "person_id"),
    )

    id: Mapped[RowId]
    # Deferred: of two hospitals that push one number at once, only the winner's person is made, after this row.
    person_id: Mapped[UUID] = mapped_column(
        ForeignKey("persons.id", ondelete="RESTRICT", deferrable=True, initially="DEFERRED")
    )
    system: Mapped[str] = mapped_column(String(20))
    key_version: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_value: Mapped[str] = mapped_column(Text)
    dek_id: Mapped[UUID] = mapped_column(Uuid)
    created_at: Mapped[CreatedAt]


class IndexEntry(CentralBase):
    """A patient of one hospital, and which person that is. (epoch, n) is the version that was applied last.

    `metadata_encrypted` is sealed for (tenant, `central_patient_index`, `metadata`, local id) under
    `encryption_key_id`.
    """

    __tablename__ = "central_patient_index"
    __table_args__ = (
        CheckConstraint(one_of("status", INDEX_STATUSES), name="status"),
        CheckConstraint("epoch >= 1 AND n >= 1", name="version"),
        UniqueConstraint("tenant_id", "patient_local_id"),
        Index("ix_central_patient_index_person", "patient_global_id", "tenant_id"),
    )

    id: Mapped[RowId]
    patient_global_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id", ondelete="RESTRICT"))
    # No foreign key here and in the inbox: the tenant comes from the row of a sync key, which has one, and checking it
    # again for each event was a third of the work of taking a batch.
    tenant_id: Mapped[UUID] = mapped_column(Uuid)
    patient_local_id: Mapped[UUID] = mapped_column(Uuid)
    metadata_encrypted: Mapped[str] = mapped_column(Text)
    encryption_key_id: Mapped[UUID] = mapped_column(Uuid)
    status: Mapped[str] = mapped_column(String(20))
    epoch: Mapped[int] = mapped_column(Integer)
    n: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class Tombstone(CentralBase):
    """A patient that a hospital erased: whatever comes of them later, with whatever version, stays out."""

    __tablename__ = "patient_tombstones"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenants.id", ondelete="RESTRICT"), primary_key=True)
    patient_local_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer)
    n: Mapped[int] = mapped_column(BigInteger)
    erased_at: Mapped[CreatedAt]
