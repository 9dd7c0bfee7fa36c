"""Publish all patients of hospitals again, as they are now, after central or a hospital was restored."""

import json
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.progress import Progress

from manage import operator
from manage.cli import data_dir_option, json_option
from manage.data_dir import DataDir
from manage.errors import CommandFailed
from manage.republishing import Republished, republish_hospitals


@click.command()
@click.option("--tenant", metavar="CODE", help="Only this hospital.")
@click.option("--all", "everyone", is_flag=True, help="Every hospital.")
@click.option("--after", metavar="PATIENT", type=click.UUID, help="Go on behind this patient (with --tenant).")
@json_option
@data_dir_option
def republish(tenant: str | None, everyone: bool, after: UUID | None, as_json: bool, data_dir: Path) -> None:
    """Publish all patients of hospitals again, as they are now, after central or a hospital was restored.

    The worker brings them to central, which takes what it does not have and answers the rest as stale; so it does no
    harm when nothing was lost, or when it is run twice. One that was stopped is gone on with by --after.
    """
    if (tenant is None) != everyone or (after is not None and tenant is None):
        raise click.UsageError("Give either --tenant CODE (and --after, if you like) or --all.")
    settings = operator.operator_settings(DataDir(data_dir))
    done: list[Republished] = []
    last: UUID | None = None
    with Progress(console=Console(stderr=True), disable=as_json, transient=True) as bar:
        task = bar.add_task("Patients", total=None)

        def show(so_far: Republished) -> None:
            nonlocal last
            last = so_far.last
            bar.update(task, description=so_far.tenant_code, total=so_far.total, completed=so_far.patients)

        try:
            for each in republish_hospitals(settings, only=tenant, after=after, progress=show):
                done.append(each)
                if not as_json:
                    click.echo(_republished(each))
        except KeyboardInterrupt:
            if tenant is not None and last is not None:
                click.echo(f"Go on with: sokham sync republish --tenant {tenant} --after {last}", err=True)
            raise
    if as_json:
        click.echo(json.dumps({"items": [asdict(each) for each in done]}, indent=2, default=str))
    if failed := [each.tenant_code for each in done if each.error]:
        raise CommandFailed(f"{len(failed)} of {len(done)} not republished whole: {', '.join(failed)}")


def _republished(each: Republished) -> str:
    said = f"{each.tenant_code}: {each.events} events for {each.patients} patients"
    if each.error is None:
        return said
    behind = f"; go on with --after {each.last}" if each.last else ""
    return f"{said}, then {each.said or each.error}{behind}"
