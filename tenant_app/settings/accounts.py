"""A hospital's own accounts for sending: sealed by the staff portal, which cannot open them again, read by the jobs.

The data key is of a scope of its own: the staff portal may wrap such keys and not unwrap them, the jobs the other way
round. What is sealed is bound to its row and to the server that was chosen: beside another server it does not open.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text

from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import SokhamError
from kernel.ids import TenantId
from keys.public import DataKeyRow, FieldContext, Keychain, KeyRefused, scopes
from tenant_app.hospital.public import hospital_keys
from tenant_app.settings.catalogue import ACCOUNTS, CATALOGUE
from tenant_app.settings.models import SystemConfig


class AccountIncomplete(SokhamError):
    """A server is chosen, and something of the account there is missing."""

    code = "account_incomplete"


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnAccount:
    """An account at a server of the operator's list; `id` is that of the row with the secret."""

    id: UUID
    server: str
    sender: str
    user: str
    secret: str = field(repr=False)


def seal_secret(*, uow: UnitOfWork, keychain: Keychain, row_id: UUID, server: str, plain: str) -> str:
    """A secret as its row keeps it. Raises KeySourceUnavailable."""
    store, context = hospital_keys(uow, uow.tenant), _place(uow.tenant, row_id, server)
    return keychain.seal(store, plain, scope=scopes.MESSAGING, tenant=uow.tenant, context=context)


def own_account(*, uow: UnitOfWork, keychain: Keychain, channel: str) -> OwnAccount | None:
    """The hospital's account for a channel, under the role of the jobs; None where it has chosen no server.

    Raises AccountIncomplete, Undecryptable, KeyRefused, KeySourceUnavailable.
    """
    account = next(each for each in ACCOUNTS.values() if each.channel == channel)
    rows = uow.session.execute(text("SELECT id, config_key, config_value FROM messaging_settings()"))
    stored = {row.config_key: row for row in rows}
    server = _text_of(stored, account.server)
    if not server:
        return None
    sealed = stored.get(account.secret)
    sender, user = _text_of(stored, account.sender), _text_of(stored, account.user)
    if sealed is None or not sender or (account.user and not user):
        raise AccountIncomplete(channel)
    secret = keychain.open(
        _AccountKeys(uow),
        sealed.config_value,
        scope=scopes.MESSAGING,
        tenant=uow.tenant,
        context=_place(uow.tenant, sealed.id, server),
    ).decode()
    return OwnAccount(id=sealed.id, server=server, sender=sender, user=user, secret=secret)


def _text_of(stored: dict[str, Any], key: str | None) -> str:
    return str(CATALOGUE[key].read(stored[key].config_value)) if key in stored else ""


def _place(tenant: TenantId | None, row_id: UUID, server: str) -> FieldContext:
    return FieldContext(tenant, SystemConfig.__tablename__, "config_value", f"{row_id}/{server}")


class _AccountKeys:
    """A `keys.DataKeyStore` as the role of the jobs sees it: one key by its id, to open and for nothing else."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    def get(self, dek_id: UUID) -> DataKeyRow | None:
        """The key with this id, if it is one of these accounts'."""
        found = self._uow.session.execute(text("SELECT * FROM messaging_data_key(:dek)"), {"dek": dek_id}).one_or_none()
        if found is None or self._uow.tenant is None:
            return None
        return DataKeyRow(
            self._uow.tenant, found.scope, found.dek_id, found.kek_version, found.wrapped, found.retired_at
        )

    def current(self, tenant: TenantId | None, scope: str) -> DataKeyRow | None:
        """Nothing is sealed here."""
        raise KeyRefused(f"the jobs seal nothing under {scope} for {tenant}")

    def add(self, row: DataKeyRow) -> None:
        """Nothing is sealed here."""
        raise KeyRefused(f"the jobs add no data key: {row.dek_id}")

    def replace_wrapped(self, dek_id: UUID, wrapped: str, kek_version: int) -> None:
        """Keys are rewrapped by the operator."""
        del wrapped
        raise KeyRefused(f"the jobs rewrap no data key: {dek_id} to {kek_version}")
