"""The jobs: run them, and see when each ran and how it went."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from prometheus_client import start_http_server
from rich.console import Console
from rich.table import Table

from jobs.leases import Leases
from jobs.models import JobLease
from kernel.clock import utc_now
from kernel.settings import Settings, read
from kernel.telemetry import logs
from manage import operator, wiring
from manage.cli import data_dir_option
from manage.data_dir import DataDir
from manage.embedded.ports import LOOPBACK
from manage.errors import CommandFailed
from manage.supervision.signals import StopSignals

_LOOK_SECONDS = 3600.0


@click.group()
def jobs() -> None:
    """The jobs: run them, and see when each ran and how it went."""


@jobs.command()
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Show figures at this port of loopback.")
@data_dir_option
def run(metrics_port: int | None, data_dir: Path) -> None:
    """Run the jobs until SIGTERM. Several processes may run: each job has one runner at a time.

    Sealing of the audit logs, their partitions a year ahead, and the end of what has run out.
    """
    settings = process_settings(data_dir)
    logs.configure(level=settings.log_level, process=settings.process)
    with StopSignals() as stop:
        process = wiring.jobs_process(settings)
        if metrics_port is not None:
            start_http_server(metrics_port, addr=LOOPBACK)
        process.start()
        while not stop.wait(_LOOK_SECONDS):
            pass
        if not process.stop():
            raise CommandFailed("A job did not come to its end in time; another process goes on with it.")


@jobs.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@data_dir_option
def status(as_json: bool, data_dir: Path) -> None:
    """When each job ran last, how it went, and who runs it now."""
    settings = operator.operator_settings(DataDir(data_dir))
    database = wiring.central_database(settings, "seal", settings.password_seal, pool_size=1)
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


def process_settings(data_dir: Path) -> Settings:
    """The settings of a process: its environment, or for one started by hand those of the data folder."""
    settings = read(os.environ)
    return settings if settings.database_url else operator.operator_settings(DataDir(data_dir))


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
