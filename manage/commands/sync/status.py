"""How each hospital's synchronisation stands, as central knows it."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from central.sync.public import standing
from manage.cli import data_dir_option, json_option
from manage.commands.sync._central import as_text, central


@click.command()
@json_option
@data_dir_option
def status(as_json: bool, data_dir: Path) -> None:
    """How each hospital's synchronisation stands, as central knows it."""
    with central(data_dir) as (_, uow):
        rows = standing(uow=uow)
    shown = [
        {
            "tenant_code": row.tenant_code,
            "status": row.status,
            "backlog": row.backlog,
            "oldest_pending_at": as_text(row.oldest_pending_at),
            "last_success_at": as_text(row.last_success_at),
            "dead_letters": row.dead_letters,
        }
        for row in rows
    ]
    if as_json:
        click.echo(json.dumps({"items": shown}, indent=2))
        return
    table = Table("Hospital", "Status", "Backlog", "Oldest", "Last push", "Dead letters", box=None)
    for row in shown:
        table.add_row(*(str(value) if value is not None else "" for value in row.values()))
    Console().print(table)
