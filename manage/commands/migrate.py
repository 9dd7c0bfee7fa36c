"""Migrations: central's database, the hospitals' databases, and where each stands."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from manage import operator, provisioning
from manage.cli import data_dir_option, json_option
from manage.data_dir import DataDir
from manage.fleet import Standing, migrate_hospitals, standings
from migrations import runner
from migrations.fleet import Result


@click.group()
def migrate() -> None:
    """Migrations: central's database, the hospitals' databases, and where each stands."""


@migrate.command()
@json_option
@data_dir_option
def central(as_json: bool, data_dir: Path) -> None:
    """Bring central's database to the head."""
    settings = operator.operator_settings(DataDir(data_dir))
    outcome = runner.upgrade(operator.owner_parameters(settings), "central")
    if as_json:
        click.echo(json.dumps({"before": outcome.before, "after": outcome.after}))
    else:
        click.echo(f"central: {outcome.before or 'empty'} → {outcome.after}" if outcome.changed else "central: at head")


@migrate.command()
@click.option("--only", multiple=True, metavar="CODE", help="Only this hospital; may be given several times.")
@click.option("--parallel", type=click.IntRange(1, 64), default=2, show_default=True, help="How many at a time.")
@json_option
@data_dir_option
def tenants(only: tuple[str, ...], parallel: int, as_json: bool, data_dir: Path) -> None:
    """Bring the hospitals' databases, and the template for new ones, to the head.

    A hospital that fails stops no other; it is named, and the exit code is 1. Run it again to go on.
    """
    settings = operator.operator_settings(DataDir(data_dir))
    results: list[Result] = []
    with Progress(console=Console(stderr=True), disable=as_json, transient=True) as progress:
        task = progress.add_task("Hospitals", total=None)
        for result in migrate_hospitals(settings, only=only, parallel=parallel):
            results.append(result)
            progress.update(task, advance=1, description=result.tenant_code)
    provisioning.ensure_template(settings)
    failed = sorted(result.tenant_code for result in results if result.error)
    if as_json:
        items = [
            {"tenant_code": r.tenant_code, "before": r.before, "after": r.after, "error": r.error}
            for r in sorted(results, key=lambda r: r.tenant_code)
        ]
        click.echo(json.dumps({"items": items, "failed": failed}, indent=2))
    else:
        for result in sorted(results, key=lambda r: r.tenant_code):
            said = f"failed ({result.error})" if result.error else f"{result.before or 'empty'} → {result.after}"
            click.echo(f"{result.tenant_code}: {said}")
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(results)} not migrated: {', '.join(failed)}")


@migrate.command()
@json_option
@data_dir_option
def status(as_json: bool, data_dir: Path) -> None:
    """Where central and each hospital stand, against the head in the code."""
    settings = operator.operator_settings(DataDir(data_dir))
    central_at = runner.current(operator.owner_parameters(settings), "central")
    central_head, tenant_head = runner.head("central"), runner.head("tenant")
    rows = standings(settings)
    if as_json:
        items = [{"tenant_code": r.tenant_code, "revision": r.revision, "error": r.error} for r in rows]
        shown = {
            "central": {"revision": central_at, "head": central_head},
            "tenants": {"head": tenant_head, "items": items},
        }
        click.echo(json.dumps(shown, indent=2))
        return
    table = Table("Database", "Stands at", "Head", "", box=None)
    for row in (Standing(tenant_code="central", revision=central_at), *rows):
        newest = central_head if row.tenant_code == "central" else tenant_head
        table.add_row(row.tenant_code, row.revision or "", newest, row.error or _said(row.revision, newest))
    Console().print(table)


def _said(revision: str | None, newest: str) -> str:
    return "" if revision == newest else "behind"
