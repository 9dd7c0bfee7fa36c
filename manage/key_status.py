"""What keys there are and under which versions they stand: numbers and dates, never a key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from kernel.errors import SokhamError
from kernel.settings import Settings
from keys.public import PROCESSES, KeyProvider, KeyRefused, scopes
from manage import operator
from manage.doctor.servers import owner_of
from manage.fleet import hospital_targets
from manage.wiring.sources import key_provider


@dataclass(frozen=True, kw_only=True, slots=True)
class ScopeStatus:
    """One key-encryption key. `data_keys` counts the data keys that each of its versions wraps."""

    scope: str
    version: int | None
    data_keys: Mapping[int, int]

    @property
    def behind(self) -> int:
        """Data keys under an older version than the newest: a rotation has not rewrapped them."""
        return sum(count for version, count in self.data_keys.items() if self.version and version < self.version)


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningKeyStatus:
    """A signing key: whose, until when it signs, and whether it does."""

    use: str
    kid: str
    created_at: datetime
    not_after: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyStatus:
    """Everything. `unreachable` are hospitals whose own keys were not seen."""

    provider: str
    problem: str | None
    scopes: list[ScopeStatus]
    blind_index: list[Mapping[str, Any]]
    signing: list[SigningKeyStatus]
    unreachable: list[str]


_CENTRAL_COUNTS = "SELECT scope, kek_version, count(*) FROM data_keys GROUP BY 1, 2"
_ISSUERS_KEYS = "SELECT 'tokens of ' || issuer, kid, created_at, not_after FROM signing_keys ORDER BY 1, 3"
_AUDIT_KEYS = "SELECT 'audit', kid, created_at, not_after FROM audit_signing_keys ORDER BY 3"
_BLIND_INDEX = "SELECT version, kek_version, created_at, retired_at FROM blind_index_keys ORDER BY 1"
_SYNC_KEYS = "SELECT kid, created_at, not_after FROM sync_signing_keys ORDER BY 2"


def key_status(settings: Settings) -> KeyStatus:
    """Ask the key source, central's database and every hospital's. Raises what opening central's database raises."""
    counts: dict[str, dict[int, int]] = {}
    signing: list[SigningKeyStatus] = []
    with owner_of(operator.owner_parameters(settings)) as database, database.unit_of_work() as uow:
        for statement in (_ISSUERS_KEYS, _AUDIT_KEYS):
            for use, kid, created, end in uow.session.execute(text(statement)):
                signing.append(SigningKeyStatus(use=use, kid=kid, created_at=created, not_after=end))
        blind_index: list[Mapping[str, Any]] = [dict(row) for row in uow.session.execute(text(_BLIND_INDEX)).mappings()]
        _count(counts, uow.session.execute(text(_CENTRAL_COUNTS)).all())
    for row in blind_index:
        _count(counts, [(scopes.INDEX, row["kek_version"], 1)])
    unreachable = []
    targets, unreadable = hospital_targets(settings)
    for target in targets:
        try:
            with owner_of(target.parameters) as database, database.unit_of_work() as uow:
                found = uow.session.execute(text(_CENTRAL_COUNTS)).all()
                keys = uow.session.execute(text(_SYNC_KEYS)).all()
        except Exception:  # noqa: BLE001 - a hospital that is away is named, whatever its reason.
            unreachable.append(target.tenant_code)
            continue
        _count(counts, found)
        signing += [
            SigningKeyStatus(use=f"sync of {target.tenant_code}", kid=kid, created_at=created, not_after=end)
            for kid, created, end in keys
        ]
    versions, problem = _versions(settings)
    return KeyStatus(
        provider="vault" if settings.vault_addr else "local keyring",
        problem=problem,
        scopes=[
            ScopeStatus(scope=scope, version=versions.get(scope), data_keys=dict(sorted(counts.get(scope, {}).items())))
            for scope in sorted(scopes.ALL)
        ],
        blind_index=blind_index,
        signing=signing,
        unreachable=sorted([*unreachable, *(each.tenant_code for each in unreadable)]),
    )


def _versions(settings: Settings) -> tuple[dict[str, int], str | None]:
    versions: dict[str, int] = {}
    provider: KeyProvider | None = None
    try:
        provider = key_provider(settings, PROCESSES["operator"])
        for scope in sorted(scopes.ALL):
            try:
                versions[scope] = provider.current_version(scope=scope)
            except KeyRefused:
                # This scope has no key, or this operator no right to it: its version stays unknown.
                continue
    except SokhamError as err:
        return versions, str(err)
    finally:
        if provider is not None:
            provider.close()
    return versions, None


def _count(counts: dict[str, dict[int, int]], rows: Any) -> None:
    for scope, version, number in rows:
        of_scope = counts.setdefault(scope, {})
        of_scope[version] = of_scope.get(version, 0) + number
