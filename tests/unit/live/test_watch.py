"""In which order hospitals are looked at."""

from typing import Any, cast

import pytest

from kernel.ids import TenantId
from live.hub import Hub, Look
from live.watch import Watch


class Hospitals:
    """A hub that knows of some hospitals, and a door at which nobody waits."""

    def __init__(self, count: int) -> None:
        self.tenants = [TenantId.parse(f"01920000-0000-7000-8000-{number:012d}") for number in range(count)]

    def looks(self) -> list[Look]:
        nothing: frozenset[Any] = frozenset()
        return [
            Look(tenant=tenant, sessions=nothing, held=(), changed=nothing, left=nothing) for tenant in self.tenants
        ]

    def say_silent(self) -> None:
        """Nobody is silent."""

    def hang_up_overdue(self) -> None:
        """Nobody is overdue."""


def test_looks_go_back_and_forth(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that those who were looked at last, and have their connections still, are looked at first."""
    hospitals = Hospitals(3)
    everything = cast("Any", hospitals)
    watch = Watch(hub=cast("Hub", hospitals), door=everything, router=everything, rules=everything)
    order: list[int] = []

    def note(_do: object, look: Look) -> None:
        order.append(hospitals.tenants.index(look.tenant))
        watch._looking.discard(look.tenant)

    monkeypatch.setattr(watch._pool, "submit", note)
    for _ in range(3):
        watch._look()
    assert order in ([0, 1, 2, 2, 1, 0, 0, 1, 2], [2, 1, 0, 0, 1, 2, 2, 1, 0])
    watch.stop()
