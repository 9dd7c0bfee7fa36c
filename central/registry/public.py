"""What other folders may use of the registry."""

from central.registry.announcing import RouteAnnouncer, Unannounced, announce_after_commit
from central.registry.credentials import DatabasePlace, SealedCredential, open_credential, open_password, seal_password
from central.registry.data_keys import SqlDataKeyStore
from central.registry.errors import (
    DomainTaken,
    OperationRunning,
    TenantCodeTaken,
    TenantUnknown,
    TransitionRefused,
)
from central.registry.models import (
    CREDENTIAL_PURPOSES,
    SUBSCRIPTION_PLANS,
    DataKeyRecord,
    Operation,
    SigningKeyRecord,
    Tenant,
    TenantCredential,
)
from central.registry.queries import (
    CredentialView,
    credentials_of,
    latest_operation,
    list_tenants,
    operation,
    tenant_by_code,
    tenant_by_id,
)
from central.registry.service import NewTenant, change_tenant, create_tenant, raise_epoch, resume, suspend

__all__ = [
    "CREDENTIAL_PURPOSES",
    "SUBSCRIPTION_PLANS",
    "CredentialView",
    "DataKeyRecord",
    "DatabasePlace",
    "DomainTaken",
    "NewTenant",
    "Operation",
    "OperationRunning",
    "RouteAnnouncer",
    "SealedCredential",
    "SigningKeyRecord",
    "SqlDataKeyStore",
    "Tenant",
    "TenantCodeTaken",
    "TenantCredential",
    "TenantUnknown",
    "TransitionRefused",
    "Unannounced",
    "announce_after_commit",
    "change_tenant",
    "create_tenant",
    "credentials_of",
    "latest_operation",
    "list_tenants",
    "open_credential",
    "open_password",
    "operation",
    "raise_epoch",
    "resume",
    "seal_password",
    "suspend",
    "tenant_by_code",
    "tenant_by_id",
]
