"""Telling the routers that a hospital changed. What is lost is found within seconds: cached routes are short-lived."""

from typing import Protocol

from sqlalchemy import select

from central.registry.models import Tenant
from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId


class RouteAnnouncer(Protocol):
    """Makes the news of a changed route reach every process; `central.router` has the one over Redis."""

    def announce(self, tenant: TenantId, route_version: int) -> None:
        """The route of `tenant` is now at this version. May fail or be lost."""
        ...


class Unannounced:
    """Tells nobody: caches find out when their entries end. For set-up, and for tests without Redis."""

    def announce(self, tenant: TenantId, route_version: int) -> None:
        """Nothing."""


def announce_after_commit(*, uow: UnitOfWork, tenant: TenantId, announcer: RouteAnnouncer) -> None:
    """Announce the version that the hospital's route has in this transaction, once it is committed."""
    uow.flush()
    version = uow.session.scalars(select(Tenant.route_version).where(Tenant.id == tenant)).one()
    uow.after_commit(lambda: announcer.announce(tenant, version))
