"""Check everything that Sokham stands on, and say what is wrong and how to mend it."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from manage.cli import data_dir_option, json_option
from manage.data_dir import DataDir
from manage.doctor.examination import Examination
from manage.doctor.finding import Finding, State
from manage.doctor.settings_list import settings_shown

_MARKS = {
    State.OK: ("✓", "green"),
    State.NOTE: ("·", "cyan"),
    State.UNKNOWN: ("?", "yellow"),
    State.WRONG: ("✗", "bold red"),
}


@click.command()
@json_option
@click.option("--settings/--no-settings", "with_settings", default=True, show_default=True, help="List all settings.")
@data_dir_option
def doctor(as_json: bool, with_settings: bool, data_dir: Path) -> None:
    """Check everything that Sokham stands on, and say what is wrong and how to mend it.

    Python and packages, the data folder, disk, processes, keys, Redis, PostgreSQL with central's database and each
    hospital's, what waits for the worker and for the audit's seals, connections against the servers' limits; and all
    settings with their source (never a secret). Exit code 1 when something is wrong.
    """
    examination = Examination(DataDir(data_dir))
    console = Console(highlight=False)
    findings: list[Finding] = []
    for found in examination.findings():
        findings.append(found)
        if not as_json:
            _say(console, found)
    faults = [found for found in findings if found.state is State.WRONG]
    shown = settings_shown(examination.settings) if examination.settings is not None and with_settings else []
    if as_json:
        click.echo(
            json.dumps(
                {
                    "ok": not faults,
                    "findings": [asdict(found) for found in findings],
                    "settings": [asdict(each) for each in shown],
                },
                indent=2,
                ensure_ascii=False,
            )
        )
    else:
        if shown:
            table = Table("Setting", "Value", "Source", box=None, title="Settings", title_justify="left")
            for each in shown:
                table.add_row(each.variable, Text(each.value, overflow="fold"), each.source)
            console.print()
            console.print(table)
        console.print()
        console.print(f"{len(faults)} of {len(findings)} checks found a fault." if faults else "All is well.")
    if faults:
        raise click.exceptions.Exit(1)


def _say(console: Console, found: Finding) -> None:
    mark, style = _MARKS[found.state]
    console.print(Text.assemble((mark, style), f" {found.check}: {found.said}"))
    if found.remedy and found.state is not State.OK:
        console.print(Text(f"    → {found.remedy}", "dim" if found.state is State.NOTE else ""))
