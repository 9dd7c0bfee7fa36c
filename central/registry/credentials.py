"""Sealed passwords of hospital databases. Provisioning seals, the router opens; both by these two functions.

The place that a ciphertext is bound to holds host, port, database and user, so that a row whose address was edited, or
whose ciphertext was taken from another row, does not open, and no password is ever sent to the wrong server.
"""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from central.registry.models import TenantCredential
from kernel.ids import TenantId
from keys.public import DataKeyStore, FieldContext, Keychain, Undecryptable, dek_id_of, scopes

_TABLE = "tenant_credentials"


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabasePlace:
    """Where a password is good: one user of one database on one server."""

    host: str
    port: int
    database: str
    username: str

    @property
    def column(self) -> str:
        """The column part of the sealed value's place."""
        return f"database_password:{self.host}:{self.port}:{self.database}:{self.username}"


class SealedCredential(Protocol):
    """A route or a credential's row, as far as opening its password needs it."""

    @property
    def tenant_id(self) -> UUID: ...
    @property
    def credential_id(self) -> UUID: ...
    @property
    def database_host(self) -> str: ...
    @property
    def database_port(self) -> int: ...
    @property
    def database_name(self) -> str: ...
    @property
    def database_username(self) -> str: ...
    @property
    def database_password_encrypted(self) -> str: ...
    @property
    def encryption_key_id(self) -> UUID: ...


def seal_password(
    password: str,
    *,
    tenant: TenantId,
    purpose: str,
    credential_id: UUID,
    place: DatabasePlace,
    keychain: Keychain,
    store: DataKeyStore,
) -> tuple[str, UUID]:
    """The sealed password and the id of the data key that sealed it; raises as `Keychain.current`."""
    sealed = keychain.seal(
        store,
        password,
        scope=scopes.FOR_CREDENTIAL[purpose],
        tenant=tenant,
        context=FieldContext(tenant, _TABLE, place.column, credential_id),
    )
    return sealed, dek_id_of(sealed)


def open_password(*, route: SealedCredential, purpose: str, keychain: Keychain, store: DataKeyStore) -> str:
    """The password in a route or row.

    Raises Undecryptable when any part of the row was changed or taken from another, KeyRefused when this process may
    not open this purpose, KeySourceUnavailable when the key source is needed and away.
    """
    sealed = route.database_password_encrypted
    tenant = TenantId.parse(route.tenant_id)
    if dek_id_of(sealed) != route.encryption_key_id:
        raise Undecryptable
    place = DatabasePlace(
        host=route.database_host,
        port=route.database_port,
        database=route.database_name,
        username=route.database_username,
    )
    context = FieldContext(tenant, _TABLE, place.column, route.credential_id)
    return keychain.open(store, sealed, scope=scopes.FOR_CREDENTIAL[purpose], tenant=tenant, context=context).decode()


def open_credential(row: TenantCredential, *, keychain: Keychain, store: DataKeyStore) -> str:
    """The password in a credential's own row, for a role that may read it (migrations); raises as `open_password`."""
    return open_password(route=_RowAsRoute(row), purpose=row.purpose, keychain=keychain, store=store)


class _RowAsRoute:
    """A row of `tenant_credentials`, whose id is what a route calls the credential's id."""

    def __init__(self, row: TenantCredential) -> None:
        self.tenant_id = row.tenant_id
        self.credential_id = row.id
        self.database_host = row.database_host
        self.database_port = row.database_port
        self.database_name = row.database_name
        self.database_username = row.database_username
        self.database_password_encrypted = row.database_password_encrypted
        self.encryption_key_id = row.encryption_key_id
