"""Central's database as the router sees it: a handful of functions under the role `sokham_route`, no table.

Plain psycopg in autocommit: one round trip a look-up, statements prepared by the driver.
"""

import queue
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from central.router.errors import RoutesUnavailable
from central.router.route import PersonRoute, TenantRoute, TenantSummary
from kernel.ids import TenantId
from kernel.pause import Pause
from kernel.telemetry.logs import get_logger
from keys.public import BlindIndexKeyRow, DataKeyRow

log = get_logger(__name__)

T = TypeVar("T")
_ROWS_OF: Mapping[type[Any], Any] = {kind: class_row(kind) for kind in (TenantRoute, PersonRoute)}

CONNECTIONS = 4
WAIT_SECONDS = 1.0
PAUSE_SECONDS = 1.0


class RouteReader:
    """Asks central's database; raises RoutesUnavailable when it is away, and then leaves it alone for a second."""

    def __init__(self, parameters: Mapping[str, Any], *, connections: int = CONNECTIONS) -> None:
        self._parameters = dict(parameters)
        self._pause = Pause(PAUSE_SECONDS)
        self._stack: queue.LifoQueue[psycopg.Connection[Any] | None] = queue.LifoQueue()
        for _ in range(connections):
            self._stack.put(None)

    def tenant_route(self, tenant: TenantId, purpose: str) -> TenantRoute | None:
        """The way to a hospital's database, active or not; None when it does not exist."""
        return self._one(TenantRoute, "SELECT * FROM route_tenant(%s, %s)", (tenant, purpose))

    def tenant_route_by_code(self, code: str, purpose: str) -> TenantRoute | None:
        """The same by the hospital's code."""
        return self._one(TenantRoute, "SELECT * FROM route_tenant_by_code(%s, %s)", (code, purpose))

    def tenant_route_by_domain(self, domain: str, purpose: str) -> TenantRoute | None:
        """The same by the hospital's own domain."""
        return self._one(TenantRoute, "SELECT * FROM route_tenant_by_domain(%s, %s)", (domain, purpose))

    def person_route(self, system: str, key_version: int, digest: bytes) -> PersonRoute | None:
        """The hospitals of the person with this blind index value."""
        return self._one(PersonRoute, "SELECT * FROM route_person(%s, %s, %s)", (system, key_version, digest))

    def tenants(self, purpose: str) -> list[TenantSummary]:
        """All hospitals that have credentials for this purpose."""
        with self._connection() as connection, connection.cursor(row_factory=class_row(TenantSummary)) as cursor:
            return cursor.execute("SELECT * FROM route_tenants(%s)", (purpose,)).fetchall()

    def signing_keys(self, issuer: str) -> list[dict[str, Any]]:
        """The public signing keys of an issuer, newest first."""
        return self._rows("SELECT * FROM route_public_keys(%s)", (issuer,))

    def signing_key(self, issuer: str) -> dict[str, Any] | None:
        """The issuer's present signing key, its private half sealed."""
        rows = self._rows("SELECT * FROM route_signing_key(%s)", (issuer,))
        return rows[0] if rows else None

    def blind_index_keys(self) -> list[BlindIndexKeyRow]:
        """The keys of the blind index, wrapped."""
        return [BlindIndexKeyRow(**row) for row in self._rows("SELECT * FROM route_blind_index_keys()", ())]

    def record_security_event(self, tenant: TenantId, event: str, *, risk: str, details: Mapping[str, Any]) -> None:
        """Leave a security event in central; logged at once in any case, and only logged when central is away."""
        log.critical("security.event", event_name=event, tenant=tenant, risk=risk, **details)
        try:
            with self._connection() as connection:
                connection.execute(
                    "SELECT record_security_event(%s, %s, %s, %s)", (tenant, event, risk, Jsonb(dict(details)))
                )
        except RoutesUnavailable:
            log.exception("security.event_not_stored", event_name=event, tenant=tenant)

    # The data keys that seal credentials and the index: keys.DataKeyStore, for reading.

    def get(self, dek_id: UUID) -> DataKeyRow | None:
        """A data key of central's database, wrapped."""
        return _data_key(self._rows("SELECT * FROM route_data_key(%s)", (dek_id,)))

    def current(self, tenant: TenantId | None, scope: str) -> DataKeyRow | None:
        """The current data key of this tenant and scope, wrapped."""
        return _data_key(self._rows("SELECT * FROM route_current_data_key(%s, %s)", (tenant, scope)))

    def add(self, row: DataKeyRow) -> None:
        """Refused: this role makes no keys."""
        raise PermissionError(f"the route role adds no data key ({row.scope})")

    def replace_wrapped(self, dek_id: UUID, wrapped: str, kek_version: int) -> None:
        """Refused: this role changes no keys."""
        raise PermissionError(f"the route role changes no data key ({dek_id}, {len(wrapped)}, {kek_version})")

    def check(self) -> None:
        """For readiness: raises RoutesUnavailable."""
        self._rows("SELECT 1 AS one", ())

    def close(self) -> None:
        """Close the connections that are idle; asking again opens new ones."""
        idle = []
        while True:
            try:
                idle.append(self._stack.get_nowait())
            except queue.Empty:
                break
        for connection in idle:
            if connection is not None:
                connection.close()
            self._stack.put(None)

    def _one(self, kind: type[T], statement: str, arguments: tuple[Any, ...]) -> T | None:
        with self._connection() as connection, connection.cursor(row_factory=_ROWS_OF[kind]) as cursor:
            row: T | None = cursor.execute(statement.encode(), arguments).fetchone()
            return row

    def _rows(self, statement: str, arguments: tuple[Any, ...]) -> list[dict[str, Any]]:
        with self._connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement.encode(), arguments).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        if self._pause.active:
            raise RoutesUnavailable("central was away a moment ago", retry_after=2)
        try:
            connection = self._stack.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            raise RoutesUnavailable("all connections to central are busy", retry_after=1) from None
        try:
            if connection is None or connection.closed:
                connection = psycopg.connect(**self._parameters, autocommit=True)
            yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as err:
            if connection is not None:
                connection.close()
            self._pause.begin()
            raise RoutesUnavailable("central's database does not answer", retry_after=2) from err
        finally:
            self._stack.put(connection)


def _data_key(rows: list[dict[str, Any]]) -> DataKeyRow | None:
    if not rows or rows[0]["dek_id"] is None:
        return None
    row = dict(rows[0])
    row["tenant_id"] = TenantId.parse(row["tenant_id"]) if row["tenant_id"] else None
    return DataKeyRow(**row)
