"""The names of what one hospital has on a server."""

from typing import Final

from kernel.ids import TenantId

# The purposes whose rights the hospital's schema grants, in the order of the `grant_*` functions' arguments.
GRANTED_PURPOSES: Final = ("app", "portal", "sync", "seal")
PURPOSES: Final = (*GRANTED_PURPOSES, "migrate")
_SECOND: Final = "_b"


def database_name(tenant: TenantId) -> str:
    """`h_` and 12 hexadecimal digits of the id's random part: it tells neither the hospital's name nor its age."""
    return f"h_{tenant.hex[-12:]}"


def role_name(database: str, purpose: str) -> str:
    """The base role of a purpose: it holds the rights, and signs in until the first rotation."""
    return f"{database}_{purpose}"


def other_role_name(base: str, username: str) -> str:
    """The login role that takes over from `username` at a rotation: the base role and its member take turns."""
    return f"{base}{_SECOND}" if username == base else base
