"""The hospital's sync key: made when the hospital is, read by the worker alone."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from kernel.clock import Clock, utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from keys.public import Keychain, KeyRefused, SigningKey, SigningKeyRow, scopes
from tenant_app.hospital.public import HospitalDataKeys
from tenant_app.outbox.models import SyncSigningKeyRecord

TABLE: Final = "sync_signing_keys"
# A key is exchanged by making another; the end is far, for a key that ends unseen would stop a hospital's sync.
LIFETIME: Final = timedelta(days=3650)


def ensure_sync_key(*, uow: UnitOfWork, tenant: TenantId, keychain: Keychain, clock: Clock = utc_now) -> dict[str, Any]:
    """The public half of the hospital's sync key, made where there is none: repeatable.

    `uow` is on the hospital's database as its owner. The private half is sealed under a data key of scope
    `sync-signing`. Raises KeyRefused, KeySourceUnavailable.
    """
    record = _newest(uow)
    if record is None:
        key = SigningKey.generate(issuer=f"hospital:{tenant}", lifetime=LIFETIME, clock=clock)
        data_key = keychain.current(HospitalDataKeys(uow, tenant), tenant=tenant, scope=scopes.SYNC_SIGNING)
        row = key.to_row(key=data_key, table=TABLE)
        record = SyncSigningKeyRecord(
            kid=row.kid,
            issuer=row.issuer,
            public_jwk=dict(row.public_jwk),
            sealed_private=row.sealed_private,
            dek_id=row.dek_id,
            created_at=row.created_at,
            not_after=row.not_after,
        )
        uow.session.add(record)
        uow.flush()
    return dict(record.public_jwk)


def sync_key(*, uow: UnitOfWork, tenant: TenantId, keychain: Keychain) -> SigningKey:
    """The hospital's sync key, opened. Raises KeyRefused where there is none, Undecryptable, KeySourceUnavailable."""
    record = _newest(uow)
    if record is None:
        raise KeyRefused("this hospital has no sync key")
    row = SigningKeyRow(
        kid=record.kid,
        issuer=record.issuer,
        public_jwk=record.public_jwk,
        sealed_private=record.sealed_private,
        dek_id=record.dek_id,
        created_at=record.created_at,
        not_after=record.not_after,
    )
    key = keychain.by_id(HospitalDataKeys(uow, tenant), row.dek_id, tenant=tenant, scope=scopes.SYNC_SIGNING)
    return SigningKey.from_row(row, key=key, table=TABLE)


def _newest(uow: UnitOfWork) -> SyncSigningKeyRecord | None:
    found = uow.session.scalars(select(SyncSigningKeyRecord).order_by(SyncSigningKeyRecord.created_at.desc()).limit(1))
    return found.first()
