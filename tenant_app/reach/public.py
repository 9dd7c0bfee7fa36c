"""What other folders may use of how far roles reach."""

from tenant_app.reach.rules import (
    DEPARTMENTS,
    HOSPITAL,
    REACHES,
    Reach,
    beyond_reach,
    only_reached,
    reach_of,
    reaches,
)

__all__ = [
    "DEPARTMENTS",
    "HOSPITAL",
    "REACHES",
    "Reach",
    "beyond_reach",
    "only_reached",
    "reach_of",
    "reaches",
]
