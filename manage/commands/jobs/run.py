"""Run the jobs until SIGTERM."""

from pathlib import Path

import click
from prometheus_client import start_http_server

from kernel.telemetry import logs
from manage import operator
from manage.cli import data_dir_option
from manage.data_dir import DataDir
from manage.embedded.ports import LOOPBACK
from manage.errors import CommandFailed
from manage.supervision.signals import StopSignals
from manage.wiring.jobs import jobs_process

_LOOK_SECONDS = 3600.0


@click.command()
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Show figures at this port of loopback.")
@data_dir_option
def run(metrics_port: int | None, data_dir: Path) -> None:
    """Run the jobs until SIGTERM. Several processes may run: each job has one runner at a time.

    Sealing of the audit logs, their partitions a year ahead, and the end of what has run out.
    """
    settings = operator.process_settings(DataDir(data_dir))
    logs.configure(level=settings.log_level, process=settings.process)
    with StopSignals() as stop:
        process = jobs_process(settings)
        if metrics_port is not None:
            start_http_server(metrics_port, addr=LOOPBACK)
        process.start()
        while not stop.wait(_LOOK_SECONDS):
            pass
        if not process.stop():
            raise CommandFailed("A job did not come to its end in time; another process goes on with it.")
