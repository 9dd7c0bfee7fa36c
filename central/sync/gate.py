"""Who pushes: a worker with a hospital's sync key. The hospital is the key's, whatever the body says."""

from datetime import timedelta
from typing import Any, Final

from flask import g, request
from sqlalchemy import insert, select

from central.audit.public import SecurityAuditLog
from central.registry.public import Tenant
from central.sync.errors import TenantNotActive
from central.sync.models import SyncKey
from central.sync.wire import AUDIENCE, MAX_BODY_BYTES
from kernel.clock import Clock, utc_now
from kernel.database.engines import Database
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import Unauthenticated
from kernel.ids import TenantId, new_row_id
from kernel.telemetry.logs import bind, get_logger
from kernel.web.access import Access, Gatekeeper
from kernel.web.actor import Actor
from kernel.web.collaborators import hold_unit_of_work
from keys.public import BodyVerifier, InvalidToken, SignedBody

log = get_logger(__name__)

WORKER_PERMISSION: Final = "sync.push"

# A token is remembered for longer than any clock of ours is wrong.
_KEPT_AFTER: Final = timedelta(minutes=5)


class WorkerGate:
    """Admits workers, by a token for exactly this body that is good once. The request's transaction is the ingest's."""

    def __init__(self, *, database: Database, clock: Clock = utc_now) -> None:
        """`database` is central's under the role `sokham_ingest`."""
        self._database = database
        self._clock = clock

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def admit(self, access: Access) -> Actor:
        """The worker of a hospital; raises Unauthenticated, InvalidToken, or TenantNotActive."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        # A batch may be larger than a person's request.
        request.max_content_length = MAX_BODY_BYTES
        uow = hold_unit_of_work(self._database.unit_of_work())
        found: dict[str, Any] = {}
        verifier = BodyVerifier(audience=AUDIENCE, find_key=lambda kid: _find_key(uow, kid, found), clock=self._clock)
        signed = verifier.verify(token.strip(), body=request.get_data(cache=True))
        tenant = TenantId.parse(found["tenant"])
        bind(tenant=tenant)
        self._use_once(uow, signed, tenant)
        if found["status"] != "active":
            raise TenantNotActive
        return Actor(
            kind="worker",
            id=tenant,
            session_id=new_row_id(),
            name=f"sync worker of {found['tenant_code']}",
            role="worker",
            permissions=frozenset({access.permission or WORKER_PERMISSION} & {WORKER_PERMISSION}),
            tenant=tenant,
        )

    def _use_once(self, uow: UnitOfWork, signed: SignedBody, tenant: TenantId) -> None:
        connection = uow.session.connection()
        first = connection.exec_driver_sql(
            "INSERT INTO sync_used_tokens (jti, expires_at) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING 1",
            (signed.jti, signed.expires_at + _KEPT_AFTER),
        ).first()
        if first is None:
            log.warning("sync.token_replayed", tenant=tenant, kid=signed.kid)
            self._say_replayed(tenant, signed)
            raise InvalidToken
        connection.exec_driver_sql(
            "DELETE FROM sync_used_tokens WHERE jti IN (SELECT jti FROM sync_used_tokens WHERE expires_at < now()"
            " ORDER BY expires_at LIMIT 20 FOR UPDATE SKIP LOCKED)"
        )

    def _say_replayed(self, tenant: TenantId, signed: SignedBody) -> None:
        """In a transaction of its own: the request's ends here, and this must last. The ingest may add such rows and
        read none, so the row is not asked back.
        """
        row = {
            "tenant_id": tenant,
            "security_event": "sync_token_replayed",
            "risk_level": "high",
            "event_details": {"kid": signed.kid},
            "request_id": g.get("request_id"),
            "ip_address": request.remote_addr,
        }
        with self._database.unit_of_work() as apart:
            apart.session.connection().execute(insert(SecurityAuditLog).inline().values(**row))
            apart.commit()


class WithWorkers:
    """The gatekeeper of an app that both people and workers call: each route's permission says whom it is for."""

    def __init__(self, *, people: Gatekeeper, workers: WorkerGate) -> None:
        self._people = people
        self._workers = workers

    def admit(self, access: Access) -> Actor:
        """See Gatekeeper."""
        gate: Gatekeeper = self._workers if access.permission == WORKER_PERMISSION else self._people
        return gate.admit(access)


def _find_key(uow: UnitOfWork, kid: str, found: dict[str, Any]) -> dict[str, Any] | None:
    row = uow.session.execute(
        select(SyncKey.public_jwk, SyncKey.tenant_id, Tenant.status, Tenant.tenant_code)
        .join(Tenant, Tenant.id == SyncKey.tenant_id)
        .where(SyncKey.kid == kid, SyncKey.retired_at.is_(None))
    ).first()
    if row is None:
        log.warning("sync.unknown_key", kid=kid)
        return None
    found.update(tenant=row.tenant_id, status=row.status, tenant_code=row.tenant_code)
    return dict(row.public_jwk)
