"""The only place with connections to hospitals: tenant → route → budget → connection → fingerprint → transaction."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from central.registry.public import open_password
from central.router.breaker import Breaker
from central.router.budget import ConnectionBudget
from central.router.errors import HospitalMismatch, HospitalUnavailable
from central.router.lookup import RouteLookup
from central.router.pool import HospitalConnection, HospitalEngines
from central.router.reader import RouteReader
from central.router.route import TenantRoute, TenantSummary
from central.router.watchdog import Watchdog
from kernel.database.engines import connection_parameters
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import SokhamError
from kernel.ids import TenantId
from kernel.telemetry.logs import get_logger
from kernel.telemetry.metrics import Counter, Gauge
from keys.public import Keychain, KeyRefused, Undecryptable

log = get_logger(__name__)

OPENED = Counter("sokham_router_connections_opened", "Hospital connections opened", ["purpose"])
REFUSED = Counter("sokham_router_connections_refused", "Hospital connections refused", ["purpose", "reason"])
OPEN = Gauge("sokham_router_connections_open", "Hospital connections open", ["purpose"], multiprocess_mode="livesum")

EVENT_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class RouterLimits:
    """What one process may hold and for how long. `share` is what one hospital may use at once."""

    budget: int = 12
    share: int | None = None
    wait_seconds: float = 2.0
    connect_seconds: int = 3
    statement_ms: int = 15_000
    lease_seconds: float = 20.0

    @property
    def hospital_share(self) -> int:
        """A third of the budget unless set, so that two stuck hospitals leave a third one's worth for the others."""
        return self.share if self.share is not None else max(1, -(-self.budget // 3))


@dataclass(slots=True)
class _Lane:
    """What the router holds for one hospital."""

    engine: Engine
    breaker: Breaker
    route_version: int


class TenantRouter:
    """Transactions on hospitals' databases for one purpose (`app`, `portal`, `sync`, `seal`)."""

    def __init__(
        self,
        *,
        reader: RouteReader,
        lookup: RouteLookup,
        keychain: Keychain,
        purpose: str,
        limits: RouterLimits,
        tls_root_certificate: str = "",
        session_info: Mapping[str, Any] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`session_info` is what each transaction carries along, such as the way to tell of changes."""
        self.lookup = lookup
        self.purpose = purpose
        self._reader = reader
        self._keychain = keychain
        self._limits = limits
        self._tls_root_certificate = tls_root_certificate
        self._session_info = session_info or {}
        self._monotonic = monotonic
        self.budget: ConnectionBudget[Any] = ConnectionBudget(
            limit=limits.budget, share=limits.hospital_share, wait_seconds=limits.wait_seconds
        )
        self._engines = HospitalEngines(self.budget)
        self._watchdog = Watchdog(limit_seconds=limits.lease_seconds)
        self._lanes: dict[TenantId, _Lane] = {}
        self._lock = threading.Lock()
        self._told: dict[tuple[TenantId, str], float] = {}
        self._listen()

    def route(self, tenant: TenantId) -> TenantRoute:
        """The way to an active hospital; raises HospitalUnknown, HospitalSuspended or RoutesUnavailable."""
        route = self.lookup.by_id(tenant)
        if route.status != "active":
            self._close_lane(tenant)
            route.require_active()
        return route

    def route_by_code(self, code: str) -> TenantRoute:
        """The same by the hospital's code."""
        route = self.lookup.by_code(code)
        route.require_active()
        return route

    def hospitals_of(self, system: str, value: str) -> tuple[TenantId, ...]:
        """The hospitals that know the person with this normalised identifier."""
        return self.lookup.hospitals_of(system, value)

    def tenants(self) -> list[TenantSummary]:
        """All hospitals that this purpose may reach, asked of central now."""
        return self._reader.tenants(self.purpose)

    def unit_of_work(self, tenant: TenantId) -> UnitOfWork:
        """A transaction on the hospital's database. The connection is taken when the first statement runs.

        Raises HospitalUnknown, HospitalSuspended, RoutesUnavailable now; HospitalUnavailable, HospitalBusy or
        HospitalMismatch then.
        """
        lane = self._lane(self.route(tenant))
        wait = lane.breaker.admit()
        if wait:
            REFUSED.labels(self.purpose, "breaker").inc()
            raise HospitalUnavailable("the breaker is open", retry_after=max(1, round(wait)))
        return UnitOfWork(Session(lane.engine, expire_on_commit=False, info=dict(self._session_info)), tenant=tenant)

    def doubted(self, tenant: TenantId) -> bool:
        """Whether the hospital did not answer when this process asked it last."""
        lane = self._lanes.get(tenant)
        return lane is not None and lane.breaker.doubted()

    def check(self) -> None:
        """For readiness: central answers, or routes known here are used on."""
        self._reader.check()

    def close(self) -> None:
        """Close what is idle and end the watchdog."""
        self._watchdog.stop()
        self.budget.close()
        self._reader.close()

    def _lane(self, route: TenantRoute) -> _Lane:
        tenant = route.tenant
        lane = self._lanes.get(tenant)
        if lane is not None and lane.route_version == route.route_version:
            return lane
        with self._lock:
            lane = self._lanes.get(tenant)
            if lane is None:
                lane = _Lane(self._engines.engine(tenant, lambda: self._connect(tenant)), Breaker(), 0)
                self._lanes[tenant] = lane
            stale = lane.route_version not in {0, route.route_version}
            lane.route_version = route.route_version
        if stale:
            # The password, the address or the status changed: connections made before are not used again.
            self.budget.drop_idle(tenant)
        return lane

    def _close_lane(self, tenant: TenantId) -> None:
        """A suspended hospital: no connection stays, and no key that opens its password."""
        with self._lock:
            lane = self._lanes.pop(tenant, None)
        if lane is not None:
            self.budget.drop_idle(tenant)
            self._keychain.forget(tenant)

    def _connect(self, tenant: TenantId) -> psycopg.Connection[Any]:
        """Open a connection to the hospital that was asked for, and make sure that it is the one."""
        route = self.route(tenant)
        breaker = self._lanes[tenant].breaker
        try:
            connection = HospitalConnection.connect(**self._parameters(route))
            connection.hospital = tenant
            self._require_fingerprint(connection, tenant, route)
        except psycopg.OperationalError as err:
            breaker.failed()
            REFUSED.labels(self.purpose, "away").inc()
            log.warning("router.hospital_away", tenant=tenant, sqlstate=err.sqlstate)
            raise HospitalUnavailable("the hospital's database does not answer", retry_after=5) from err
        except SokhamError:
            breaker.failed()
            raise
        breaker.succeeded()
        OPENED.labels(self.purpose).inc()
        return connection

    def _parameters(self, route: TenantRoute) -> Mapping[str, Any]:
        try:
            password = open_password(route=route, purpose=self.purpose, keychain=self._keychain, store=self._reader)
        except (Undecryptable, KeyRefused) as err:
            self._alarm(route.tenant, "credential_refused", {"reason": err.code})
            raise HospitalMismatch("the sealed credential does not belong to this row", retry_after=30) from err
        return connection_parameters(
            host=route.database_host,
            port=route.database_port,
            database=route.database_name,
            user=route.database_username,
            password=password,
            application=f"sokham-{self.purpose}",
            connect_timeout_s=self._limits.connect_seconds,
            statement_timeout_ms=self._limits.statement_ms,
            sslrootcert=self._tls_root_certificate or None,
        )

    def _require_fingerprint(self, connection: psycopg.Connection[Any], tenant: TenantId, route: TenantRoute) -> None:
        """The database must say that it is the hospital *asked for*, whatever cache or registry row led here."""
        try:
            row = connection.execute("SELECT tenant_id FROM hospital_identity").fetchone()
            connection.rollback()
        except psycopg.OperationalError:
            connection.close()
            raise
        except psycopg.Error as err:
            connection.close()
            self._alarm(tenant, "hospital_fingerprint_missing", {"sqlstate": err.sqlstate})
            raise HospitalMismatch("the database carries no fingerprint", retry_after=30) from err
        if route.tenant == tenant and row is not None and row[0] == tenant:
            return
        connection.close()
        self._alarm(tenant, "hospital_fingerprint_mismatch", {"route_version": route.route_version})
        raise HospitalMismatch("the database is another hospital's", retry_after=30)

    def _alarm(self, tenant: TenantId, name: str, details: Mapping[str, Any]) -> None:
        """A critical security event, once a minute for each hospital and kind."""
        REFUSED.labels(self.purpose, name).inc()
        now = self._monotonic()
        if now - self._told.get((tenant, name), -EVENT_PAUSE_SECONDS) < EVENT_PAUSE_SECONDS:
            return
        self._told[(tenant, name)] = now
        self._reader.record_security_event(tenant, name, risk="critical", details={"purpose": self.purpose, **details})

    def _listen(self) -> None:
        """All hospitals' pools share these listeners: the watchdog, and the breaker when a connection is lost."""
        pool = self._engines.pattern

        @event.listens_for(pool, "checkout")
        def taken(connection: Any, _record: Any, _proxy: Any) -> None:
            self._watchdog.taken(connection)
            OPEN.labels(self.purpose).set(self.budget.open)

        @event.listens_for(pool, "checkin")
        def returned(connection: Any, _record: Any) -> None:
            if connection is not None:
                self._watchdog.returned(connection)

        @event.listens_for(pool, "invalidate")
        def lost(connection: Any, _record: Any, _error: Any) -> None:
            self._watchdog.returned(connection)
            tenant = getattr(connection, "hospital", None)
            lane = self._lanes.get(tenant) if tenant is not None else None
            if lane is not None:
                lane.breaker.failed()
