"""The Ed25519 key that signs seals: one for all chains, made by the first jobs process, replaced each year."""

import threading
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from jobs.leases import CentralAway
from jobs.models import AuditSigningKeyRecord
from kernel.clock import Clock, utc_now
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from keys.public import DataKeyRow, Keychain, KeyRefused, SigningKey, SigningKeyRow, scopes

log = get_logger(__name__)

TABLE: Final = "audit_signing_keys"
ISSUER: Final = "audit"
LIFETIME: Final = timedelta(days=365)
RENEW_BEFORE: Final = timedelta(days=30)
# Two processes that find no key make one after the other. It is a transaction's lock, which a pooler does not break.
_LOCK: Final = "audit_signing_keys"


class AuditKeys:
    """The present signing key, held in memory so that hospitals are sealed while central is away."""

    def __init__(self, *, database: Database, keychain: Keychain, clock: Clock = utc_now) -> None:
        """`database` is central's as `sokham_seal`; `keychain` may wrap and unwrap the scope `audit-signing`."""
        self._database = database
        self._keychain = keychain
        self._clock = clock
        self._lock = threading.Lock()
        self._held: SigningKey | None = None

    def current(self) -> SigningKey:
        """The key to sign with. Raises CentralAway where it is needed, KeyRefused, KeySourceUnavailable."""
        now = self._clock()
        with self._lock:
            held = self._held
            if held is not None and now < held.not_after - RENEW_BEFORE:
                return held
            try:
                self._held = self._find_or_make()
            except CentralAway:
                if held is None or now >= held.not_after:
                    raise
                return held
            return self._held

    def _find_or_make(self) -> SigningKey:
        try:
            with self._database.unit_of_work() as uow:
                uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0))))
                store = SealDataKeys(uow)
                row = self._newest(uow)
                if row is not None:
                    key = self._keychain.by_id(store, row.dek_id, tenant=None, scope=scopes.AUDIT_SIGNING)
                    return SigningKey.from_row(row, key=key, table=TABLE)
                made = SigningKey.generate(issuer=ISSUER, lifetime=LIFETIME, clock=self._clock)
                data_key = self._keychain.current(store, tenant=None, scope=scopes.AUDIT_SIGNING)
                new = made.to_row(key=data_key, table=TABLE)
                uow.session.add(
                    AuditSigningKeyRecord(
                        kid=new.kid,
                        public_jwk=dict(new.public_jwk),
                        sealed_private=new.sealed_private,
                        dek_id=new.dek_id,
                        created_at=new.created_at,
                        not_after=new.not_after,
                    )
                )
                uow.commit()
        except (OperationalError, InterfaceError, PoolTimeout) as err:
            raise CentralAway("central's database does not answer") from err
        log.info("audit.key_made", kid=made.kid, not_after=made.not_after)
        return made

    def _newest(self, uow: UnitOfWork) -> SigningKeyRow | None:
        record = uow.session.scalars(
            select(AuditSigningKeyRecord)
            .where(AuditSigningKeyRecord.not_after > self._clock() + RENEW_BEFORE)
            .order_by(AuditSigningKeyRecord.created_at.desc())
            .limit(1)
        ).first()
        if record is None:
            return None
        return SigningKeyRow(
            kid=record.kid,
            issuer=ISSUER,
            public_jwk=record.public_jwk,
            sealed_private=record.sealed_private,
            dek_id=record.dek_id,
            created_at=record.created_at,
            not_after=record.not_after,
        )


def audit_public_keys(uow: UnitOfWork) -> dict[str, dict[str, Any]]:
    """The public halves of all keys that ever signed seals, by their ids; of central's database."""
    rows = uow.session.execute(select(AuditSigningKeyRecord.kid, AuditSigningKeyRecord.public_jwk))
    return {kid: dict(public) for kid, public in rows}


class SealDataKeys:
    """A `keys.DataKeyStore` of central as the role `sokham_seal` sees it: through functions, for one scope."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._session = uow.session

    def current(self, tenant: TenantId | None, scope: str) -> DataKeyRow | None:
        """The newest data key of the audit's signing key; None for any other place."""
        if tenant is not None or scope != scopes.AUDIT_SIGNING:
            return None
        return self._row("SELECT * FROM route_current_data_key(NULL, :scope)", scope=scope)

    def get(self, dek_id: UUID) -> DataKeyRow | None:
        """The data key with this id."""
        return self._row("SELECT * FROM route_data_key(:dek)", dek=dek_id)

    def add(self, row: DataKeyRow) -> None:
        """Add a data key of the audit's scope; raises KeyRefused for another."""
        if row.tenant_id is not None or row.scope != scopes.AUDIT_SIGNING:
            raise KeyRefused("the sealer makes data keys for its signing key only")
        self._session.execute(
            text("SELECT seal_add_data_key(:dek, :version, :wrapped)"),
            {"dek": row.dek_id, "version": row.kek_version, "wrapped": row.wrapped},
        )

    def replace_wrapped(self, dek_id: UUID, wrapped: str, kek_version: int) -> None:
        """Refused: rewrapping is the operator's."""
        raise KeyRefused(f"the sealer rewraps no data key ({dek_id}, {len(wrapped)}, {kek_version})")

    def _row(self, statement: str, **parameters: object) -> DataKeyRow | None:
        row: Row[Any] | None = self._session.execute(text(statement), parameters).first()
        if row is None or row.dek_id is None:
            return None
        tenant = None if row.tenant_id is None else TenantId.parse(row.tenant_id)
        return DataKeyRow(tenant, row.scope, row.dek_id, row.kek_version, row.wrapped, row.retired_at)
