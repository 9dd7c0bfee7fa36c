"""Browsers in which somebody signed in before: what fails elsewhere in the same network does not lock these.

All desks of a hospital are one network, so that a lock by network alone lets a colleague keep a colleague out.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network
from typing import Any, Final, Self
from uuid import UUID

# A desk that several people share knows all of them; nobody's cookie grows without end.
MOST_ACCOUNTS: Final = 16
BROWSER_LIFETIME: Final = timedelta(days=90)
# RFC 6666: no packet comes from there, so that no caller's own network is ever one of these.
_DISCARDED: Final = int(IPv6Address("100::"))


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownBrowser:
    """A browser by a number of its own, and who signed in there, the latest first."""

    number: int = field(default_factory=lambda: secrets.randbits(64))
    accounts: tuple[UUID, ...] = ()

    @classmethod
    def read(cls, claims: Mapping[str, Any]) -> Self:
        """From the verified claims of its token."""
        return cls(number=int(claims["sub"], 16), accounts=tuple(UUID(each) for each in claims["accounts"]))

    def claims(self) -> tuple[str, dict[str, Any]]:
        """Subject and claims of its token."""
        return f"{self.number:016x}", {"accounts": [each.hex for each in self.accounts]}

    def after(self, account_id: UUID) -> Self:
        """The browser once this account has signed in."""
        others = (each for each in self.accounts if each != account_id)
        return replace(self, accounts=(account_id, *others)[:MOST_ACCOUNTS])

    @property
    def network(self) -> str:
        """What stands for it where failures are counted by network."""
        return str(IPv6Network((_DISCARDED | self.number, 128)))
