"""What a group of figures is given."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.ground import Ground
from benchmarks.harness import Compared, compare
from benchmarks.scale import Scale


@dataclass(frozen=True)
class Bench:
    """The ground, the sizes, and how to say what is being done."""

    ground: Ground
    scale: Scale
    report: Callable[[str], None]

    def compare(
        self, what: str, ours: Callable[[], float], bare: Callable[[], float], *, rounds: int | None = None
    ) -> Compared:
        """Rounds in turns; see harness.compare."""
        return compare(
            ours, bare, rounds=rounds or self.scale.rounds, report=lambda text: self.report(f"{what}: {text}")
        )
