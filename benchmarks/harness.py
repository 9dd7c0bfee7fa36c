"""How a figure is taken and judged: rounds of ours and of the bare thing in turns, so that both feel the same machine.

A figure is the median of the rounds' ratios and not the ratio of two medians: what the machine does besides changes
from one second to the next, and hardly within the pair of one round.
"""

import gc
import json
import platform
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil
from rich.console import Console
from rich.table import Table

Unit = Literal["ratio", "ms", "MB", "count"]
Better = Literal["lower", "higher"]

ROUNDS = 7


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. `ours` and `bare` are what it was made of, as text with a unit, for people."""

    name: str
    value: float
    unit: Unit
    better: Better = "lower"
    bar: float | None = None
    ours: str = ""
    bare: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bar is met; a figure without one is only reported."""
        if self.bar is None:
            return True
        return self.value <= self.bar if self.better == "lower" else self.value >= self.bar

    def as_json(self) -> dict[str, Any]:
        """As it stands in results.json."""
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "better": self.better,
            "bar": self.bar,
            "ok": self.ok,
        }


@dataclass(frozen=True)
class Compared:
    """What each round took on both sides, in the same unit."""

    ours: Sequence[float]
    bare: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios, ours to the bare thing's."""
        return statistics.median(ours / bare for ours, bare in zip(self.ours, self.bare, strict=True))

    def figure(self, name: str, *, bar: float | None, unit: str, better: Better = "lower") -> Figure:
        """The figure, with both sides' medians shown in `unit` (`µs`, `ms`, `1/s`)."""
        return Figure(
            name=name,
            value=self.ratio,
            unit="ratio",
            better=better,
            bar=bar,
            ours=shown(statistics.median(self.ours), unit),
            bare=shown(statistics.median(self.bare), unit),
        )


def compare(
    ours: Callable[[], float], bare: Callable[[], float], *, rounds: int = ROUNDS, report: Callable[[str], None]
) -> Compared:
    """Run both in turns; each call does one round and returns its figure. Who goes first changes every round."""
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        report(f"round {number + 1} of {rounds}")
        sides = ((ours, found[0]), (bare, found[1]))
        for side, results in sides if number % 2 == 0 else reversed(sides):
            gc.collect()
            results.append(side())
    return Compared(*found)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def shown(value: float, unit: str) -> str:
    """A value with three digits that say something; seconds are given for `µs` and `ms`."""
    scaled = value * {"µs": 1e6, "ms": 1e3}.get(unit, 1.0)
    digits = 0 if scaled >= 100 else 1 if scaled >= 10 else 2
    return f"{scaled:,.{digits}f} {unit}"


def _rounded(value: float) -> float:
    return round(value, 3) if abs(value) < 100 else round(value, 1)


@dataclass
class Outcome:
    """All figures of a run."""

    judged: bool
    figures: list[Figure] = field(default_factory=list)

    @property
    def missed(self) -> list[Figure]:
        """The figures whose bar is missed, where bars are judged."""
        return [figure for figure in self.figures if self.judged and not figure.ok]

    def table(self) -> Table:
        """Name, ours, bare, ratio, bar, ok."""
        table = Table(title=None if self.judged else "QUICK: less data, the bars are not judged", title_style="bold")
        table.add_column("figure")
        for heading in ("ours", "bare", "value", "bar"):
            table.add_column(heading, justify="right")
        table.add_column("ok", justify="center")
        for figure in self.figures:
            table.add_row(
                figure.name,
                figure.ours,
                figure.bare,
                _value(figure),
                _bar(figure),
                self._verdict(figure),
            )
        return table

    def write(self, path: Path, *, machine: str) -> None:
        """results.json, as contract.md has it."""
        document = {"machine": machine, "results": [figure.as_json() for figure in self.figures]}
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def _verdict(self, figure: Figure) -> str:
        if figure.bar is None or not self.judged:
            return "–"
        return "[green]yes[/]" if figure.ok else "[bold red]MISSED[/]"


def _value(figure: Figure) -> str:
    if figure.unit == "count":
        return f"{figure.value:,.0f}"
    return f"{figure.value:.3g}" if figure.unit == "ratio" else f"{figure.value:,.1f} {figure.unit}"


def _bar(figure: Figure) -> str:
    if figure.bar is None:
        return "–"
    return f"{'≤' if figure.better == 'lower' else '≥'} {figure.bar:g}"


def machine() -> str:
    """What it ran on, without the machine's name."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {psutil.cpu_count()} CPUs, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def console() -> Console:
    """The terminal."""
    return Console(highlight=False)
