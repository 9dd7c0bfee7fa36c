"""What the worker needs of the router; `central.router.public.TenantRouter` is it."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from kernel.database.unit_of_work import UnitOfWork
from kernel.ids import TenantId


class KnownHospital(Protocol):
    """A hospital as the sweep sees it."""

    @property
    def tenant_id(self) -> UUID:
        """Its id."""
        ...

    @property
    def tenant_code(self) -> str:
        """Its code, for metrics."""
        ...

    @property
    def status(self) -> str:
        """Only an `active` one is synchronised."""
        ...


class Hospitals(Protocol):
    """Transactions on hospitals' databases, under the role that sees the outbox and nothing else."""

    def tenants(self) -> Sequence[KnownHospital]:
        """All hospitals, asked of central now; raises RoutesUnavailable."""
        ...

    def unit_of_work(self, tenant: TenantId) -> UnitOfWork:
        """A transaction on one; raises the router's errors."""
        ...
