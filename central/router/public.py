"""What other folders may use of the router."""

from central.router.announcer import RedisRouteAnnouncer
from central.router.errors import (
    HospitalBusy,
    HospitalMismatch,
    HospitalSuspended,
    HospitalUnavailable,
    HospitalUnknown,
    RoutesUnavailable,
)
from central.router.hosts import HospitalHosts
from central.router.lookup import RouteLookup
from central.router.outages import RedisOutages
from central.router.reader import RouteReader
from central.router.route import PersonRoute, TenantRoute, TenantSummary
from central.router.router import RouterLimits, TenantRouter

__all__ = [
    "HospitalBusy",
    "HospitalHosts",
    "HospitalMismatch",
    "HospitalSuspended",
    "HospitalUnavailable",
    "HospitalUnknown",
    "PersonRoute",
    "RedisOutages",
    "RedisRouteAnnouncer",
    "RouteLookup",
    "RouteReader",
    "RouterLimits",
    "RoutesUnavailable",
    "TenantRoute",
    "TenantRouter",
    "TenantSummary",
]
