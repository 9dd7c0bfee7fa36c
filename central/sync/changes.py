"""What central tells a hospital's worker, in an order in which nothing is overtaken.

Rows are read by (transaction id, id), and only those whose transaction is older than every transaction that still runs:
an id is given out before its row is visible, so a reader that went by ids alone would pass over the late ones.
"""

from collections.abc import Mapping
from typing import Any, Final

from central.sync.models import Change
from central.sync.wire import Change as WireChange
from central.sync.wire import ChangesAnswer
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId
from kernel.web.api import a_number, read_cursor, write_cursor

PAGE: Final = 500

# Both numbers of a place are of the size of bigint.
_PLACE: Final = a_number(10**18 - 1)

_READ: Final = """
SELECT kind, payload, xid, id FROM sync_changes
WHERE tenant_id = %s AND (xid, id) > (%s, %s) AND xid < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
ORDER BY xid, id LIMIT %s
"""


def announce(*, uow: UnitOfWork, tenant: TenantId, kind: str, payload: Mapping[str, Any]) -> None:
    """Leave a change for the hospital's worker, in the caller's transaction."""
    uow.session.add(Change(tenant_id=tenant, kind=kind, payload=dict(payload)))
    uow.flush()


def changes_after(*, uow: UnitOfWork, tenant: TenantId, cursor: str | None, limit: int = PAGE) -> ChangesAnswer:
    """What a hospital has not fetched yet, oldest first. Raises InvalidFields for a cursor that is not ours."""
    key = read_cursor(cursor, _PLACE, _PLACE) or (0, 0)
    rows = uow.session.connection().exec_driver_sql(_READ, (tenant, *key, limit)).fetchall()
    position = (rows[-1].xid, rows[-1].id) if rows else key
    return ChangesAnswer([WireChange(row.kind, row.payload) for row in rows], write_cursor(*position))
