"""Data keys as rows: what is stored of them, where from, and how they are rewrapped when a KEK was rotated."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.ids import TenantId
from keys.errors import KeyRefused
from keys.provider import KeyProvider


@dataclass(frozen=True, slots=True)
class DataKeyRow:
    """A wrapped data key as it stands in a `data_keys` table.

    `tenant_id` is None for central's own keys; `kek_version` is the KEK's version inside `wrapped`; `retired_at` is set
    when nothing more is sealed under it (it goes on opening what it sealed).
    """

    tenant_id: TenantId | None
    scope: str
    dek_id: UUID
    kek_version: int
    wrapped: str
    retired_at: datetime | None = None


class DataKeyStore(Protocol):
    """The `data_keys` table of one database, seen through the caller's own unit of work.

    The keychain reads `current` in every transaction that seals, and never remembers it: so a row that was rolled back
    is not used again, and a retired one falls out of use at once.
    """

    def current(self, tenant: TenantId | None, scope: str) -> DataKeyRow | None:
        """The newest row of this tenant and scope that is not retired."""
        ...

    def get(self, dek_id: UUID) -> DataKeyRow | None:
        """The row with this id, retired or not."""
        ...

    def add(self, row: DataKeyRow) -> None:
        """Add a row, in the caller's transaction; from now on it is `current`. Older ones may stay beside it."""
        ...

    def replace_wrapped(self, dek_id: UUID, wrapped: str, kek_version: int) -> None:
        """Put a newly wrapped form in place of the old one; nothing else of the row changes."""
        ...


@dataclass(slots=True)
class RewrapReport:
    """What `rewrap_all` did. `refused` are rows that the source would not unwrap: they need a person."""

    rewrapped: int = 0
    already_current: int = 0
    refused: list[UUID] = field(default_factory=list)


def rewrap_all(rows: Iterable[DataKeyRow], *, store: DataKeyStore, provider: KeyProvider) -> RewrapReport:
    """Wrap data keys again under the newest version of their KEK. Sealed data is not touched, nor any key shown.

    May be stopped and run again at any point: rows already at the newest version are left as they are. Raises
    KeySourceUnavailable when the source goes away midway (what was done stays done, if the caller commits), and
    KeyRefused when the policy grants no `manage` on a scope.
    """
    report = RewrapReport()
    newest: dict[str, int] = {}
    for row in rows:
        if row.scope not in newest:
            provider.policy.require_manage(row.scope)
            newest[row.scope] = provider.current_version(scope=row.scope)
        if row.kek_version >= newest[row.scope]:
            report.already_current += 1
            continue
        try:
            rewrapped = provider.rewrap(scope=row.scope, tenant=row.tenant_id, wrapped=row.wrapped)
        except KeyRefused:
            # One damaged row must not keep the others under an old key.
            report.refused.append(row.dek_id)
            continue
        store.replace_wrapped(row.dek_id, rewrapped.wrapped, rewrapped.kek_version)
        report.rewrapped += 1
    return report
