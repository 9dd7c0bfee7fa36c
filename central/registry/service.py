"""Writes to the registry. The caller commits; what changed is announced after that."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from central.registry.announcing import RouteAnnouncer, announce_after_commit
from central.registry.credentials import DatabasePlace, seal_password
from central.registry.data_keys import SqlDataKeyStore
from central.registry.errors import DomainTaken, TenantCodeTaken, TransitionRefused
from central.registry.models import SUBSCRIPTION_PLANS, Tenant, TenantCredential
from central.registry.queries import tenant_by_id
from central.registry.rules import may_become
from kernel.clock import utc_now
from kernel.database.unit_of_work import UnitOfWork
from kernel.database.violations import violated
from kernel.errors import InvalidFields, PreconditionFailed
from kernel.ids import TenantId, new_row_id, parse_tenant_code
from kernel.text import N_, canonical
from keys.public import Keychain

_CHANGEABLE = frozenset({"name", "display_name", "domain", "subscription_plan", "max_users", "max_storage_gb"})
_TAKEN = {"uq_tenants_tenant_code": TenantCodeTaken, "uq_tenants_domain": DomainTaken}


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTenant:
    """A hospital as somebody asked for it. Names may hold any letters; the code is what URLs and tokens carry."""

    tenant_code: str
    name: str
    display_name: str | None = None
    domain: str | None = None
    subscription_plan: str = "basic"
    max_users: int = 100
    max_storage_gb: int = 10


def create_tenant(*, uow: UnitOfWork, new: NewTenant, created_by: UUID | None = None) -> Tenant:
    """Reserve a hospital in state `provisioning`.

    Raises InvalidFields, InvalidIdentifier for a bad code, TenantCodeTaken, DomainTaken.
    """
    tenant = Tenant(
        id=new_row_id(),
        tenant_code=parse_tenant_code(new.tenant_code),
        created_by=created_by,
        updated_by=created_by,
        **_checked(
            {
                "name": new.name,
                "display_name": new.display_name,
                "domain": new.domain,
                "subscription_plan": new.subscription_plan,
                "max_users": new.max_users,
                "max_storage_gb": new.max_storage_gb,
            }
        ),
    )
    uow.session.add(tenant)
    _flush(uow)
    return tenant


def change_tenant(
    *,
    uow: UnitOfWork,
    tenant: TenantId,
    changes: Mapping[str, object],
    expected_version: int,
    announcer: RouteAnnouncer,
    updated_by: UUID | None = None,
) -> Tenant:
    """Change name, domain, plan or quotas. Raises TenantUnknown, PreconditionFailed, InvalidFields, DomainTaken."""
    row = tenant_by_id(uow=uow, tenant=tenant)
    if row.version != expected_version:
        raise PreconditionFailed
    for column, value in _checked(changes).items():
        setattr(row, column, value)
    row.updated_by = updated_by
    _flush(uow)
    announce_after_commit(uow=uow, tenant=tenant, announcer=announcer)
    return row


def transition(
    *, uow: UnitOfWork, tenant: TenantId, to: str, announcer: RouteAnnouncer, updated_by: UUID | None = None
) -> Tenant:
    """Move a hospital to another state; where it is there already, nothing happens.

    Raises TenantUnknown, and TransitionRefused for a step that the life cycle does not have.
    """
    row = tenant_by_id(uow=uow, tenant=tenant, lock=True)
    if row.status == to:
        return row
    if not may_become(row.status, to):
        raise TransitionRefused(data={"from": row.status, "to": to})
    row.status = to
    row.updated_by = updated_by
    _flush(uow)
    announce_after_commit(uow=uow, tenant=tenant, announcer=announcer)
    return row


def suspend(*, uow: UnitOfWork, tenant: TenantId, announcer: RouteAnnouncer, updated_by: UUID | None = None) -> Tenant:
    """Take a hospital out of service: routers refuse it within 10 s even if the announcement is lost."""
    return transition(uow=uow, tenant=tenant, to="suspended", announcer=announcer, updated_by=updated_by)


def resume(*, uow: UnitOfWork, tenant: TenantId, announcer: RouteAnnouncer, updated_by: UUID | None = None) -> Tenant:
    """Put a suspended hospital back into service. Only a suspended one: provisioning ends in `activate`."""
    row = tenant_by_id(uow=uow, tenant=tenant, lock=True)
    if row.status not in {"suspended", "active"}:
        raise TransitionRefused(data={"from": row.status, "to": "active"})
    return transition(uow=uow, tenant=tenant, to="active", announcer=announcer, updated_by=updated_by)


def raise_epoch(*, uow: UnitOfWork, tenant: TenantId, at_least: int, updated_by: UUID | None = None) -> Tenant:
    """Begin a new epoch of a hospital whose database was restored: one more than the last, and at least `at_least`.

    Raises TenantUnknown, and TransitionRefused for a hospital that is not suspended: it must not write meanwhile.
    """
    row = tenant_by_id(uow=uow, tenant=tenant, lock=True)
    if row.status != "suspended":
        raise TransitionRefused(data={"from": row.status, "to": row.status})
    row.epoch = max(row.epoch + 1, at_least)
    row.updated_by = updated_by
    _flush(uow)
    return row


def put_credentials(
    *,
    uow: UnitOfWork,
    keychain: Keychain,
    tenant: TenantId,
    logins: Mapping[str, tuple[DatabasePlace, str]],
) -> None:
    """Seal passwords and keep them as the hospital's credentials, in place of those before.

    `logins` has the place and the password of each purpose.
    """
    present = {
        row.purpose: row
        for row in uow.session.scalars(select(TenantCredential).where(TenantCredential.tenant_id == tenant))
    }
    store = SqlDataKeyStore(uow)
    for purpose, (place, password) in logins.items():
        row = present.get(purpose)
        credential_id = new_row_id() if row is None else row.id
        sealed, dek_id = seal_password(
            password,
            tenant=tenant,
            purpose=purpose,
            credential_id=credential_id,
            place=place,
            keychain=keychain,
            store=store,
        )
        if row is None:
            row = TenantCredential(id=credential_id, tenant_id=tenant, purpose=purpose)
        else:
            row.rotated_at = utc_now()
        row.database_host = place.host
        row.database_port = place.port
        row.database_name = place.database
        row.database_username = place.username
        row.database_password_encrypted = sealed
        row.encryption_algorithm = "AES-256-GCM"
        row.encryption_key_id = dek_id
        # Added when it is whole: looking for a data key sends what is pending.
        uow.session.add(row)


def _checked(changes: Mapping[str, object]) -> dict[str, object]:
    """Canonical values of the columns that may be changed; raises InvalidFields naming each that does not hold."""
    errors: dict[str, list[str]] = {}
    checked: dict[str, object] = {}
    for column, value in changes.items():
        if column not in _CHANGEABLE:
            errors[column] = [N_("This cannot be changed.")]
        elif column in {"max_users", "max_storage_gb"}:
            if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 1_000_000:
                errors[column] = [N_("Give a whole number from 1 to 1,000,000.")]
            checked[column] = value
        elif column == "subscription_plan":
            if value not in SUBSCRIPTION_PLANS:
                errors[column] = [N_("There is no such plan.")]
            checked[column] = value
        else:
            text = canonical(str(value)) if value is not None else ""
            if "\x00" in text or len(text) > 255:
                errors[column] = [N_("Give at most 255 characters.")]
            if column == "name" and not text:
                errors[column] = [N_("Give a name.")]
            checked[column] = (text.lower() if column == "domain" else text) or None
    if errors:
        raise InvalidFields(errors=errors)
    return checked


def _flush(uow: UnitOfWork) -> None:
    try:
        uow.flush()
    except IntegrityError as err:
        if taken := _TAKEN.get(violated(err) or ""):
            raise taken from err
        raise
    except StaleDataError as err:
        raise PreconditionFailed from err
