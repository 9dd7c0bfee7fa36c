"""What is known of the way to one hospital's database, as it stands in every layer of the cache."""

from functools import cached_property
from uuid import UUID

import msgspec

from central.router.errors import HospitalSuspended
from kernel.ids import TenantId


class TenantRoute(msgspec.Struct, frozen=True, kw_only=True):
    """The way to one hospital's database for one purpose. The password is sealed, bound to the other fields."""

    tenant_id: UUID
    tenant_code: str
    name: str
    status: str
    route_version: int
    database_host: str
    database_port: int
    database_name: str
    database_username: str
    credential_id: UUID
    database_password_encrypted: str
    encryption_key_id: UUID

    @property
    def tenant(self) -> TenantId:
        """The hospital that this leads to."""
        return TenantId.parse(self.tenant_id)

    def require_active(self) -> None:
        """Raises HospitalSuspended unless the hospital is active."""
        if self.status != "active":
            raise HospitalSuspended


class PersonRoute(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The hospitals that know a person."""

    person_id: UUID
    version: int
    tenant_ids: tuple[UUID, ...]

    @cached_property
    def tenants(self) -> tuple[TenantId, ...]:
        """The same as tenant ids; made once, for a sign-in should not parse what the last one parsed."""
        return tuple(TenantId.parse(tenant) for tenant in self.tenant_ids)


class TenantSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A hospital as the sweep sees it."""

    tenant_id: UUID
    tenant_code: str
    status: str
    route_version: int
