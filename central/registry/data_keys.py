"""Central's `data_keys` table as the keychain's store, in the caller's transaction."""

from uuid import UUID

from sqlalchemy import select, update

from central.registry.models import DataKeyRecord
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from keys.public import DataKeyRow, KeyRefused


class SqlDataKeyStore:
    """A `keys.DataKeyStore` over central's database."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._session = uow.session

    def current(self, tenant: TenantId | None, scope: str) -> DataKeyRow | None:
        """The newest row of this place that is not retired."""
        place = DataKeyRecord.tenant_id.is_(None) if tenant is None else DataKeyRecord.tenant_id == tenant
        # Ids are of version 7, so their order is the order of making.
        record = self._session.scalars(
            select(DataKeyRecord)
            .where(place, DataKeyRecord.scope == scope, DataKeyRecord.retired_at.is_(None))
            .order_by(DataKeyRecord.dek_id.desc())
            .limit(1)
        ).first()
        return _row(record)

    def get(self, dek_id: UUID) -> DataKeyRow | None:
        """The row with this id, retired or not."""
        return _row(self._session.get(DataKeyRecord, dek_id))

    def add(self, row: DataKeyRow) -> None:
        """Add a row; it is sent at once, since credentials refer to it."""
        self._session.add(
            DataKeyRecord(
                dek_id=row.dek_id,
                tenant_id=row.tenant_id,
                scope=row.scope,
                kek_version=row.kek_version,
                wrapped=row.wrapped,
                retired_at=row.retired_at,
            )
        )
        self._session.flush()

    def replace_wrapped(self, dek_id: UUID, wrapped: str, kek_version: int) -> None:
        """Put a newly wrapped form in place; raises KeyRefused when there is no such row."""
        changed = self._session.scalars(
            update(DataKeyRecord)
            .where(DataKeyRecord.dek_id == dek_id)
            .values(wrapped=wrapped, kek_version=kek_version)
            .returning(DataKeyRecord.dek_id)
        ).all()
        if not changed:
            raise KeyRefused("there is no data key with this id")


def _row(record: DataKeyRecord | None) -> DataKeyRow | None:
    if record is None:
        return None
    return DataKeyRow(
        tenant_id=None if record.tenant_id is None else TenantId.parse(record.tenant_id),
        scope=record.scope,
        dek_id=record.dek_id,
        kek_version=record.kek_version,
        wrapped=record.wrapped,
        retired_at=record.retired_at,
    )
