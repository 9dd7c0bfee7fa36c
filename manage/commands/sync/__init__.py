"""Synchronisation: run the worker, see how it stands, decide about dead letters, publish patients again."""

import click

from manage.cli import LazyGroup


@click.group(cls=LazyGroup, package=__name__)
def sync() -> None:
    """Synchronisation: run the worker, see how it stands, decide about dead letters, publish patients again."""
