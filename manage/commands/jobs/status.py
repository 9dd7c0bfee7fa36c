"""When each job ran last, how it went, and who runs it now."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from jobs.leases import Leases
from jobs.models import JobLease
from kernel.clock import utc_now
from manage import operator
from manage.cli import data_dir_option, json_option
from manage.data_dir import DataDir
from manage.wiring.sources import central_database


@click.command()
@json_option
@data_dir_option
def status(as_json: bool, data_dir: Path) -> None:
    """When each job ran last, how it went, and who runs it now."""
    settings = operator.operator_settings(DataDir(data_dir))
    database = central_database(settings, "seal", settings.password_seal, pool_size=1)
    try:
        rows = Leases(database).all()
    finally:
        database.dispose()
    if as_json:
        click.echo(json.dumps({"items": [_shown(row) for row in rows]}, indent=2))
        return
    table = Table(box=None)
    for heading in ("Job", "State", "Last good run", "Next run", "Failures", "Last error"):
        table.add_column(heading, no_wrap=heading != "Last error")
    for row in rows:
        last = f"{_span(utc_now() - row.succeeded_at)} ago" if row.succeeded_at else "never"
        due = row.next_run_at - utc_now()
        coming = f"in {_span(due)}" if due > timedelta(0) else "now"
        table.add_row(row.name, _state(row), last, coming, str(row.failures), row.last_error or "")
    Console().print(table)


def _state(row: JobLease) -> str:
    if row.lease_until is not None and row.lease_until > utc_now():
        return "running"
    return "failing" if row.failures else "waiting"


def _span(span: timedelta) -> str:
    seconds = max(0, round(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def _shown(row: JobLease) -> dict[str, Any]:
    return {
        "name": row.name,
        "state": _state(row),
        "started_at": row.started_at.isoformat() if row.started_at else None,
        "succeeded_at": row.succeeded_at.isoformat() if row.succeeded_at else None,
        "next_run_at": row.next_run_at.isoformat(),
        "failures": row.failures,
        "last_error": row.last_error,
    }
