"""Token-signing keys as rows of central: one key an issuer, whose private half opens for that issuer only."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from central.registry.models import SigningKeyRecord
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from keys.public import DataKeyStore, Keychain, SigningKey, SigningKeyRow, TokenSigner, jwks, scopes

LIFETIME = timedelta(days=365)
ISSUERS = ("central", "staff", "patient")

SCOPES = {"central": scopes.TOKENS_CENTRAL, "staff": scopes.TOKENS_STAFF, "patient": scopes.TOKENS_PATIENT}


def ensure_signing_keys(*, uow: UnitOfWork, keychain: Keychain, store: DataKeyStore) -> list[str]:
    """Make the keys of the issuers that have none good for a month; returns those issuers. Safe to repeat."""
    made = []
    for issuer in ISSUERS:
        enough = utc_now() + timedelta(days=30)
        have = select(SigningKeyRecord.kid).where(
            SigningKeyRecord.issuer == issuer, SigningKeyRecord.not_after > enough
        )
        if uow.session.execute(have.limit(1)).first() is not None:
            continue
        key = SigningKey.generate(issuer=issuer, lifetime=LIFETIME)
        row = key.to_row(key=keychain.current(store, tenant=None, scope=SCOPES[issuer]))
        uow.flush()
        uow.session.add(
            SigningKeyRecord(
                kid=row.kid,
                issuer=row.issuer,
                public_jwk=dict(row.public_jwk),
                sealed_private=row.sealed_private,
                dek_id=row.dek_id,
                created_at=row.created_at,
                not_after=row.not_after,
            )
        )
        made.append(issuer)
    uow.flush()
    return made


def signer_from(record: dict[str, Any], *, keychain: Keychain, store: DataKeyStore) -> TokenSigner:
    """The signer of an issuer from its newest row (columns of `signing_keys`)."""
    row = SigningKeyRow(**{name: record[name] for name in SigningKeyRow.__dataclass_fields__})
    key = keychain.by_id(store, row.dek_id, tenant=None, scope=SCOPES[row.issuer])
    return TokenSigner(issuer=row.issuer, key=SigningKey.from_row(row, key=key))


def public_keys(*, uow: UnitOfWork, issuer: str | None = None) -> dict[str, Any]:
    """The JWKS document of one issuer, or of all."""
    rows = select(SigningKeyRecord.public_jwk).where(SigningKeyRecord.not_after > utc_now())
    if issuer is not None:
        rows = rows.where(SigningKeyRecord.issuer == issuer)
    return jwks(uow.session.execute(rows).scalars())
