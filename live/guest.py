"""A browser window that was let in: whose it is stays bound to the connection for as long as that lasts."""

import contextlib
import socket
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from kernel.ids import TenantId
from tenant_app.reach.public import Reach


@dataclass(kw_only=True, eq=False)
class Guest:
    """Who came in by the door. `admitted_at` is the monotonic moment before which the session was looked at."""

    id: UUID
    tenant: TenantId
    tenant_code: str
    session_id: UUID
    user_id: UUID
    permissions: frozenset[str]
    reach: Reach | None
    admitted_at: float
    connected_at: datetime
    ip_address: str | None
    user_agent: str | None
    wire: socket.socket | None = field(default=None, repr=False)

    def hang_up(self) -> None:
        """End the connection whatever the browser says; its thread comes free."""
        if self.wire is not None:
            # It may have been closed at this very moment.
            with contextlib.suppress(OSError):
                self.wire.shutdown(socket.SHUT_RDWR)
