"""At a hospital's own domain only that hospital's sessions are admitted.

The token names the hospital; the host only keeps a browser from mixing two. So while central is away, what is not known
of a host is no reason to turn anybody away.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from central.router.errors import HospitalUnknown, RoutesUnavailable
from central.router.lookup import FRESH_SECONDS, RouteLookup
from kernel.errors import Unauthenticated
from kernel.ids import TenantId

_REMEMBERED = 1024


class HospitalHosts:
    """Which host name is which hospital's, remembered for 5 s also where it is nobody's."""

    def __init__(self, lookup: RouteLookup, *, own_host: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`own_host` is the portal's common host name, which is no hospital's."""
        self._lookup = lookup
        self._own_host = own_host.lower()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[TenantId | None, float]] = OrderedDict()

    def require(self, host: str, tenant: TenantId) -> None:
        """Raises Unauthenticated when `host` (without port) is another hospital's domain."""
        host = host.lower()
        if host == self._own_host:
            return
        owner = self._owner(host)
        if owner is not None and owner != tenant:
            raise Unauthenticated

    def _owner(self, host: str) -> TenantId | None:
        now = self._monotonic()
        with self._lock:
            known = self._known.get(host)
        if known is not None and now < known[1]:
            return known[0]
        try:
            owner: TenantId | None = self._lookup.by_domain(host).tenant
        except HospitalUnknown:
            owner = None
        except RoutesUnavailable:
            owner = known[0] if known is not None else None
        with self._lock:
            self._known[host] = (owner, now + FRESH_SECONDS)
            self._known.move_to_end(host)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return owner
