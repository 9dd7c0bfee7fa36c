"""Events that were given up, the latest failure first."""

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from central.sync.public import DEAD_STATES, DeadLetterView, listed
from manage.cli import data_dir_option, json_option
from manage.commands.sync._central import as_text, central


@click.command()
@click.option("--state", type=click.Choice(DEAD_STATES), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@json_option
@data_dir_option
def dead_letters(state: str | None, limit: int, as_json: bool, data_dir: Path) -> None:
    """Events that were given up, the latest failure first."""
    with central(data_dir) as (_, uow):
        items, _more = listed(uow=uow, limit=limit, cursor=None, state=state)
    if as_json:
        click.echo(json.dumps({"items": [_shown(item) for item in items]}, indent=2))
        return
    table = Table("Id", "Hospital", "Event", "Reason", "Attempts", "Last failed", "State", box=None)
    for item in items:
        table.add_row(
            str(item.id),
            item.tenant_code,
            item.event_type,
            item.reason,
            str(item.attempts),
            as_text(item.last_failed_at),
            item.state,
        )
    Console().print(table)


def _shown(item: DeadLetterView) -> dict[str, Any]:
    return {
        name: value if isinstance(value, int | str | None) else as_text(value) for name, value in item._asdict().items()
    }
