"""What the commands about central's side of the synchronisation share."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from central.sync.public import Decision, RedisDoorbell, decide
from kernel.database.unit_of_work import UnitOfWork
from kernel.errors import NotFound
from kernel.settings import Settings
from manage import operator
from manage.data_dir import DataDir
from manage.errors import CommandFailed
from manage.wiring.sources import helpful_redis


@contextmanager
def central(data_dir: Path) -> Iterator[tuple[Settings, UnitOfWork]]:
    """The settings, and a transaction in central's database."""
    settings = operator.operator_settings(DataDir(data_dir))
    database = operator.console_database(settings)
    try:
        with database.unit_of_work() as uow:
            yield settings, uow
    finally:
        database.dispose()


def decide_about(data_dir: Path, dead_letter: UUID, decision: Decision) -> None:
    """Leave a decision for the hospital's worker. Raises CommandFailed for a dead letter that there is not."""
    with central(data_dir) as (settings, uow):
        try:
            tenant = decide(uow=uow, actor=None, dead_letter=dead_letter, decision=decision)
        except NotFound as err:
            raise CommandFailed(f"There is no dead letter {dead_letter}.") from err
        uow.commit()
        redis = helpful_redis(settings)
        if redis is not None:
            RedisDoorbell(redis).ring(tenant, changes=True)
    click.echo(f"{decision} was asked of the hospital's worker.")


def as_text(value: Any) -> str:
    """An identifier or a time as the answers show it."""
    if value is None:
        return ""
    return str(value.isoformat(timespec="seconds")) if hasattr(value, "isoformat") else str(value)
