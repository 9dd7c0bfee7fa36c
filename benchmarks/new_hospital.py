"""A new hospital (roles, database, first data, sealed credentials, route) against the bare copy of its template."""

import statistics
from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.harness import Compared, Figure, shown

EARLY = slice(5, 15)
LATE = slice(290, 300)


def run(bench: Bench) -> Iterator[Figure]:
    """Figures of the fleet's making; each bare copy is compared with the hospitals around it."""
    fleet = bench.ground.fleet
    around = [statistics.median(fleet.seconds[max(0, at - 2) : at + 4]) for at in fleet.bare_after]
    yield Compared(around, fleet.bare_seconds).figure("new_hospital.create", bar=2.5, unit="ms")
    early = statistics.median(fleet.seconds[EARLY])
    late = statistics.median(fleet.seconds[LATE] or fleet.seconds[-10:])
    yield Figure(
        name="new_hospital.growth",
        value=late / early,
        unit="ratio",
        bar=1.3,
        ours=shown(late, "ms"),
        bare=shown(early, "ms"),
    )
    # What the disk did meanwhile: a copy takes most of the time.
    first, last = statistics.median(fleet.bare_seconds[:4]), statistics.median(fleet.bare_seconds[-4:])
    yield Figure(
        name="new_hospital.growth_of_bare",
        value=last / first,
        unit="ratio",
        ours=shown(last, "ms"),
        bare=shown(first, "ms"),
    )
