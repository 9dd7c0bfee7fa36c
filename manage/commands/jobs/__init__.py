"""The jobs: run them, and see when each ran and how it went."""

import click

from manage.cli import LazyGroup


@click.group(cls=LazyGroup, package=__name__)
def jobs() -> None:
    """The jobs: run them, and see when each ran and how it went."""
