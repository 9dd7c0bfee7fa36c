"""Which scopes a process may use, and how. In Vault the same is held by the policies in `keys/vault_policies/`.

The local keyring is one file, so its policy is held by our own code only: it keeps an honest process from mistakes.
Vault's policy also holds against a process that was taken over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

from keys import scopes
from keys.errors import KeyRefused


@dataclass(frozen=True, slots=True)
class Grant:
    """What is allowed on one scope. `wrap`: make new data keys; `unwrap`: open them; `manage`: rotate and rewrap."""

    wrap: bool = False
    unwrap: bool = False
    manage: bool = False


_NOTHING: Final = Grant()


@dataclass(frozen=True, slots=True)
class KeyPolicy:
    """The grants of one process, by scope. What is not named is refused."""

    grants: Mapping[str, Grant]

    def __post_init__(self) -> None:
        unknown = set(self.grants) - scopes.ALL
        if unknown:
            raise ValueError(f"unknown key scopes: {', '.join(sorted(unknown))}")

    @classmethod
    def of(cls, *, wrap: Iterable[str] = (), unwrap: Iterable[str] = (), manage: Iterable[str] = ()) -> Self:
        """Build a policy from the scopes of each operation; raises ValueError for a scope that does not exist."""
        wraps, unwraps, manages = frozenset(wrap), frozenset(unwrap), frozenset(manage)
        named = wraps | unwraps | manages
        return cls(MappingProxyType({s: Grant(s in wraps, s in unwraps, s in manages) for s in sorted(named)}))

    def grant(self, scope: str) -> Grant:
        """What is allowed on `scope`; nothing, where the policy does not name it."""
        return self.grants.get(scope, _NOTHING)

    def require_wrap(self, scope: str) -> None:
        """Raise KeyRefused unless new data keys of `scope` may be made."""
        if not self.grant(scope).wrap:
            raise KeyRefused(f"this process may not wrap under {_shown(scope)}")

    def require_unwrap(self, scope: str) -> None:
        """Raise KeyRefused unless data keys of `scope` may be opened."""
        if not self.grant(scope).unwrap:
            raise KeyRefused(f"this process may not unwrap under {_shown(scope)}")

    def require_manage(self, scope: str) -> None:
        """Raise KeyRefused unless `scope` may be rotated and its data keys rewrapped."""
        if not self.grant(scope).manage:
            raise KeyRefused(f"this process may not manage {_shown(scope)}")

    def require_any(self, scope: str) -> None:
        """Raise KeyRefused unless something is allowed on `scope`."""
        if self.grant(scope) == _NOTHING:
            raise KeyRefused(f"this process may not use {_shown(scope)}")


def _shown(scope: str) -> str:
    return scope if scope in scopes.ALL else "an unknown scope"


EVERYTHING: Final = KeyPolicy.of(wrap=scopes.ALL, unwrap=scopes.ALL, manage=scopes.ALL)

_CREDENTIALS: Final = frozenset(scopes.FOR_CREDENTIAL.values())

# The policy of each process. `keys/vault_policies/<name>.hcl` is written from these by `python -m keys.vault_policies`.
PROCESSES: Final[Mapping[str, KeyPolicy]] = MappingProxyType(
    {
        # Creates hospitals, so it makes every credential and the hospital's first keys, and can read none of them back.
        "central": KeyPolicy.of(
            wrap={scopes.INDEX, scopes.TOKENS_CENTRAL, scopes.HOSPITAL, scopes.SYNC_SIGNING} | _CREDENTIALS,
            unwrap={scopes.INDEX, scopes.TOKENS_CENTRAL},
        ),
        # What it seals for the jobs it cannot open again.
        "tenant_app": KeyPolicy.of(
            wrap={scopes.HOSPITAL, scopes.MESSAGING, scopes.TOKENS_STAFF},
            unwrap={scopes.REGISTRY_APP, scopes.HOSPITAL, scopes.TOKENS_STAFF},
        ),
        # It reaches hospitals as the staff portal does, and opens nothing that is sealed in them.
        "live": KeyPolicy.of(unwrap={scopes.REGISTRY_APP}),
        # The index scope is for the blind index of a CCCD at sign-in.
        "patient_portal": KeyPolicy.of(
            wrap={scopes.HOSPITAL, scopes.TOKENS_PATIENT},
            unwrap={scopes.REGISTRY_PORTAL, scopes.INDEX, scopes.HOSPITAL, scopes.TOKENS_PATIENT},
        ),
        # The index scope is for sealing the metadata on its way to central.
        "sync_worker": KeyPolicy.of(
            wrap={scopes.INDEX},
            unwrap={scopes.REGISTRY_SYNC, scopes.SYNC_SIGNING, scopes.INDEX},
        ),
        "jobs": KeyPolicy.of(
            wrap={scopes.AUDIT_SIGNING},
            unwrap={scopes.REGISTRY_SEAL, scopes.AUDIT_SIGNING, scopes.MESSAGING},
        ),
        # `sokham setup`: makes the KEKs, and the first keys of the issuers and the index. It reads no issuer's back.
        "setup": KeyPolicy.of(
            wrap={scopes.INDEX, scopes.TOKENS_CENTRAL, scopes.TOKENS_STAFF, scopes.TOKENS_PATIENT},
            unwrap={scopes.INDEX},
            manage=scopes.ALL,
        ),
        # `sokham migrate`.
        "migrate": KeyPolicy.of(unwrap={scopes.REGISTRY_MIGRATE}),
        # `sokham keys`: turns KEKs and rewraps data keys without ever seeing one.
        "operator": KeyPolicy.of(manage=scopes.ALL),
    }
)
