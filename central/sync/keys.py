"""Who may push: the public halves of the hospitals' sync keys; and the data key that seals a hospital's entries."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert

from central.registry.public import SqlDataKeyStore
from central.sync.models import SyncKey
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from keys.public import Keychain, scopes


def register_sync_key(*, uow: UnitOfWork, tenant: TenantId, public_jwk: Mapping[str, Any]) -> None:
    """Accept batches signed with this key as the hospital's. Repeatable; `uow` is on central's database."""
    uow.session.execute(
        insert(SyncKey)
        .values(kid=public_jwk["kid"], tenant_id=tenant, public_jwk=dict(public_jwk))
        .on_conflict_do_nothing(index_elements=[SyncKey.kid])
    )


def retire_sync_key(*, uow: UnitOfWork, tenant: TenantId, kid: str) -> None:
    """Accept no more batches signed with this key."""
    uow.session.execute(
        update(SyncKey)
        .where(SyncKey.kid == kid, SyncKey.tenant_id == tenant, SyncKey.retired_at.is_(None))
        .values(retired_at=func.now())
    )


def ensure_index_key(*, uow: UnitOfWork, tenant: TenantId, keychain: Keychain) -> None:
    """Make the data key under which the worker seals this hospital's index entries, where there is none. Repeatable.

    Central makes it because the worker cannot: it reads data keys through route functions. Raises KeyRefused,
    KeySourceUnavailable.
    """
    if SqlDataKeyStore(uow).current(tenant, scopes.INDEX) is None:
        keychain.current(SqlDataKeyStore(uow), tenant=tenant, scope=scopes.INDEX)
