"""Make central's roles, database and keys on servers of your own, and bring every database to the head."""

import os
from pathlib import Path

import click
import psycopg
from rich.console import Console

from central import roles
from kernel.settings import read
from manage import bootstrap
from manage.cli import data_dir_option
from manage.data_dir import DataDir
from manage.errors import CommandFailed
from manage.run_context import RunContext, WebPorts


@click.command()
@data_dir_option
def setup(data_dir: Path) -> None:
    """Make central's roles, database and keys on servers of your own, and bring every database to the head.

    For production, before the processes start, and again with each release; what is done already stays as it is.
    DATABASE_URL names central's server with a superuser, SOKHAM_HOSPITAL_DIRECT_URL the hospitals' server with one.
    """
    settings = read(os.environ)
    if not settings.database_url:
        raise CommandFailed("DATABASE_URL is missing. `sokham up` is for a machine without servers of its own.")
    context = RunContext(
        data_dir=DataDir(data_dir).create(),
        settings=settings,
        ports=WebPorts.from_base(8000),
        demo=False,
        postgres=None,
        redis=None,
    )
    console = Console(stderr=True)
    for step in (*bootstrap.steps(context)[:1], _hospital_server_step(), *bootstrap.steps(context)[1:]):
        console.print(f"{step.title} …")
        step.run(context)
    # A hospital that could not be migrated holds up nobody else: it is named, and the processes may start.
    for note in context.notes:
        console.print(f"! {note}")
    console.print("Ready.")


def _hospital_server_step() -> bootstrap.Step:
    return bootstrap.Step(title="Hospitals' server", run=_make_provisioner)


def _make_provisioner(context: RunContext) -> None:
    """Where hospitals have a server of their own, the provisioner must exist there too."""
    url = context.settings.hospital_direct_url
    if not url:
        return
    with psycopg.connect(url, autocommit=True) as admin:
        roles.ensure_provisioner(admin, password=context.settings.password_provisioner)
