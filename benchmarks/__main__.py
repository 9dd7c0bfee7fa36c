"""`python -m benchmarks [--only NAME …] [--quick]`: all figures, one table, benchmarks/results.json."""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from benchmarks import connections, desk, imports, live, memory, new_hospital, request, route, sync
from benchmarks.bench import Bench
from benchmarks.ground import temporary_ground
from benchmarks.harness import Figure, Outcome, console, machine
from benchmarks.scale import QUICK, WHOLE, Scale
from kernel.telemetry import logs

# Where nobody looks at a terminal (CI, a file), a line now and then says that it goes on.
TELL_SECONDS: Final = 10.0
RESULTS: Final = Path(__file__).with_name("results.json")

# The fleet of hospitals is made first, for new_hospital; the others use it. The sync comes while the index is small.
GROUPS: Final[dict[str, Callable[[Bench], Iterator[Figure]]]] = {
    "new_hospital": new_hospital.run,
    "sync": sync.run,
    "route": route.run,
    "connections": connections.run,
    "request": request.run,
    "desk": desk.run,
    "imports": imports.run,
    "live": live.run,
    "memory": memory.run,
}


@click.command()
@click.option("--only", "names", multiple=True, type=click.Choice(list(GROUPS)), help="A group; may be repeated.")
@click.option("--quick", is_flag=True, help="Less data; the bars are not judged.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Where the results go.")
def main(*, names: Sequence[str], quick: bool, output: Path | None) -> None:
    """Figures as ratios of ours to the bare thing, side by side in one run.

    A whole run writes benchmarks/results.json; one of a part, or a quick one, only where --output says.
    """
    screen = console()
    scale = QUICK if quick else WHOLE
    if quick:
        screen.print("[bold]Quick:[/] less data and fewer rounds; the bars are not judged.")
    outcome = Outcome(judged=not quick)
    started = time.monotonic()
    _run(screen, scale, outcome, names or tuple(GROUPS))
    screen.print(outcome.table())
    screen.print(f"{machine()}; {time.monotonic() - started:.0f} s")
    path = output or (None if quick or names else RESULTS)
    if path is not None:
        outcome.write(path, machine=machine())
        screen.print(f"Written to {path}")
    if outcome.missed:
        screen.print(f"[bold red]Missed:[/] {', '.join(figure.name for figure in outcome.missed)}")
        raise SystemExit(1)


def _run(screen: Console, scale: Scale, outcome: Outcome, names: Sequence[str]) -> None:
    columns = (SpinnerColumn(), TextColumn("{task.fields[group]}"), BarColumn(20), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=screen, transient=True) as progress:
        task = progress.add_task("", total=len(names), group="")

        def report(text: str) -> None:
            progress.update(task, description=text)
            if not screen.is_terminal and _seconds_since(told) > TELL_SECONDS:
                told[0] = time.monotonic()
                screen.print(f"  … {text}")

        told = [time.monotonic()]

        with temporary_ground(scale=scale, report=report) as ground:
            for name in names:
                progress.update(task, group=name)
                for figure in GROUPS[name](Bench(ground=ground, scale=scale, report=report)):
                    outcome.figures.append(figure)
                    screen.print(f"  {figure.name}: {figure.value:.3g} {figure.unit}")
                progress.advance(task)


def _seconds_since(moment: list[float]) -> float:
    return time.monotonic() - moment[0]


def _stopped(_number: int, _frame: object) -> None:
    """SIGTERM and Ctrl-C alike: the servers that were started are stopped, and their data go."""
    sys.exit("stopped")


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stopped)
    # What the product logs at work is not wanted among the figures.
    logs.configure(level="CRITICAL", process="benchmarks")
    main()
