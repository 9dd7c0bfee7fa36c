"""The names of the key-encryption keys (KEK): one a purpose, so that a process can be given only what it needs.

A scope is a name for a KEK; in Vault it is the Transit key `sokham-<scope>`. Adding one here is enough: the local
keyring and Vault get it by `ensure_scopes`, and no process may use it until `keys.policy` says so.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# Hospital database credentials, one scope for each role's password, so that a process connects as its own role only.
REGISTRY_APP: Final = "registry-app"
REGISTRY_PORTAL: Final = "registry-portal"
REGISTRY_SYNC: Final = "registry-sync"
REGISTRY_SEAL: Final = "registry-seal"
REGISTRY_MIGRATE: Final = "registry-migrate"
# The central patient index: sealed metadata and the blind index key.
INDEX: Final = "index"
# A hospital's own data: TOTP secrets, settings.
HOSPITAL: Final = "hospital"
# A hospital's own accounts at mail servers and SMS gateways: the staff portal seals them, the jobs open them.
MESSAGING: Final = "messaging"
# The private half of a hospital's Ed25519 sync key.
SYNC_SIGNING: Final = "sync-signing"
# The private halves of the token-signing keys, one scope an issuer.
TOKENS_CENTRAL: Final = "tokens-central"
TOKENS_STAFF: Final = "tokens-staff"
TOKENS_PATIENT: Final = "tokens-patient"
# The key that signs the heads of the audit chain.
AUDIT_SIGNING: Final = "audit-signing"

ALL: Final[frozenset[str]] = frozenset(
    {
        REGISTRY_APP,
        REGISTRY_PORTAL,
        REGISTRY_SYNC,
        REGISTRY_SEAL,
        REGISTRY_MIGRATE,
        INDEX,
        HOSPITAL,
        MESSAGING,
        SYNC_SIGNING,
        TOKENS_CENTRAL,
        TOKENS_STAFF,
        TOKENS_PATIENT,
        AUDIT_SIGNING,
    }
)

# The purpose of a row in `tenant_credentials` → the scope that seals its password.
FOR_CREDENTIAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "app": REGISTRY_APP,
        "portal": REGISTRY_PORTAL,
        "sync": REGISTRY_SYNC,
        "seal": REGISTRY_SEAL,
        "migrate": REGISTRY_MIGRATE,
    }
)
