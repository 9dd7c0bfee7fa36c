"""Decisions about hospitals, without a database."""

from typing import Final

# From a state to the states that may follow. A closed hospital (`inactive`) keeps its data and does not return.
TRANSITIONS: Final = {
    "provisioning": frozenset({"active", "failed"}),
    "failed": frozenset({"provisioning", "inactive"}),
    "active": frozenset({"suspended"}),
    "suspended": frozenset({"active", "inactive"}),
    "inactive": frozenset[str](),
}


def may_become(present: str, wanted: str) -> bool:
    """Whether a hospital in state `present` may become `wanted`."""
    return wanted in TRANSITIONS.get(present, frozenset())
