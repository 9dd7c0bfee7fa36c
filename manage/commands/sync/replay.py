"""Have the hospital's worker push a dead letter again."""

from pathlib import Path
from uuid import UUID

import click

from manage.cli import data_dir_option
from manage.commands.sync._central import decide_about


@click.command()
@click.argument("dead_letter", metavar="ID", type=click.UUID)
@data_dir_option
def replay(dead_letter: UUID, data_dir: Path) -> None:
    """Have the hospital's worker push a dead letter again."""
    decide_about(data_dir, dead_letter, "replay")
