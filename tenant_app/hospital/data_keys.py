"""The hospital's own data keys as the keychain's store, in the caller's transaction."""

from uuid import UUID

from sqlalchemy import select

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from keys.public import DataKeyRow, KeyRefused
from tenant_app.hospital.models import HospitalDataKey


def hospital_keys(uow: UnitOfWork, tenant: TenantId | None) -> "HospitalDataKeys":
    """The data keys of the hospital whose database `uow` is on; raises KeyRefused where no hospital is named."""
    if tenant is None:
        raise KeyRefused("a hospital's data keys are asked for without a hospital")
    return HospitalDataKeys(uow, tenant)


class HospitalDataKeys:
    """A `keys.DataKeyStore` over the hospital's own data keys."""

    def __init__(self, uow: UnitOfWork, tenant: TenantId) -> None:
        self._session = uow.session
        self._tenant = tenant

    def current(self, tenant: TenantId | None, scope: str) -> DataKeyRow | None:
        """The newest row of this scope that is not retired; None for another hospital's."""
        if tenant != self._tenant:
            return None
        found = self._session.scalars(
            select(HospitalDataKey)
            .where(HospitalDataKey.scope == scope, HospitalDataKey.retired_at.is_(None))
            .order_by(HospitalDataKey.dek_id.desc())
            .limit(1)
        )
        return self._row(found.first())

    def get(self, dek_id: UUID) -> DataKeyRow | None:
        """The row with this id."""
        return self._row(self._session.get(HospitalDataKey, dek_id))

    def add(self, row: DataKeyRow) -> None:
        """Add a row in the transaction."""
        self._session.add(
            HospitalDataKey(dek_id=row.dek_id, scope=row.scope, kek_version=row.kek_version, wrapped=row.wrapped)
        )
        self._session.flush()

    def replace_wrapped(self, dek_id: UUID, wrapped: str, kek_version: int) -> None:
        """Put a newly wrapped form in place; raises KeyRefused when there is no such row."""
        record = self._session.get(HospitalDataKey, dek_id)
        if record is None:
            raise KeyRefused("there is no data key with this id")
        record.wrapped, record.kek_version = wrapped, kek_version
        self._session.flush()

    def _row(self, record: HospitalDataKey | None) -> DataKeyRow | None:
        if record is None:
            return None
        return DataKeyRow(
            self._tenant, record.scope, record.dek_id, record.kek_version, record.wrapped, record.retired_at
        )
