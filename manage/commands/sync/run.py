"""Bring central what hospitals publish, until SIGTERM."""

import threading
from pathlib import Path

import click
from prometheus_client import start_http_server

from kernel.telemetry import logs
from manage import collector, operator
from manage.cli import data_dir_option
from manage.data_dir import DataDir
from manage.embedded.ports import LOOPBACK
from manage.supervision.signals import StopSignals
from manage.wiring.worker import sync_worker

_LOOK_SECONDS = 1.0


@click.command()
@click.option("--tenant", metavar="CODE", help="Only this hospital.")
@click.option("--once", is_flag=True, help="Push and fetch what is due now, then end.")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Show figures at this port of loopback.")
@data_dir_option
def run(tenant: str | None, once: bool, metrics_port: int | None, data_dir: Path) -> None:
    """Bring central what hospitals publish, until SIGTERM. Several workers may run beside each other."""
    settings = operator.process_settings(DataDir(data_dir))
    logs.configure(level=settings.log_level, process=settings.process)
    with StopSignals() as stop, sync_worker(settings, only=tenant) as worker:
        if metrics_port is not None:
            start_http_server(metrics_port, addr=LOOPBACK)
        collector.keep_all()
        work = threading.Thread(target=worker.run_once if once else worker.run, name="sync")
        work.start()
        while work.is_alive() and not stop.wait(_LOOK_SECONDS):
            pass
        worker.stop()
        work.join()
